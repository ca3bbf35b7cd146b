// Steering of clients to instances by the kernel: a packet that opens a connection to a bind goes to the private port of the
// instance that owns the slot of its client's address. The table of slots is that of domain/maglev.ts, and so is the hash.
// Rules are in nat chains alone: established connections pay nothing, and keep their instance whatever becomes of a rule.

import { parseIp } from '../../../domain/ip.ts';
import { type Ipv6Prefix, slotTable, steeringSeed } from '../../../domain/maglev.ts';
import type { Expression, Json } from '../../json.ts';
import { commentOf } from '../object-name.ts';
import { noPart, type TablePart, type WishedChain, type WishedRule } from '../table-part.ts';
import { opening } from './opening.ts';

export interface SteerWish {
  readonly binds: readonly SteeredBind[];
  /** Other addresses of the plan: a wildcard bind of the same port leaves them alone. */
  readonly others: readonly { readonly host: string; readonly port: number }[];
}

export interface SteeredBind {
  readonly shard: string;
  readonly bind: string;
  /** An address, or "0.0.0.0", or "::", which is IPv4's as well. */
  readonly host: string;
  /** Really listened on. */
  readonly port: number;
  /** In the table. */
  readonly instances: number;
  readonly tableSize: number;
  readonly ipv6Prefix: Ipv6Prefix;
  /** By instance number. Who is not there lends its slots. */
  readonly privatePorts: ReadonlyMap<number, number>;
}

type Family = 'ip' | 'ip6';

/**
 * Steers nobody anew. Without any rule for connections to be tracked by, the kernel would not translate those that it steered
 * before any more: they would be reset.
 */
export const restingPart: TablePart = {
  counters: [],
  sets: [],
  chains: (['prerouting', 'output'] as const).map((hook) =>
    entrance(hook, [
      {
        comment: 'connections that were steered keep their instance',
        expressions: [
          { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
          { return: null },
        ],
      },
    ]),
  ),
};

/** Of a bind without any private port there is no rule: its clients are handed over. */
export function steerPart({ binds, others }: SteerWish): TablePart {
  const steered = binds.filter(({ privatePorts }) => privatePorts.size > 0);
  if (steered.length === 0) return noPart;
  const ways = steered.flatMap((bind, index) =>
    familiesOf(bind.host).map((family) => ({ bind, family, chain: `steer_${index + 1}_${family}` })),
  );
  // A wildcard takes what no bind names.
  ways.sort((a, b) => Number(isWildcard(a.bind.host)) - Number(isWildcard(b.bind.host)));
  const entrances: WishedRule[] = [
    ...ways.map(({ bind, family, chain }) => ({
      comment: commentOf(`clients of bind ${bind.bind}`),
      expressions: [
        ...destination(family, bind.host, exclusions(bind, family, others)),
        equals({ payload: { protocol: 'tcp', field: 'dport' } }, bind.port),
        opening,
        { goto: { target: chain } },
      ],
    })),
    ...ways.map(({ bind, family }) => ({
      comment: commentOf(`private ports of bind ${bind.bind}: only by way of it`),
      expressions: [
        ...destination(family, bind.host, []),
        equals(
          { payload: { protocol: 'tcp', field: 'dport' } },
          { set: [...new Set(bind.privatePorts.values())].sort((a, b) => a - b) },
        ),
        { drop: null },
      ],
    })),
  ];
  const maps = new Map<string, Json>();
  return {
    counters: [],
    sets: [],
    chains: [
      ...ways.map(({ bind, family, chain }) => ({
        name: chain,
        rules: [
          {
            comment: commentOf(`to the instances of shard ${bind.shard}, by client address`),
            expressions: [
              equals({ meta: { key: 'nfproto' } }, family === 'ip' ? 'ipv4' : 'ipv6'),
              equals({ meta: { key: 'l4proto' } }, 'tcp'),
              {
                dnat: { family, port: { map: { key: slotOf(bind, family), data: portOfSlot(bind, maps) } } },
              },
            ],
          },
        ],
      })),
      // Clients on this machine, on loopback as well, do not come by prerouting.
      entrance('prerouting', entrances),
      entrance('output', entrances),
    ],
  };
}

function entrance(hook: 'prerouting' | 'output', rules: readonly WishedRule[]): WishedChain {
  return { name: `steer_${hook}`, base: { type: 'nat', hook, priority: -100 }, rules };
}

export function isWildcard(host: string): boolean {
  return parseIp(host)?.every((byte) => byte === 0) === true;
}

/** None of what is no address. A socket for all of IPv6 is one for IPv4, too. */
export function familiesOf(host: string): Family[] {
  const bytes = parseIp(host);
  if (bytes === undefined) return [];
  if (bytes.length === 4) return ['ip'];
  return isWildcard(host) ? ['ip', 'ip6'] : ['ip6'];
}

function exclusions(bind: SteeredBind, family: Family, others: SteerWish['others']): string[] {
  if (!isWildcard(bind.host)) return [];
  return others
    .filter(({ host, port }) => port === bind.port && !isWildcard(host) && familiesOf(host)[0] === family)
    .map(({ host }) => addressIn(family, host));
}

function destination(family: Family, host: string, without: readonly string[]): Expression[] {
  const address = { payload: { protocol: family, field: 'daddr' } };
  if (!isWildcard(host)) return [equals(address, addressIn(family, host))];
  return [
    equals({ meta: { key: 'nfproto' } }, family === 'ip' ? 'ipv4' : 'ipv6'),
    equals({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
    ...(without.length === 0 ? [] : [{ match: { op: '!=', left: address, right: { set: without } } }]),
  ];
}

/** "::ffff:10.0.0.1" is IPv4 to the kernel. */
function addressIn(family: Family, host: string): string {
  const plain = host.replace(/%.*$/, '');
  return family === 'ip' ? parseIp(plain)!.join('.') : plain;
}

/** Always 0, in 32 bits. */
const zero: Expression = { numgen: { mode: 'inc', mod: 1, offset: 0 } };

/**
 * As slotOfClient: of a /64 the eight bytes with eight zeroes. Written as a mask, nft 1.0.6 refuses it in the key of a map;
 * to set a mark first would be seen by whoever routes by marks.
 */
function slotOf({ tableSize, ipv6Prefix }: SteeredBind, family: Family): Expression {
  const hashed: Expression =
    family === 'ip6' && ipv6Prefix === 64
      ? { concat: [{ payload: { base: 'nh', offset: 64, len: 64 } }, zero, zero] }
      : { payload: { protocol: family, field: 'saddr' } };
  return { jhash: { mod: tableSize, seed: steeringSeed, expr: hashed } };
}

/** Ranges of slots that belong together, so that the kernel has less of them. */
function portOfSlot(bind: SteeredBind, known: Map<string, Json>): Json {
  const { instances, tableSize, privatePorts } = bind;
  const key = JSON.stringify([instances, tableSize, [...privatePorts]]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const absent = new Set<number>();
  for (let number = 1; number <= instances; number += 1) if (!privatePorts.has(number)) absent.add(number);
  const owners = slotTable(instances, tableSize, absent);
  const elements: Json[] = [];
  for (let first = 0, slot = 1; slot <= tableSize; slot += 1) {
    if (slot < tableSize && owners[slot] === owners[first]) continue;
    const port = privatePorts.get(owners[first]!)!;
    elements.push([slot - 1 === first ? first : { range: [first, slot - 1] }, port]);
    first = slot;
  }
  const made: Json = { set: elements };
  known.set(key, made);
  return made;
}

function equals(left: Expression, right: Json): Expression {
  return { match: { op: '==', left, right } };
}
