import { describe, expect, it } from 'vitest';
import { createConnectionWatches } from '../../../src/engine/embedded/connection-watches.ts';
import type { InstanceWindow } from '../../../src/engine/embedded/messages.ts';
import type { ConnectionQuery } from '../../../src/engine/engine.ts';
import { ConnectionTable } from '../../../src/proxy/connection-table.ts';
import { LiveConnection } from '../../../src/proxy/live-connection.ts';
import { createStillClock } from './still-clock.ts';

const query: ConnectionQuery = {
  filter: '',
  order: { by: 'age', descending: true },
  offset: 0,
  limit: 10,
  ended: false,
};

function setUp(work = () => {}) {
  const clock = createStillClock();
  const table = new ConnectionTable(undefined, clock.mono);
  for (const serial of [1, 2, 3])
    table.add(
      new LiveConnection(serial, `10.0.0.${serial}:4000`, 'web', 'http', clock.now(), clock.mono(), () => {}),
    );
  const sent: [number, number, InstanceWindow][] = [];
  const watches = createConnectionWatches({
    table,
    life: 'x',
    clock,
    send(watch, turn, window) {
      work();
      return sent.push([watch, turn, window]) > 0;
    },
  });
  return { clock, sent, watches };
}

describe('connection watches', () => {
  it('send a window at once, then twice a second', () => {
    const { clock, sent, watches } = setUp();
    watches.set(1, 7, query);
    expect(sent).toMatchObject([[1, 7, { at: 1_000, total: 3, matched: 3 }]]);
    clock.pass(2_000);
    expect(sent).toHaveLength(5);
  });

  it('turn to another query at once, but scan no more than ten times a second', () => {
    const { clock, sent, watches } = setUp();
    watches.set(1, 1, query);
    clock.pass(100);
    watches.set(1, 2, { ...query, filter: 'client=10.0.0.0/31' });
    expect(sent.at(-1)).toMatchObject([1, 2, { total: 3, matched: 1, rows: [{ id: 'x-1' }] }]);
    for (let turn = 3; turn < 9; turn += 1) watches.set(1, turn, { ...query, limit: turn });
    expect(sent).toHaveLength(2);
    clock.pass(100);
    expect(sent).toHaveLength(3);
    expect(sent.at(-1)).toMatchObject([1, 8, { matched: 3 }]);
  });

  it('leave the loop to clients, however many watch and however long a scan takes', () => {
    const { clock, sent, watches } = setUp(() => clock.pass(20));
    for (let watch = 0; watch < 40; watch += 1) watches.set(watch, 1, query);
    expect(sent).toHaveLength(1);
    const before = clock.mono();
    while (clock.mono() < before + 10_000) clock.pass(10);
    // 20 ms for each, a fifth of ten seconds in all, and everybody's turn came.
    expect(sent.length).toBeLessThanOrEqual(102);
    expect(new Set(sent.map(([watch]) => watch)).size).toBe(40);
  });

  /** A thousand connections, of which each look at the clock shows 1 ms passed: 62 ms for a scan. */
  function slowScans() {
    const still = createStillClock();
    let looked = 0;
    const mono = () => still.mono() + looked++;
    let due: (() => void)[] = [];
    const after = (_: number, run: () => void) => {
      due.push(run);
      return () => {
        due = due.filter((each) => each !== run);
      };
    };
    const clock = { ...still, mono, after };
    const table = new ConnectionTable(undefined, clock.mono);
    for (let serial = 1; serial <= 1_000; serial += 1)
      table.add(new LiveConnection(serial, '10.0.0.1:4000', 'web', 'http', 0, 0, () => {}));
    const sent: [watch: number, turn: number][] = [];
    const watches = createConnectionWatches({
      table,
      life: 'x',
      clock,
      send: (watch, turn, { matched }) => matched === 1_000 && sent.push([watch, turn]) > 0,
    });
    return { sent, watches, clock, turnOfTheLoop: () => due.shift()?.(), waiting: () => due.length };
  }

  it('leave the loop to others within a scan, and go on in its next turns', () => {
    const { sent, watches, turnOfTheLoop, clock } = slowScans();
    let before = clock.mono();
    watches.set(1, 1, query);
    // A few milliseconds, and then it is somebody else's turn.
    expect(clock.mono() - before).toBeLessThan(12);
    expect(sent).toEqual([]);
    let turns = 0;
    for (; sent.length === 0; turns += 1) {
      before = clock.mono();
      turnOfTheLoop();
      expect(clock.mono() - before).toBeLessThan(12);
    }
    expect(turns).toBeGreaterThan(5);
    expect(sent).toEqual([[1, 1]]);
  });

  it('bring a scan to its end before they turn to another query or another watch', () => {
    const { sent, watches, turnOfTheLoop } = slowScans();
    watches.set(1, 1, query);
    turnOfTheLoop();
    watches.set(1, 2, query);
    watches.set(2, 7, query);
    turnOfTheLoop();
    watches.set(1, 3, query);
    for (let turns = 0; turns < 100; turns += 1) turnOfTheLoop();
    expect(sent[0]).toEqual([1, 1]);
    expect(sent.slice(1)).toContainEqual([1, 3]);
    expect(sent.slice(1)).toContainEqual([2, 7]);
  });

  it('leave off a scan that nobody waits for any more', () => {
    const { sent, watches, turnOfTheLoop, waiting } = slowScans();
    watches.set(1, 1, query);
    turnOfTheLoop();
    watches.delete(1);
    expect(waiting()).toBe(0);
    watches.set(2, 1, query);
    watches.clear();
    expect(waiting()).toBe(0);
    expect(sent).toEqual([]);
  });

  it('let the clock rest when nobody watches', () => {
    const { clock, watches } = setUp();
    watches.set(1, 1, query);
    watches.set(2, 1, query);
    watches.set(2, 2, query);
    watches.delete(1);
    expect(clock.pending).toBe(1);
    watches.delete(2);
    expect(clock.pending).toBe(0);
    watches.set(3, 1, query);
    watches.set(3, 2, query);
    watches.clear();
    expect(clock.pending).toBe(0);
  });
});
