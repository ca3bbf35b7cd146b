import { describe, expect, it } from 'vitest';
import { createTails } from '../../../src/engine/embedded/tails.ts';
import { sampleRecord } from '../../proxy/sample-record.ts';
import { createStillClock } from './still-clock.ts';

function setUp() {
  const clock = createStillClock();
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
