import { describe, expect, it } from 'vitest';
import { jhash } from '../../src/domain/jhash.ts';
import { slotOfClient } from '../../src/domain/maglev.ts';
import { type HashedPart, kernelSlots, kernelSlotsFault } from '../support/kernel-slots.ts';

const fault = kernelSlotsFault();
const word = (i: number, seed: number) => jhash([i & 255, i >> 8], seed);
const group = (i: number, seed: number) => (word(i, seed) & 0xffff).toString(16);

/** All over the address space, but where packets go to many or nowhere. */
const ipv4 = Array.from({ length: 300 }, (_, i) => {
  const hash = word(i, 4);
  return [
    (hash % 126) + 1 + (hash % 2 === 0 ? 97 : 0),
    hash >>> 24,
    (hash >>> 16) & 255,
    (hash >>> 8) & 255,
  ].join('.');
}).filter((address) => !/^(127|224)\./.test(address));
const ipv6 = Array.from({ length: 300 }, (_, i) =>
  ['2001', ...[1, 2, 3, 4, 5, 6].map((seed) => group(i, seed)), group(i, 7)].join(':'),
);

describe.skipIf(fault !== undefined)(
  `slots of clients in the kernel${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    it.each<readonly [HashedPart, readonly string[], number, 64 | 128]>([
      ['ip saddr', ipv4, 65_537, 128],
      ['ip saddr', ipv4, 1_009, 128],
      ['ip6 saddr', ipv6, 65_537, 128],
      ['ip6 saddr', ipv6, 655_373, 128],
      ['ip6 saddr & ffff:ffff:ffff:ffff::', ipv6, 65_537, 64],
    ])('by `jhash %s` are those of our table', (part, addresses, size, prefix) => {
      const slots = kernelSlots(addresses, size, part);
      expect(slots.size).toBe(new Set(addresses).size);
      const ours = [...slots.keys()].map((address) => [address, slotOfClient(address, size, prefix)]);
      expect([...slots]).toEqual(ours);
    });
  },
);
