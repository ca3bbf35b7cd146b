// A million clients, as hashes of their addresses: what every scheme starts from.

import type { IpBytes } from '../../../src/domain/ip.ts';
import { jhash } from '../../../src/domain/jhash.ts';
import { steeringSeed } from '../../../src/domain/maglev.ts';

export const clientCount = 1_000_000;

export interface Population {
  readonly name: string;
  /** One for each client. */
  readonly hashes: Uint32Array;
}

function hashed(name: string, count: number, addressOf: (i: number) => IpBytes): Population {
  return { name, hashes: Uint32Array.from({ length: count }, (_, i) => jhash(addressOf(i), steeringSeed)) };
}

const bytes = (word: number): number[] => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
/** Any numbers that have nothing to do with the steering's. */
const word = (i: number, seed: number): number => jhash(bytes(i), seed);

export function populations(): Population[] {
  return [
    hashed('IPv4, random', clientCount, (i) => bytes(word(i, 11))),
    // All that a /16 holds: neighbours, as behind one provider.
    hashed('IPv4, one whole /16', 65_536, (i) => [10, 1, i >> 8, i & 255]),
    hashed('IPv4, a million in a row', clientCount, (i) => bytes(0x0a_00_00_00 + i)),
    hashed('IPv6', clientCount, (i) => [
      0x20,
      0x01,
      0x0d,
      0xb8,
      ...bytes(word(i, 12)),
      ...bytes(word(i, 13)),
      ...bytes(word(i, 14)),
    ]),
  ];
}
