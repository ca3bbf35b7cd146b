// Part `count` of our table: named counters for what the proxy counts, so that a screen can set one beside the other. Packets are
// looked up by address and port as the process's own sockets have them: on the way in after the kernel translated answers back
// (LOCAL_IN, 100), on the way out before it translates anything (-100). So a service's own address, a private port that clients
// were steered to, and a plain address are all found alike, whoever translates them. Pure.
//
//   count_input    to a bind: in      from a server: out     its SYN-ACK: a connection to the server
//   count_output   to a server: in    from a bind: out       its SYN-ACK: a connection of a client
//   count_forward  what the kernel sends on for binds with `path: kernel`, by where the client sent it
//
// Connections are counted by the SYN-ACK: a SYN that is refused, or comes again since the queue is full, is none for the proxy either.

import { parseIp } from '../../../domain/ip.ts';
import type { ServerKey } from '../../../domain/plan.ts';
import type { Expression, Json } from '../../json.ts';
import { commentOf, objectName } from '../object-name.ts';
import { noPart, type TablePart, type WishedChain, type WishedRule, type WishedSet } from '../table-part.ts';
import { familiesOf, isWildcard } from './steer-part.ts';

export interface CountWish {
  readonly binds: readonly CountedBind[];
  readonly servers: readonly CountedServer[];
}

export interface CountedBind {
  readonly bind: string;
  readonly host: string;
  /** Really listened on. */
  readonly port: number;
  /** The kernel sends its clients on, and no process sees them. */
  readonly byKernel: boolean;
  /** Where single instances take clients of it; their host is the bind's. */
  readonly privatePorts: readonly { readonly instance: string; readonly port: number }[];
}

export interface CountedServer {
  readonly server: ServerKey;
  readonly host: string;
  readonly port: number;
}

/** What has counters of its own: three of them, by `counterNames`. */
export interface Counted {
  readonly name: string;
  /** For people. */
  readonly comment: string;
  /** Of a bind: all of its clients, or those of one instance that came by its private port. */
  readonly bind?: string;
  readonly instance?: string;
  /** All that have this one address. */
  readonly servers: readonly ServerKey[];
}

const inputPriority = 150;
const outputPriority = -150;

type Way = 'in' | 'out' | 'new';
type Family = 'ip' | 'ip6';
type Kind = 'binds' | 'servers' | 'path';

interface Place {
  readonly counted: Counted;
  readonly kind: Kind;
  readonly family: Family;
  /** Undefined: any of this machine's. */
  readonly host: string | undefined;
  readonly port: number;
}

export function counterNames(name: string): Readonly<Record<Way, string>> {
  return { in: `${name}_in`, out: `${name}_out`, new: `${name}_new` };
}

/** What there are counters for; addresses that are names have none. */
export function countedOf(wish: CountWish): readonly Counted[] {
  return [...new Set(placesOf(wish).map(({ counted }) => counted))];
}

export function countPart(wish: CountWish): TablePart {
  const places = placesOf(wish);
  if (places.length === 0) return noPart;
  const counted = [...new Set(places.map((place) => place.counted))];
  const groups = groupsOf(places);
  return {
    counters: counted.flatMap(({ name, comment }) =>
      ways.map((way) => ({
        name: counterNames(name)[way],
        comment: commentOf(`${comment}: ${wayWords[way]}`),
      })),
    ),
    sets: groups.flatMap((group) => ways.map((way) => mapOf(group, way))),
    chains: chainsOf(groups),
  };
}

const ways: readonly Way[] = ['in', 'out', 'new'];
const wayWords: Readonly<Record<Way, string>> = { in: 'to it', out: 'from it', new: 'connections' };

function placesOf({ binds, servers }: CountWish): readonly Place[] {
  const places = new Map<string, Place>();
  const add = (counted: Counted, kind: Kind, { host, port }: { host: string; port: number }): void => {
    for (const family of familiesOf(host)) {
      const address = isWildcard(host) ? undefined : addressIn(family, host);
      const key = `${kind} ${family} ${address} ${port}`;
      // Of two for one place the first: one for all of IPv4 goes before one for IPv6 that takes IPv4 besides.
      if (!places.has(key)) places.set(key, { counted, kind, family, host: address, port });
    }
  };
  for (const { bind, host, port, byKernel, privatePorts } of [...binds].sort((a, b) => rank(a) - rank(b))) {
    add(
      { name: objectName('count_bind', bind), comment: `bind ${bind}`, bind, servers: [] },
      byKernel ? 'path' : 'binds',
      { host, port },
    );
    for (const { instance, port: own } of privatePorts)
      add(
        {
          name: objectName('count_instance', `${instance} ${bind}`),
          comment: `instance ${instance}, bind ${bind}`,
          bind,
          instance,
          servers: [],
        },
        'binds',
        { host, port: own },
      );
  }
  const named = new Set<ServerKey>();
  for (const same of sameAddress(servers)) {
    const [{ server, host, port }] = same as [CountedServer, ...CountedServer[]];
    // One that is reached at two ports has counters for both.
    const text = named.has(server) ? `${server} ${port}` : server;
    named.add(server);
    add(
      {
        name: objectName('count_server', text),
        comment: `server ${same.map((one) => one.server).join(', ')}`,
        servers: same.map((one) => one.server),
      },
      'servers',
      { host, port },
    );
  }
  return [...places.values()];
}

const rank = ({ host }: CountedBind): number => (host === '0.0.0.0' ? 0 : 1);

function sameAddress(servers: readonly CountedServer[]): readonly (readonly CountedServer[])[] {
  const groups = new Map<string, CountedServer[]>();
  for (const server of servers) {
    const [family] = familiesOf(server.host);
    if (family === undefined || isWildcard(server.host)) continue;
    const key = `${addressIn(family, server.host)} ${server.port}`;
    groups.set(key, [...(groups.get(key) ?? []), server]);
  }
  return [...groups.values()];
}

interface Group {
  readonly kind: Kind;
  readonly family: Family;
  readonly wild: boolean;
  readonly places: readonly Place[];
}

/** Those with an address before those without. */
function groupsOf(places: readonly Place[]): readonly Group[] {
  const kinds: readonly Kind[] = ['binds', 'servers', 'path'];
  return kinds
    .flatMap((kind) =>
      [false, true].flatMap((wild) =>
        (['ip', 'ip6'] as const).map((family) => ({
          kind,
          family,
          wild,
          places: places.filter(
            (place) => place.kind === kind && place.family === family && (place.host === undefined) === wild,
          ),
        })),
      ),
    )
    .filter((group) => group.places.length > 0);
}

function mapName({ kind, family, wild }: Group, way: Way): string {
  return `count_${kind}_${family}${wild ? '_any' : ''}_${way}`;
}

function mapOf(group: Group, way: Way): WishedSet {
  return {
    name: mapName(group, way),
    type: group.wild ? ['inet_service'] : [group.family === 'ip' ? 'ipv4_addr' : 'ipv6_addr', 'inet_service'],
    to: 'counter',
    flags: [],
    counted: false,
    elements: group.places.map(({ host, port, counted }) => ({
      value: host === undefined ? port : { concat: [host, port] },
      data: counterNames(counted.name)[way],
    })),
  };
}

function chainsOf(groups: readonly Group[]): WishedChain[] {
  const [binds, servers, path] = (['binds', 'servers', 'path'] as const).map((kind) =>
    groups.filter((group) => group.kind === kind),
  ) as [Group[], Group[], Group[]];
  const isBound = binds.length > 0;
  const input = [
    ...(isBound ? [jump('count_to_binds')] : []),
    ...servers.flatMap((group) => [rule(synAck, packet(group, 'new', 's')), rule(packet(group, 'out', 's'))]),
    ...path.flatMap((group) => [
      rule(ofThisMachine(group, 's'), synAck, packet(group, 'new', 's')),
      rule(ofThisMachine(group, 's'), packet(group, 'out', 's')),
    ]),
  ];
  const output = [
    ...(isBound ? [jump('count_from_binds')] : []),
    ...servers.map((group) => rule(packet(group, 'in', 'd'))),
    ...path.map((group) => rule(ofThisMachine(group, 'd'), packet(group, 'in', 'd'))),
  ];
  return [
    // What is gone to must be there before. A bind for all addresses must not count what one with its own had already.
    ...(isBound
      ? [
          { name: 'count_to_binds', rules: binds.map((group) => rule(packet(group, 'in', 'd'), leave)) },
          {
            name: 'count_from_binds',
            rules: binds.flatMap((group) => [
              rule(synAck, packet(group, 'new', 's')),
              rule(packet(group, 'out', 's'), leave),
            ]),
          },
        ]
      : []),
    base('input', inputPriority, input),
    base('output', outputPriority, output),
    ...(path.length > 0 ? [base('forward', inputPriority, forwarded(path, servers))] : []),
  ];
}

/** By where the client sent them; and where they go to a server of ours, by that as well. */
function forwarded(path: readonly Group[], servers: readonly Group[]): WishedRule[] {
  return path.flatMap((group) => {
    const there = servers.filter(({ family }) => family === group.family);
    const on = (way: Way, direction: 'original' | 'reply', side: 's' | 'd', ...when: Expression[]) =>
      rule(
        [translated, inDirection(direction), overTcp, ...when],
        originally(group, way),
        ...there.map((one) => packet(one, way, side)),
      );
    return [on('in', 'original', 'd'), on('new', 'reply', 's', ...synAck), on('out', 'reply', 's')];
  });
}

const base = (
  hook: 'input' | 'output' | 'forward',
  priority: number,
  rules: readonly WishedRule[],
): WishedChain => ({ name: `count_${hook}`, base: { type: 'filter', hook, priority }, rules });

const rule = (...expressions: readonly (readonly Expression[])[]): WishedRule => ({
  expressions: expressions.flat(),
});
const equals = (left: Expression, right: Json): Expression => ({ match: { op: '==', left, right } });
const overTcp = equals({ meta: { key: 'l4proto' } }, 'tcp');
const jump = (target: string): WishedRule => rule([overTcp, { jump: { target } }]);
const leave: readonly Expression[] = [{ return: null }];
const translated: Expression = { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } };
const synAck: readonly Expression[] = [
  equals({ '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, ['syn', 'ack']] }, ['syn', 'ack']),
];
const inDirection = (direction: 'original' | 'reply'): Expression =>
  equals({ ct: { key: 'direction' } }, direction);

/** Of a bind for all addresses: any of this machine's, and nobody else's of the same port. */
function ofThisMachine({ wild }: Group, side: 's' | 'd'): readonly Expression[] {
  return wild ? [equals({ fib: { result: 'type', flags: [`${side}addr`] } }, 'local')] : [];
}

/** A rule ends at a lookup that finds nothing; else it goes on. */
function counted(key: Json, group: Group, way: Way): readonly Expression[] {
  const counter: Expression = { counter: { map: { key, data: `@${mapName(group, way)}` } } };
  if (!group.wild) return [counter];
  return [equals({ meta: { key: 'nfproto' } }, group.family === 'ip' ? 'ipv4' : 'ipv6'), counter];
}

function packet(group: Group, way: Way, side: 's' | 'd'): readonly Expression[] {
  const port: Json = { payload: { protocol: 'tcp', field: `${side}port` } };
  const address: Json = { payload: { protocol: group.family, field: `${side}addr` } };
  return counted(group.wild ? port : { concat: [address, port] }, group, way);
}

function originally(group: Group, way: Way): readonly Expression[] {
  const port: Json = { ct: { key: 'proto-dst', dir: 'original' } };
  const address: Json = { ct: { key: `${group.family} daddr`, dir: 'original' } };
  return counted(group.wild ? port : { concat: [address, port] }, group, way);
}

/** As nft writes it, else it would be taken for another one. "::ffff:10.0.0.1" is IPv4 to the kernel. */
function addressIn(family: Family, host: string): string {
  if (family === 'ip') return parseIp(host)!.join('.');
  return new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}
