// How many places of a listener one remote address holds: nobody may keep the others out by taking them all.

import { parseIp } from '../../domain/ip.ts';

export interface DoorShares {
  /** Takes one more place; undefined where the address has its share already. Giving it back twice does nothing. */
  take(address: string | undefined): (() => void) | undefined;
  readonly each: number;
}

/** Whoever has one IPv6 address has the 2^64 beside it as well. */
const bytesOfNetwork = 8;

/** A quarter of `places` to each address. */
export function createDoorShares(places: number): DoorShares {
  const each = Math.max(1, Math.floor(places / 4));
  const held = new Map<string, number>();
  return {
    each,
    take(address) {
      const ip = parseIp(address ?? '');
      const holder = ip ? ip.slice(0, ip.length === 16 ? bytesOfNetwork : 4).join('.') : 'unknown';
      const count = held.get(holder) ?? 0;
      if (count >= each) return undefined;
      held.set(holder, count + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        const left = held.get(holder)! - 1;
        if (left > 0) held.set(holder, left);
        else held.delete(holder);
      };
    },
  };
}
