import { describe, expect, it } from 'vitest';
import { slotOfClient, slotTable } from '../../../src/domain/maglev.ts';
import { createShardSteering } from '../../../src/engine/embedded/shard-steering.ts';

const tableSize = 251;
const steering = (instances: number, ipv6Prefix: 64 | 128 = 128) =>
  createShardSteering({ shard: 'default', instances, tableSize, ipv6Prefix });
const clients = Array.from({ length: 200 }, (_, i) => `10.0.${i}.7`);

describe('who gets a client', () => {
  it('is as the table of slots says', () => {
    const table = slotTable(4, tableSize);
    for (const client of clients)
      expect(steering(4).memberOf(client)).toBe(table[slotOfClient(client, tableSize, 128)!]);
  });

  it.each([
    [64, '2001:db8::1', '2001:db8::ffff:1', true],
    [128, '2001:db8::1', '2001:db8::ffff:1', false],
    [128, '::ffff:10.0.0.7', '10.0.0.7', true],
    [128, 'fe80::1%eth0', 'fe80::1', true],
  ] as const)('by /%i: %s and %s the same? %s', (prefix, one, other, same) => {
    // With as many instances as there are slots, each slot has its own.
    const spread = steering(tableSize, prefix);
    expect(spread.memberOf(one) === spread.memberOf(other)).toBe(same);
  });

  it('is each in turn where a client has no address', () => {
    const spread = steering(3);
    expect([1, 2, 3, 4].map(() => spread.memberOf(undefined))).toEqual([1, 2, 3, 1]);
    expect(spread.substituteOf(undefined, new Set([2]))).toBe(3);
    expect(spread.substituteOf(undefined, new Set([2, 3]))).toBe(1);
  });

  it('is another for clients of one that is absent, and for no others', () => {
    const spread = steering(3);
    for (const client of clients) {
      const member = spread.memberOf(client);
      const substitute = spread.substituteOf(client, new Set([2]));
      expect(substitute).not.toBe(2);
      if (member !== 2) expect(substitute).toBe(member);
    }
  });

  it('is nobody where all are absent', () => {
    for (const client of ['10.0.0.1', undefined])
      expect(steering(2).substituteOf(client, new Set([1, 2]))).toBeUndefined();
  });
});
