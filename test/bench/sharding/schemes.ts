// Ways to spread clients over instances by a hash of 32 bits: ours, and those that it is measured against. Pure.

import { mixHash } from '../../../src/domain/balance/client-hash.ts';
import { jhash } from '../../../src/domain/jhash.ts';
import { slotTable } from '../../../src/domain/maglev.ts';

/** Who is there: members 1 … count, but for one that is absent. */
export interface Members {
  readonly count: number;
  readonly absent?: number;
}

export interface Built {
  memberOf(hash: number): number;
  /** Of what is kept to answer. */
  readonly bytes: number;
}

export interface Scheme {
  readonly name: string;
  build(members: Members): Built;
}

const present = ({ count, absent }: Members): number[] =>
  Array.from({ length: count }, (_, i) => i + 1).filter((member) => member !== absent);

const bytesOf = (member: number): number[] => [member & 0xff, member >>> 8];

/** As the kernel's reciprocal_scale, and as `slotOfBytes`. */
function tableAnswers(table: Uint16Array): Built {
  const { length } = table;
  return { memberOf: (hash) => table[Math.floor((hash * length) / 2 ** 32)]!, bytes: table.byteLength };
}

export function ours(size: number): Scheme {
  return {
    name: `Sluice, ${size.toLocaleString('en')} slots`,
    build: ({ count, absent }) =>
      tableAnswers(slotTable(count, size, new Set(absent === undefined ? [] : [absent]))),
  };
}

/** The paper's filling (Eisenbud et al., NSDI 2016, listing 1): in turn each takes the next free slot that it prefers. */
export function plainMaglev(size: number): Scheme {
  return {
    name: `Maglev, ${size.toLocaleString('en')} slots`,
    build(members) {
      const table = new Uint16Array(size);
      const each = present(members).map((member) => ({
        member,
        slot: jhash(bytesOf(member), 1) % size,
        skip: (jhash(bytesOf(member), 2) % (size - 1)) + 1,
      }));
      for (let filled = 0; ; ) {
        for (const one of each) {
          while (table[one.slot] !== 0) one.slot = (one.slot + one.skip) % size;
          table[one.slot] = one.member;
          filled += 1;
          if (filled === size) return tableAnswers(table);
        }
      }
    },
  };
}

/** Karger et al. 1997: each client goes to the next point on the ring. */
export function ring(points: number): Scheme {
  return {
    name: `ring, ${points} points each`,
    build(members) {
      const all = present(members).flatMap((member) =>
        Array.from({ length: points }, (_, i) => ({
          at: jhash([...bytesOf(member), i & 0xff, i >>> 8], 3),
          member,
        })),
      );
      all.sort((a, b) => a.at - b.at);
      const at = Uint32Array.from(all, (point) => point.at);
      const owner = Uint16Array.from(all, ({ member }) => member);
      return {
        memberOf(hash) {
          let low = 0;
          let high = at.length;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if (at[middle]! < hash) low = middle + 1;
            else high = middle;
          }
          return owner[low === at.length ? 0 : low]!;
        },
        bytes: at.byteLength + owner.byteLength,
      };
    },
  };
}

/** Thaler and Ravishankar 1998: every member bids for every client. */
export const rendezvous: Scheme = {
  name: 'rendezvous',
  build(members) {
    const all = Uint16Array.from(present(members));
    const seeds = Int32Array.from(all, (member) => mixHash(member));
    return {
      memberOf(hash) {
        let most = -1;
        let best = 0;
        for (let i = 0; i < seeds.length; i += 1) {
          const bid = mixHash(hash ^ seeds[i]!);
          if (bid <= most) continue;
          most = bid;
          best = i;
        }
        return all[best]!;
      },
      bytes: all.byteLength + seeds.byteLength,
    };
  },
};

export const modulo: Scheme = {
  name: 'modulo',
  build(members) {
    const all = Uint16Array.from(present(members));
    return { memberOf: (hash) => all[hash % all.length]!, bytes: all.byteLength };
  },
};
