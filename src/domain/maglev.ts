// Which instance of a shard serves a client: a table of slots (Maglev, Eisenbud et al., NSDI 2016), asked by a hash of the
// client's address. One table for sockets handed over by the acceptor and for steering in the kernel.
//
// Maglev's own filling moves a few more slots than it must when a member comes or goes. Here each member takes its share
// from those before it, in the order of its own permutation: the table of N+1 is the table of N with the newcomer's slots
// cut out evenly, so exactly the newcomer's share moves, both ways, and counts differ by one slot at most.

import type { IpBytes } from './ip.ts';
import { parseIp } from './ip.ts';
import { jhash } from './jhash.ts';

/** Prime, so that every skip visits every slot. 65,537 slots: an instance's share is even to 0.1 % with 64 of them. */
export const defaultTableSize = 65_537;
/** Any fixed number; the same in nft's `jhash … seed`. */
export const steeringSeed = 0x51_1c_e0_01;

/** Slot → member, numbered from 1 (slot owners of "default/1" are 1). */
export type SlotTable = Uint16Array;

/**
 * @param count members 1 … count, at most 65,535
 * @param size a prime, at least `count`
 * @param absent members that cannot be had for now: their slots, and no others, go to those that are there, evenly
 * @throws RangeError where the size is no prime: then no order of slots would visit them all
 */
export function slotTable(
  count: number,
  size: number,
  absent: ReadonlySet<number> = new Set<number>(),
): SlotTable {
  if (!isPrime(size)) throw new RangeError(`a table of ${size} slots: their number has to be a prime`);
  const owners = new Uint16Array(size).fill(1);
  const counts = new Int32Array(count + 1);
  counts[1] = size;
  for (let member = 2; member <= count; member++) join(owners, counts, member);
  const present = Array.from({ length: count }, (_, i) => i + 1).filter((member) => !absent.has(member));
  if (present.length < count && present.length > 0) substitute(owners, present, absent);
  return owners;
}

export function isPrime(size: number): boolean {
  for (let divisor = 2; divisor * divisor <= size; divisor++) if (size % divisor === 0) return false;
  return Number.isInteger(size) && size > 1;
}

/** `member` takes its share, of each before it as much as that one has too many. */
function join(owners: SlotTable, counts: Int32Array, member: number): void {
  const size = owners.length;
  const least = Math.floor(size / member);
  const others = Array.from({ length: member - 1 }, (_, i) => i + 1);
  // As many as there is a remainder keep one slot more: those that have most.
  others.sort((a, b) => counts[b]! - counts[a]! || a - b);
  const keeps = new Int32Array(member);
  others.forEach((other, place) => {
    keeps[other] = least + (place < size % member ? 1 : 0);
  });
  let wanted = least;
  for (const slots = new Permutation(member, size); wanted > 0; ) {
    const slot = slots.next();
    const owner = owners[slot]!;
    if (counts[owner]! <= keeps[owner]!) continue;
    counts[owner]! -= 1;
    owners[slot] = member;
    wanted -= 1;
  }
  counts[member] = least;
}

/** Maglev's own filling, of the slots that lack their owner: in turn, each takes the next that it prefers. */
function substitute(owners: SlotTable, present: readonly number[], absent: ReadonlySet<number>): void {
  const lacking = new Uint8Array(owners.length);
  let orphans = 0;
  for (let slot = 0; slot < owners.length; slot++) {
    if (!absent.has(owners[slot]!)) continue;
    lacking[slot] = 1;
    orphans += 1;
  }
  const preferences = present.map((member) => ({ member, slots: new Permutation(member, owners.length) }));
  while (orphans > 0)
    for (const { member, slots } of preferences) {
      let slot = slots.next();
      while (lacking[slot] === 0) slot = slots.next();
      lacking[slot] = 0;
      owners[slot] = member;
      orphans -= 1;
      if (orphans === 0) return;
    }
}

/** Every slot, in the order in which a member likes them; then again from the beginning. */
class Permutation {
  readonly #size: number;
  readonly #skip: number;
  #slot: number;

  constructor(member: number, size: number) {
    const bytes = [member & 0xff, member >>> 8];
    this.#size = size;
    this.#skip = (jhash(bytes, 2) % (size - 1)) + 1;
    this.#slot = jhash(bytes, 1) % size;
  }

  next(): number {
    const slot = this.#slot;
    const following = slot + this.#skip;
    this.#slot = following < this.#size ? following : following - this.#size;
    return slot;
  }
}

/** How much of an IPv6 address is hashed: a household or a machine with privacy addresses has a /64. */
export type Ipv6Prefix = 64 | 128;

/**
 * The slot of a client, as `jhash ip saddr mod SIZE seed steeringSeed` of nftables gives it. IPv4 written as IPv6 is IPv4.
 * Undefined for who has no address: clients of a unix socket.
 */
export function slotOfClient(client: string, size: number, prefix: Ipv6Prefix): number | undefined {
  const bytes = parseIp(client);
  return bytes === undefined ? undefined : slotOfBytes(bytes, size, prefix);
}

export function slotOfBytes(bytes: IpBytes, size: number, prefix: Ipv6Prefix): number {
  const hashed = bytes.length === 16 && prefix === 64 ? bytes.map((byte, i) => (i < 8 ? byte : 0)) : bytes;
  // The kernel's reciprocal_scale: no division, and even where the size is no power of two.
  return Math.floor((jhash(hashed, steeringSeed) * size) / 2 ** 32);
}
