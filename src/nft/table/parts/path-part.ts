// Part `path` of our table: clients of a bind with `path: kernel` are sent on to a server by the kernel alone. Only the first packet
// of a connection asks these rules; what was decided then holds until it ends, whatever becomes of the rules. Pure.
//
//   path_prerouting, path_output (nat)   address and port of the bind → goto path_BIND
//   path_BIND                            a draw by weight among its targets → goto the target's chain; a reset where there is none
//   path_BIND_TARGET                     counts the connection, and translates its address
//   path_postrouting (nat)               masquerade, where the bind says so
//   path_ended_HOOK (filter)             connections that an operator ended: whoever sends a packet gets a reset

import { smoothChoice } from '../../../domain/balance/smooth-choice.ts';
import type { BalanceAlgorithm, ServerKey } from '../../../domain/plan.ts';
import type { Expression, Json } from '../../json.ts';
import { commentOf, objectName } from '../object-name.ts';
import type { TablePart, WishedChain, WishedRule } from '../table-part.ts';
import { opening } from './opening.ts';

export interface PathRules {
  readonly bind: string;
  /** "0.0.0.0" or "::" is every address of this machine. */
  readonly address: Address;
  readonly algorithm: Exclude<BalanceAlgorithm, 'leastconn'>;
  readonly masquerade: boolean;
  /** All that it may ever send to, whatever state they are in: each has a counter that stays while it is in drain, say. */
  readonly places: readonly PathPlace[];
  /** Of these, those that take new clients. */
  readonly targets: readonly PathTarget[];
}

export interface PathPlace {
  readonly server: ServerKey;
  /** The server's, or that of an endpoint of its. */
  readonly address: Address;
}

export interface PathTarget extends PathPlace {
  readonly weight: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Before steering and services of others look. */
const natPriority = -106;
const postroutingPriority = 94;
/** After the kernel knows the connection (-200), and before addresses are translated. */
const endedPriority = -150;
/** Of its own: what chose a client's instance must not choose its server as well. */
const hashSeed = 0x511ce002;
/** Of how many connections a turn of roundrobin consists, at most: each is an entry of a map. */
const longestTurn = 1_000;

/**
 * Without paths it sends nobody anew, but the connections that there are go on.
 * @param ended connections of any path, as conntrack numbers them
 */
export function pathPart(paths: readonly PathRules[], ended: readonly number[]): TablePart {
  // A wildcard takes what no bind names.
  const inOrder = [...paths].sort((a, b) => Number(isWildcard(a)) - Number(isWildcard(b)));
  const masked = inOrder.filter(({ masquerade }) => masquerade);
  return {
    counters: paths.flatMap(({ bind, places }) =>
      places.map((place) => ({
        name: targetName(bind, place),
        comment: commentOf(`${bind} to ${place.server} ${placeText(place.address)}`),
      })),
    ),
    sets: [],
    chains: [
      ...paths.flatMap((path) => [...targetChains(path), drawChain(path)]),
      entranceChain('prerouting', inOrder),
      entranceChain('output', inOrder),
      ...(masked.length === 0 ? [] : [postroutingChain(masked)]),
      // It costs every packet a little: there only while somebody was ended.
      ...(ended.length === 0 ? [] : [endedChain('prerouting', ended), endedChain('output', ended)]),
    ],
  };
}

/** Of its chain, and of its counter, which counts connections. */
export function targetName(bind: string, { server, address }: PathPlace): string {
  return objectName('path', `${bind} ${server} ${placeText(address)}`);
}

function targetChains({ bind, targets }: PathRules): WishedChain[] {
  return targets.map((target) => {
    const name = targetName(bind, target);
    const { address } = target;
    return {
      name,
      rules: [
        {
          comment: commentOf(`${target.server} at ${placeText(address)}`),
          expressions: [
            overTcp,
            { counter: name },
            { dnat: { family: familyOf(address.host), addr: address.host, port: address.port } },
          ],
        },
      ],
    };
  });
}

function drawChain(path: PathRules): WishedChain {
  const { bind, targets, algorithm } = path;
  const name = objectName('path', bind);
  const comment = commentOf(`clients of bind ${bind}`);
  // Refused at once: nobody would answer, and a relay would find nobody either.
  if (targets.length === 0)
    return { name, rules: [{ comment, expressions: [overTcp, { reject: { type: 'tcp reset' } }] }] };
  const families = (['ip', 'ip6'] as const).filter((family) =>
    targets.some(({ address }) => familyOf(address.host) === family),
  );
  return {
    name,
    rules: families.map((family) => {
      const own = targets.filter(({ address }) => familyOf(address.host) === family);
      const ofFamily = equals({ meta: { key: 'nfproto' } }, family === 'ip' ? 'ipv4' : 'ipv6');
      if (own.length === 1) return { comment, expressions: [ofFamily, goTo(targetName(bind, own[0]!))] };
      const { mode, turns } = turnsOf(algorithm, own);
      let next = 0;
      const slots = turns.map(({ target, count }): Json => {
        const from = next;
        next += count;
        return [count === 1 ? from : { range: [from, next - 1] }, goTo(targetName(bind, target))];
      });
      return {
        comment,
        expressions: [ofFamily, { vmap: { key: draw(mode, family, next), data: { set: slots } } }],
      };
    }),
  };
}

type Draw = 'inc' | 'random' | 'hash';

/** Who gets how many in a row. In turn they are interleaved, as evenly as their weights allow. */
function turnsOf(
  algorithm: PathRules['algorithm'],
  targets: readonly PathTarget[],
): { readonly mode: Draw; readonly turns: readonly { readonly target: PathTarget; count: number }[] } {
  const divisor = targets.map(({ weight }) => weight).reduce(commonDivisor);
  const weights = targets.map(({ weight }) => weight / divisor);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const inBlocks = targets.map((target, index) => ({ target, count: weights[index]! }));
  if (algorithm === 'source') return { mode: 'hash', turns: inBlocks };
  // Shares matter more than turns.
  if (algorithm === 'random' || total > longestTurn) return { mode: 'random', turns: inBlocks };
  const choose = smoothChoice(weights);
  const turns: { target: PathTarget; count: number }[] = [];
  for (let turn = 0; turn < total; turn++) {
    const target = targets[choose()]!;
    const last = turns.at(-1);
    if (last?.target === target) last.count += 1;
    else turns.push({ target, count: 1 });
  }
  return { mode: 'inc', turns };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function draw(mode: Draw, family: Family, mod: number): Expression {
  if (mode !== 'hash') return { numgen: { mode, mod, offset: 0 } };
  return {
    jhash: { mod, offset: 0, seed: hashSeed, expr: { payload: { protocol: family, field: 'saddr' } } },
  };
}

/**
 * The kernel tracks connections while a rule asks for it, and translates none that it does not track: without this one all of
 * them would break as soon as no server takes new clients.
 */
const staysTracked: WishedRule = {
  comment: 'connections that were sent on keep their server',
  expressions: [{ match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } }, { return: null }],
};

function entranceChain(hook: 'prerouting' | 'output', paths: readonly PathRules[]): WishedChain {
  return {
    name: `path_${hook}`,
    base: { type: 'nat', hook, priority: natPriority },
    rules: [
      staysTracked,
      ...paths.flatMap((path) =>
        familiesOf(path).map(
          (family): WishedRule => ({
            comment: commentOf(`bind ${path.bind}`),
            expressions: [
              ...destination(path, family, hook),
              equals({ payload: { protocol: 'tcp', field: 'dport' } }, path.address.port),
              opening,
              goTo(objectName('path', path.bind)),
            ],
          }),
        ),
      ),
    ],
  };
}

function destination(path: PathRules, family: Family, hook: 'prerouting' | 'output'): Expression[] {
  const daddr = { payload: { protocol: family, field: 'daddr' } };
  if (!isWildcard(path)) return [equals(daddr, path.address.host)];
  return [
    equals({ meta: { key: 'nfproto' } }, family === 'ip' ? 'ipv4' : 'ipv6'),
    equals({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
    // From loopback nobody can be answered through another interface: those are relayed.
    ...(hook === 'output'
      ? [{ match: { op: '!=', left: daddr, right: family === 'ip' ? loopback : '::1' } }]
      : []),
  ];
}

function postroutingChain(paths: readonly PathRules[]): WishedChain {
  return {
    name: 'path_postrouting',
    base: { type: 'nat', hook: 'postrouting', priority: postroutingPriority },
    rules: paths.flatMap((path) =>
      (['ip', 'ip6'] as const).flatMap((family): WishedRule[] => {
        const places = new Map(
          path.places
            .filter(({ address }) => familyOf(address.host) === family)
            .map(({ address }) => [placeText(address), address]),
        );
        if (places.size === 0) return [];
        return [
          {
            comment: commentOf(`masquerade of bind ${path.bind}`),
            expressions: [
              overTcp,
              { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
              ...(isWildcard(path)
                ? []
                : [equals({ ct: { key: `${family} daddr`, dir: 'original' } }, path.address.host)]),
              equals({ ct: { key: 'proto-dst', dir: 'original' } }, path.address.port),
              // Somebody else may translate the same port of another address.
              equals(
                {
                  concat: [
                    { payload: { protocol: family, field: 'daddr' } },
                    { payload: { protocol: 'tcp', field: 'dport' } },
                  ],
                },
                { set: [...places.values()].map(({ host, port }): Json => ({ concat: [host, port] })) },
              ),
              { masquerade: null },
            ],
          },
        ];
      }),
    ),
  };
}

function endedChain(hook: 'prerouting' | 'output', ended: readonly number[]): WishedChain {
  return {
    name: `path_ended_${hook}`,
    base: { type: 'filter', hook, priority: endedPriority },
    rules: [
      {
        comment: 'connections that an operator ended',
        expressions: [
          // What this very rule answers goes out by a hook of its own.
          notReset,
          equals({ ct: { key: 'id' } }, { set: [...ended] }),
          { reject: { type: 'tcp reset' } },
        ],
      },
    ],
  };
}

type Family = 'ip' | 'ip6';

const loopback = { prefix: { addr: '127.0.0.0', len: 8 } } as const;
const overTcp: Expression = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } };
const notReset: Expression = {
  match: { op: '!=', left: { '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, 'rst'] }, right: 'rst' },
};
const goTo = (target: string): Expression => ({ goto: { target } });
const equals = (left: Expression, right: Json): Expression => ({ match: { op: '==', left, right } });
const familyOf = (host: string): Family => (host.includes(':') ? 'ip6' : 'ip');
const isWildcard = ({ address }: PathRules): boolean => wildcards.has(address.host);

/** A bind on every IPv6 address is one on every IPv4 address, too. */
function familiesOf({ address }: PathRules): readonly Family[] {
  return address.host === '::' ? ['ip', 'ip6'] : [familyOf(address.host)];
}

function placeText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
