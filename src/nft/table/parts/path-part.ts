// Part `path` of our table: clients of a bind with `path: kernel` are sent on to a server by the kernel alone. Only the first packet
// of a connection asks these rules; what was decided then holds until it ends, whatever becomes of the rules. Pure.
//
//   path_prerouting, path_output (nat)   address and port of the bind → goto path_BIND
//   path_BIND                            a draw by weight among its targets → goto the target's chain; a reset where there is none
//   path_BIND_TARGET                     counts the connection, and translates its address
//   path_postrouting (nat)               masquerade, where the bind says so
//   path_ended (filter)                  connections that an operator ended: both sides get a reset

import type { BalanceAlgorithm, ServerKey } from '../../../domain/plan.ts';
import type { Expression, Json } from '../../json.ts';
import { commentOf, objectName } from '../object-name.ts';
import type { TablePart, WishedChain, WishedElement, WishedRule, WishedSet } from '../table-part.ts';

export interface PathRules {
  readonly bind: string;
  /** "0.0.0.0" or "::" is every address of this machine. */
  readonly address: Address;
  readonly algorithm: Exclude<BalanceAlgorithm, 'leastconn'>;
  readonly masquerade: boolean;
  /** Those that take new clients. */
  readonly targets: readonly PathTarget[];
}

export interface PathTarget {
  readonly server: ServerKey;
  /** The server's, or that of an endpoint of its. */
  readonly address: Address;
  readonly weight: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A connection that was ended: by its client, and the bind's port. */
export interface EndedFlow {
  readonly client: Address;
  readonly bindPort: number;
  /** Wall clock. */
  readonly until: number;
}

export const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
export const endedSets = { ip: 'path_ended_v4', ip6: 'path_ended_v6' } as const;

/** Before steering and services of others look. */
const natPriority = -106;
const postroutingPriority = 94;
/** After the kernel knows the connection (-200), and before addresses are translated. */
const endedPriority = -150;
/** Of its own: what chose a client's instance must not choose its server as well. */
const hashSeed = 0x511ce002;

export function pathPart(paths: readonly PathRules[], ended: readonly EndedFlow[]): TablePart {
  if (paths.length === 0) return { counters: [], sets: [], chains: [] };
  // A wildcard takes what no bind names.
  const inOrder = [...paths].sort((a, b) => Number(isWildcard(a)) - Number(isWildcard(b)));
  const masked = inOrder.filter(({ masquerade }) => masquerade);
  return {
    counters: paths.flatMap(({ bind, targets }) =>
      targets.map((target) => ({
        name: targetName(bind, target),
        comment: commentOf(`${bind} to ${target.server} ${placeText(target.address)}`),
      })),
    ),
    sets: (['ip', 'ip6'] as const).map((family) => endedSet(family, ended)),
    chains: [
      ...paths.flatMap((path) => [...targetChains(path), drawChain(path)]),
      entranceChain('prerouting', inOrder),
      entranceChain('output', inOrder),
      ...(masked.length === 0 ? [] : [postroutingChain(masked)]),
      endedChain(),
    ],
  };
}

/** Of its chain, and of its counter, which counts connections. */
export function targetName(
  bind: string,
  { server, address }: Pick<PathTarget, 'server' | 'address'>,
): string {
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
      let next = 0;
      const shares = own.map((target): Json => {
        const from = next;
        next += target.weight;
        return [target.weight === 1 ? from : { range: [from, next - 1] }, goTo(targetName(bind, target))];
      });
      return {
        comment,
        expressions: [ofFamily, { vmap: { key: draw(algorithm, family, next), data: { set: shares } } }],
      };
    }),
  };
}

function draw(algorithm: PathRules['algorithm'], family: Family, mod: number): Expression {
  if (algorithm !== 'source')
    return { numgen: { mode: algorithm === 'random' ? 'random' : 'inc', mod, offset: 0 } };
  return {
    jhash: { mod, offset: 0, seed: hashSeed, expr: { payload: { protocol: family, field: 'saddr' } } },
  };
}

function entranceChain(hook: 'prerouting' | 'output', paths: readonly PathRules[]): WishedChain {
  return {
    name: `path_${hook}`,
    base: { type: 'nat', hook, priority: natPriority },
    rules: paths.flatMap((path) =>
      familiesOf(path).map(
        (family): WishedRule => ({
          comment: commentOf(`bind ${path.bind}`),
          expressions: [
            ...destination(path, family, hook),
            equals({ payload: { protocol: 'tcp', field: 'dport' } }, path.address.port),
            goTo(objectName('path', path.bind)),
          ],
        }),
      ),
    ),
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
    rules: paths.map(({ bind, address }) => ({
      comment: commentOf(`masquerade of bind ${bind}`),
      expressions: [
        overTcp,
        { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
        ...(wildcards.has(address.host)
          ? []
          : [equals({ ct: { key: `${familyOf(address.host)} daddr`, dir: 'original' } }, address.host)]),
        equals({ ct: { key: 'proto-dst', dir: 'original' } }, address.port),
        { masquerade: null },
      ],
    })),
  };
}

const addressTypes = { ip: 'ipv4_addr', ip6: 'ipv6_addr' } as const;

function endedSet(family: Family, ended: readonly EndedFlow[]): WishedSet {
  return {
    name: endedSets[family],
    type: [addressTypes[family], 'inet_service', 'inet_service'],
    flags: ['timeout'],
    counted: false,
    elements: ended
      .filter(({ client }) => familyOf(client.host) === family)
      .map(
        ({ client, bindPort, until }): WishedElement => ({
          value: { concat: [client.host, client.port, bindPort] },
          until,
        }),
      ),
  };
}

/** By what the client said, whichever side the packet comes from. */
function endedChain(): WishedChain {
  return {
    name: 'path_ended',
    base: { type: 'filter', hook: 'prerouting', priority: endedPriority },
    rules: (['ip', 'ip6'] as const).map((family) => ({
      comment: 'connections that an operator ended',
      expressions: [
        overTcp,
        {
          match: {
            op: '==',
            left: {
              concat: [
                { ct: { key: `${family} saddr`, dir: 'original' } },
                { ct: { key: 'proto-src', dir: 'original' } },
                { ct: { key: 'proto-dst', dir: 'original' } },
              ],
            },
            right: `@${endedSets[family]}`,
          },
        },
        { reject: { type: 'tcp reset' } },
      ],
    })),
  };
}

type Family = 'ip' | 'ip6';

const loopback = { prefix: { addr: '127.0.0.0', len: 8 } } as const;
const overTcp: Expression = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } };
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
