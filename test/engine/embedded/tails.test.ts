import { describe, expect, it } from 'vitest';
import { createTails } from '../../../src/engine/embedded/tails.ts';
import { sampleRecord } from '../../proxy/sample-record.ts';
import { createStillClock } from './still-clock.ts';

/** Looking at it takes so long each time. */
function setUp(lookMs = 0) {
  const still = createStillClock();
  let looked = 0;
  const clock = {
    ...still,
    mono() {
      looked += lookMs;
      return still.mono() + looked;
    },
    get pending() {
      return still.pending;
    },
  };
  const sent: { tail: number; count: number; dropped: number }[] = [];
  const slow = { now: false };
  const tails = createTails({
    clock,
    send(tail, records, dropped) {
      if (slow.now) return false;
      sent.push({ tail, count: records.length, dropped });
      return true;
    },
  });
  return { clock, sent, slow, tails };
}

describe('tails', () => {
  it('send what matches, a batch at a time, and nothing where nothing came', () => {
    const { clock, sent, tails } = setUp();
    tails.add(1, 'status=200');
    tails.add(2, 'status=500');
    tails.record(sampleRecord);
    tails.record(sampleRecord);
    expect(sent).toEqual([]);
    clock.pass(1_000);
    expect(sent).toEqual([{ tail: 1, count: 2, dropped: 0 }]);
  });

  it('match by the names of a connection, and by how long the stream took', () => {
    const { clock, sent, tails } = setUp();
    tails.add(1, 'server=static/srv1 path~index total>100ms phase=ended');
    tails.add(2, 'total>110ms');
    tails.record(sampleRecord);
    clock.pass(100);
    expect(sent).toEqual([{ tail: 1, count: 1, dropped: 0 }]);
  });

  it('drop and count what is too much for a batch', () => {
    const { clock, sent, tails } = setUp();
    tails.add(1, '');
    for (let i = 0; i < 700; i += 1) tails.record(sampleRecord);
    clock.pass(100);
    tails.record(sampleRecord);
    clock.pass(100);
    expect(sent).toEqual([
      { tail: 1, count: 500, dropped: 200 },
      { tail: 1, count: 1, dropped: 0 },
    ]);
  });

  it('count what a slow runtime could not be sent', () => {
    const { clock, sent, slow, tails } = setUp();
    tails.add(1, '');
    slow.now = true;
    tails.record(sampleRecord);
    clock.pass(100);
    slow.now = false;
    clock.pass(100);
    expect(sent).toEqual([{ tail: 1, count: 0, dropped: 1 }]);
  });

  it('take at most a fifth of the loop, take turns, and count what they could not look at', () => {
    // Filters of 1 ms each, forty of them, and a stream that ends each 10 ms: forty times what there is time for.
    const { clock, sent, tails } = setUp(1);
    for (let tail = 0; tail < 40; tail += 1) tails.add(tail, '');
    const ends = 1_000;
    const start = clock.mono();
    for (let end = 0; end < ends; end += 1) {
      tails.record(sampleRecord);
      clock.pass(10);
    }
    clock.pass(100);
    const all = Array.from({ length: 40 }, (_, tail) => sent.filter((batch) => batch.tail === tail));
    const sum = (of: readonly { count: number; dropped: number }[]) => ({
      seen: of.reduce((total, { count }) => total + count, 0),
      dropped: of.reduce((total, { dropped }) => total + dropped, 0),
    });
    const seen = all.map((of) => sum(of).seen);
    // A fifth of what passed, and what was saved up.
    expect(seen.reduce((total, each) => total + each)).toBeLessThanOrEqual((clock.mono() - start) / 5 + 10);
    expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(10);
    expect(Math.min(...seen)).toBeGreaterThan(0);
    for (const of of all) expect(sum(of).seen + sum(of).dropped).toBe(ends);
  });

  it('owe a new tail nothing of what came before it', () => {
    const { clock, sent, tails } = setUp(11);
    tails.add(1, '');
    for (let end = 0; end < 5; end += 1) tails.record(sampleRecord);
    tails.add(2, '');
    clock.pass(100);
    expect(sent.map(({ tail }) => tail)).toEqual([1]);
    expect(sent[0]!.dropped).toBeGreaterThan(0);
  });

  it('let the clock rest when nobody listens', () => {
    const { clock, tails } = setUp();
    tails.add(1, '');
    tails.add(2, '');
    tails.delete(1);
    expect(clock.pending).toBe(1);
    tails.delete(2);
    expect(clock.pending).toBe(0);
    expect(tails.size).toBe(0);
  });
});
