import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultTableSize,
  isPrime,
  type SlotTable,
  slotOfClient,
  slotTable,
} from '../../src/domain/maglev.ts';

const primes = [1_009, 2_003, 4_099, 65_537];

function counts(table: SlotTable, members: number): number[] {
  const of = new Array<number>(members + 1).fill(0);
  for (const owner of table) of[owner]! += 1;
  return of;
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
const slots = (table: SlotTable) => Array.from(table, (owner, slot) => ({ owner, slot }));

const size = fc.constantFrom(...primes.slice(0, 3));
const settings = { numRuns: 30 };

describe('the size of a table', () => {
  it('is a prime', () => {
    const small = Array.from({ length: 60 }, (_, i) => i).filter(isPrime);
    expect(small).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
    expect([defaultTableSize, ...primes, 65_539, 655_373].every(isPrime)).toBe(true);
    expect([65_536, 65_537 ** 2, 2.5, Number.NaN, -7].some(isPrime)).toBe(false);
  });

  it.each([0, 1, 1_000, 65_536])('is refused where it is %d', (each) => {
    expect(() => slotTable(2, each)).toThrow(/prime/);
  });
});

describe('a table of slots', () => {
  it('gives each member as many slots as any other, or one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), size, (members, of) => {
        const [nobody, ...each] = counts(slotTable(members, of), members);
        expect([nobody, spread(each) <= 1]).toEqual([0, true]);
      }),
      settings,
    );
  });

  it('is the same wherever it is made', () => {
    expect(slotTable(7, 1_009)).toEqual(slotTable(7, 1_009));
  });

  it('of one more member moves exactly that one’s share, to it; of one less, exactly that back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), size, (members, of) => {
        const [fewer, more] = [slotTable(members, of), slotTable(members + 1, of)];
        for (const { owner, slot } of slots(more)) if (owner !== members + 1) expect(fewer[slot]).toBe(owner);
        const moved = slots(more).filter(({ owner, slot }) => fewer[slot] !== owner).length;
        expect(moved).toBe(Math.floor(of / (members + 1)));
      }),
      settings,
    );
  });

  it('takes what a newcomer gets evenly from all', () => {
    const [fewer, more] = [slotTable(10, 65_537), slotTable(11, 65_537)];
    const taken = new Array<number>(10).fill(0);
    for (const { owner, slot } of slots(more)) if (owner === 11) taken[fewer[slot]! - 1]! += 1;
    expect(spread(taken)).toBeLessThanOrEqual(2);
  });

  it('without those that are absent moves their slots alone, evenly to the others', () => {
    const absences = fc
      .integer({ min: 2, max: 40 })
      .chain((members) =>
        fc.tuple(
          fc.constant(members),
          fc.uniqueArray(fc.integer({ min: 1, max: members }), { minLength: 1, maxLength: members - 1 }),
        ),
      );
    fc.assert(
      fc.property(absences, size, ([members, away], of) => {
        const absent = new Set(away);
        const [all, some] = [slotTable(members, of), slotTable(members, of, absent)];
        const substituted = new Array<number>(members + 1).fill(0);
        for (const { owner, slot } of slots(all))
          if (!absent.has(owner)) expect(some[slot]).toBe(owner);
          else substituted[some[slot]!]! += 1;
        expect(away.filter((member) => substituted[member]! > 0)).toEqual([]);
        const taken = substituted.filter((_, member) => member > 0 && !absent.has(member));
        expect(spread(taken)).toBeLessThanOrEqual(1);
        // Whoever is back finds its slots as they were: nothing is remembered.
        expect(slotTable(members, of, new Set())).toEqual(all);
      }),
      settings,
    );
  });

  it('does not ask in which order members went', () => {
    expect(slotTable(9, 2_003, new Set([7, 2, 5]))).toEqual(slotTable(9, 2_003, new Set([5, 7, 2])));
  });

  it('without anybody is the whole one: there is nobody to give a slot to', () => {
    expect(slotTable(2, 1_009, new Set([1, 2]))).toEqual(slotTable(2, 1_009));
  });

  it('goes as far as a member for each slot', () => {
    const [, ...each] = counts(slotTable(1_009, 1_009), 1_009);
    expect(each.every((count) => count === 1)).toBe(true);
  });
});

describe('the slot of a client', () => {
  const slot = (address: string, prefix: 64 | 128 = 128) => slotOfClient(address, defaultTableSize, prefix);

  it('is none for who has no address', () => {
    expect([slot(''), slot('unix:'), slot('10.0.0.256')]).toEqual([undefined, undefined, undefined]);
  });

  it('is one, however the address is written', () => {
    expect(slot('::ffff:10.0.0.1')).toBe(slot('10.0.0.1'));
    expect(slot('2001:DB8:0:0::7')).toBe(slot('2001:db8::7'));
    expect(slot('fe80::1%eth0')).toBe(slot('fe80::1'));
  });

  it('is that of the network where /64 is asked for, of IPv6 alone', () => {
    expect(slot('2001:db8::7', 64)).toBe(slot('2001:db8::ffff:1', 64));
    expect(slot('2001:db8::7', 64)).not.toBe(slot('2001:db8:0:1::7', 64));
    expect(slot('2001:db8::7')).not.toBe(slot('2001:db8::8'));
    expect(slot('10.0.0.1', 64)).toBe(slot('10.0.0.1', 128));
  });

  it('is always in the table', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), size, fc.constantFrom(64, 128), (v4, v6, of, prefix) => {
        for (const address of [v4, v6]) {
          const found = slotOfClient(address, of, prefix)!;
          expect(Number.isInteger(found) && found >= 0 && found < of).toBe(true);
        }
      }),
    );
  });

  it('spreads neighbours as evenly as chance would', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 65_536; i += 1) {
      const at = slotOfClient(`10.1.${i >> 8}.${i & 255}`, defaultTableSize, 128)!;
      buckets[Math.floor((at * 16) / defaultTableSize)]! += 1;
    }
    // Chi-square with 15 degrees of freedom: beyond 44 once in ten thousand.
    const expected = 65_536 / 16;
    const chi = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(44);
  });
});
