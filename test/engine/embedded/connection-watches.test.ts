import { describe, expect, it } from 'vitest';
import { createConnectionWatches } from '../../../src/engine/embedded/connection-watches.ts';
import type { ConnectionQuery, ConnectionWindow } from '../../../src/engine/engine.ts';
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

function setUp() {
  const clock = createStillClock();
  const table = new ConnectionTable(undefined, clock.mono);
  for (const serial of [1, 2, 3])
    table.add(
      new LiveConnection(serial, `10.0.0.${serial}:4000`, 'web', 'http', clock.now(), clock.mono(), () => {}),
    );
  const sent: [number, ConnectionWindow][] = [];
  const watches = createConnectionWatches({
    table,
    life: 'x',
    clock,
    send: (watch, window) => sent.push([watch, window]) > 0,
  });
  return { clock, sent, watches };
}

describe('connection watches', () => {
  it('send a window at once, then twice a second', () => {
    const { clock, sent, watches } = setUp();
    watches.set(1, query);
    expect(sent).toMatchObject([[1, { at: 1_000, total: 3, matched: 3 }]]);
    clock.pass(2_000);
    expect(sent).toHaveLength(5);
  });

  it('turn to another query at once, in the same watch', () => {
    const { sent, watches } = setUp();
    watches.set(1, query);
    watches.set(1, { ...query, filter: 'client=10.0.0.0/31' });
    expect(sent.at(-1)).toMatchObject([1, { total: 3, matched: 1, rows: [{ id: 'x-1' }] }]);
  });

  it('let the clock rest when nobody watches', () => {
    const { clock, watches } = setUp();
    watches.set(1, query);
    watches.set(2, query);
    watches.delete(1);
    expect(clock.pending).toBe(1);
    watches.delete(2);
    expect(clock.pending).toBe(0);
    watches.set(3, query);
    watches.clear();
    expect(clock.pending).toBe(0);
  });
});
