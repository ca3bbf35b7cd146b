import { describe, expect, it } from 'vitest';
import { type Rated, ratedAt, ratesOf } from '../../../src/runtime/kernel/ruleset-rates.ts';
import { counterOf, ruleOf, tableOf } from './rulesets.ts';

const count = (packets: number, bytes: number) => ({ packets, bytes });

describe('rates of counters', () => {
  it('are known from the second reading on, a second', () => {
    const first = ratedAt(undefined, count(100, 5_000), 10_000);
    expect(first).toMatchObject({ packetRate: null, byteRate: null, packets: 100 });
    expect(ratedAt(first, count(150, 9_000), 12_000)).toMatchObject({ packetRate: 25, byteRate: 2_000 });
  });

  it('are neither negative nor a spike after a reset', () => {
    let rated = ratedAt(undefined, count(1_000, 1_000), 0);
    rated = ratedAt(rated, count(3, 40), 1_000);
    expect(rated).toMatchObject({ packets: 3, packetRate: null, byteRate: null });
    rated = ratedAt(rated, count(5, 60), 2_000);
    expect(rated).toMatchObject({ packetRate: 2, byteRate: 20 });
    // Packets had been more again by then, bytes had not.
    expect(ratedAt(rated, count(9, 10), 3_000).packetRate).toBeNull();
  });

  it('go on over readings that follow too soon, and notice a reset between them', () => {
    const first = ratedAt(undefined, count(0, 0), 0);
    const second = ratedAt(first, count(100, 100), 1_000);
    const soon = ratedAt(second, count(101, 101), 1_050);
    expect(soon).toMatchObject({ packets: 101, packetRate: 100 });
    expect(ratedAt(soon, count(200, 200), 2_000)).toMatchObject({ packetRate: 100 });
    expect(ratedAt(soon, count(100, 100), 1_100)).toMatchObject({ packets: 100, packetRate: null });
  });

  it('are none over a time in which nobody looked', () => {
    const first = ratedAt(undefined, count(0, 0), 0);
    expect(ratedAt(first, count(1_000_000, 1_000_000), 600_000).packetRate).toBeNull();
  });

  it('begin anew for what was made anew under its old name, and forget what went', () => {
    const before = new Map<string, Rated>();
    const read = (
      tableHandle: number,
      ruleHandle: number,
      packets: number,
      known: typeof before,
      at: number,
    ) =>
      ratesOf(
        known,
        [[tableOf({ handle: tableHandle }), ruleOf(ruleHandle, { counter: count(packets, packets) })]],
        at,
      );
    const first = read(1, 5, 10, before, 0);
    const second = read(1, 5, 20, first, 1_000);
    expect([...second.values()][0]).toMatchObject({ packetRate: 10 });
    // Counts more than the one before it: it would look like traffic.
    const anewRule = read(1, 6, 9_000, second, 2_000);
    expect([...anewRule]).toEqual([['1/6', expect.objectContaining({ packetRate: null, packets: 9_000 })]]);
    expect([...read(2, 6, 99_000, anewRule, 3_000).values()]).toMatchObject([{ packetRate: null }]);
  });

  it('are of rules with a counter, and of named counters', () => {
    const table = tableOf({ handle: 3 });
    const rates = ratesOf(
      new Map(),
      [
        [table, ruleOf(1)],
        [table, ruleOf(2, { counter: count(1, 1) })],
        [table, counterOf('web', 3, count(2, 2))],
      ],
      0,
    );
    expect([...rates.keys()]).toEqual(['3/2', '3/3']);
  });
});
