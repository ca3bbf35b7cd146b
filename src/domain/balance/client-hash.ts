// A client's address as a number to balance by: the same for every way to write it, evenly spread over 32 bits.

import { parseIp } from '../ip.ts';

/** murmur3's finaliser: each bit of the input changes each bit of the result with probability one half. Unsigned. */
export function mixHash(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * IPv4, IPv6 (compressed or not, any case, with or without a zone) and IPv4 written as IPv6 ("::ffff:10.0.0.1") hash by
 * their bytes; anything else, such as "" for a unix socket, by its characters.
 */
export function hashClient(address: string): number {
  const bytes = parseIp(address) ?? Array.from(address, (character) => character.codePointAt(0)!);
  let hash = bytes.length;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) ^ (hash >>> 15);
  return mixHash(hash);
}
