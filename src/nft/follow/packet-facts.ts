// What is known of a packet that opens a connection, and whether a condition of a rule holds for it: yes, no, or not known.

import { contains, parseIp, parseNetwork } from '../../domain/ip.ts';
import type { Json } from '../json.ts';
import { countField, fieldOf, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import { pairsOf } from '../ruleset/alternatives.ts';
import type { Table } from '../ruleset/ruleset.ts';

export interface Packet {
  readonly protocol: 'tcp' | 'udp';
  readonly source?: string;
  readonly sourcePort?: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** `this-machine`: it is sent here, and comes by hook output; else by prerouting. */
  readonly from: 'this-machine' | 'outside';
  /** All addresses of this machine; without them nothing is believed of whether one is local. */
  readonly localAddresses?: readonly string[];
}

/** An address, a port, a word; of a concatenation a list of them. Undefined: not known. */
export type Fact = string | number | readonly (string | number)[] | undefined;

export const isIpv6 = ({ destination }: Packet): boolean => destination.includes(':');

const protocolNumbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/** Of a concatenation in a concatenation, which nft does not know, nothing. */
export function factOf(expression: Json | undefined, packet: Packet, within = false): Fact {
  const [kind, body] = onlyEntry(expression) ?? [];
  if (kind === undefined || body === undefined) return undefined;
  switch (kind) {
    case 'payload':
      return payloadFact(textField(body, 'protocol') ?? '', textField(body, 'field') ?? '', packet);
    case 'meta':
      switch (textField(body, 'key')) {
        case 'l4proto':
          return packet.protocol;
        case 'nfproto':
          return isIpv6(packet) ? 'ipv6' : 'ipv4';
        case 'protocol':
          return isIpv6(packet) ? 'ip6' : 'ip';
        default:
          return undefined;
      }
    case 'ct':
      switch (textField(body, 'key')) {
        case 'state':
          return 'new';
        case 'direction':
          return 'original';
        default:
          return undefined;
      }
    case 'fib': {
      const flags = textsOf(fieldOf(body, 'flags'));
      if (textField(body, 'result') !== 'type' || flags.length !== 1 || flags[0] !== 'daddr')
        return undefined;
      if (packet.localAddresses === undefined) return undefined;
      return packet.localAddresses.some((address) => sameIp(address, packet.destination))
        ? 'local'
        : 'unicast';
    }
    case '&': {
      const [of, mask] = listOf(body);
      return isTcpFlags(of) && packet.protocol === 'tcp' && textsOf(mask).includes('syn') && !asksEcn(mask)
        ? 'syn'
        : undefined;
    }
    case 'concat': {
      if (within) return undefined;
      const facts = listOf(body).map((part) => factOf(part, packet, true));
      return facts.every((fact) => typeof fact === 'string' || typeof fact === 'number') ? facts : undefined;
    }
    default:
      return undefined;
  }
}

const isTcpFlags = (expression: Json | undefined): boolean => {
  const payload = fieldOf(expression, 'payload');
  return textField(payload, 'protocol') === 'tcp' && textField(payload, 'field') === 'flags';
};

/** Clients that would mark congestion say so with these, and others do not. */
const asksEcn = (mask: Json | undefined): boolean =>
  textsOf(mask).some((flag) => flag === 'ecn' || flag === 'cwr');

function payloadFact(protocol: string, field: string, packet: Packet): Fact {
  const family = isIpv6(packet) ? 'ip6' : 'ip';
  if (protocol === family) {
    if (field === 'saddr') return packet.source;
    if (field === 'daddr') return packet.destination;
    return field === 'protocol' || field === 'nexthdr' ? packet.protocol : undefined;
  }
  if (protocol !== packet.protocol && protocol !== 'th') return undefined;
  return field === 'dport' ? packet.destinationPort : field === 'sport' ? packet.sourcePort : undefined;
}

/** Of a match. A header that the packet has not is no match. */
export function holds(match: Json, packet: Packet, table: Table): boolean | undefined {
  const left = fieldOf(match, 'left');
  if (asksOtherLayer(left, packet)) return false;
  const op = textField(match, 'op') ?? '==';
  const right = fieldOf(match, 'right');
  const inSet = isIn(left, right, packet, table);
  switch (op) {
    case '==':
    case 'in':
      return inSet;
    case '!=':
    case '!':
      return inSet === undefined ? undefined : !inSet;
    default: {
      const fact = factOf(left, packet);
      if (typeof fact !== 'number' || typeof right !== 'number') return undefined;
      return op === '<'
        ? fact < right
        : op === '>'
          ? fact > right
          : op === '<='
            ? fact <= right
            : op === '>='
              ? fact >= right
              : undefined;
    }
  }
}

/** An IPv4 address of an IPv6 packet, a UDP port of a TCP one. */
export function asksOtherLayer(expression: Json | undefined, packet: Packet, within = false): boolean {
  const [kind, body] = onlyEntry(expression) ?? [];
  if (kind === 'concat') return !within && listOf(body).some((part) => asksOtherLayer(part, packet, true));
  if (kind === '&') return !within && asksOtherLayer(listOf(body)[0], packet, true);
  if (kind !== 'payload') return false;
  const protocol = textField(body, 'protocol');
  if (protocol === 'ip' || protocol === 'ip6') return protocol !== (isIpv6(packet) ? 'ip6' : 'ip');
  return ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'dccp', 'udplite'].includes(protocol ?? '')
    ? protocol !== packet.protocol
    : false;
}

function isIn(
  left: Json | undefined,
  right: Json | undefined,
  packet: Packet,
  table: Table,
): boolean | undefined {
  const fact = factOf(left, packet);
  const values =
    typeof right === 'string' && right.startsWith('@')
      ? elementsOf(right, table)
      : onlyEntry(right)?.[0] === 'set'
        ? listOf(fieldOf(right, 'set')).map((one) => fieldOf(fieldOf(one, 'elem'), 'val') ?? one)
        : Array.isArray(right)
          ? (right as readonly Json[])
          : [right ?? null];
  // Of an empty set no fact is needed.
  if (values.length === 0) return false;
  if (fact === undefined) return firstPacketOf(left, values);
  let unsure = false;
  for (const value of values) {
    const equal = fits(fact, value);
    if (equal === true) return true;
    unsure ||= equal === undefined;
  }
  return unsure ? undefined : false;
}

/** Nothing has been translated yet, and nobody answered. */
function firstPacketOf(left: Json | undefined, values: readonly Json[]): boolean | undefined {
  const status = textField(fieldOf(left, 'ct'), 'key') === 'status';
  const later = ['dnat', 'snat', 'seen-reply', 'assured', 'confirmed'];
  return status && values.every((value) => typeof value === 'string' && later.includes(value))
    ? false
    : undefined;
}

function elementsOf(reference: string, table: Table): readonly Json[] {
  const name = reference.replace(/^@/, '');
  return (table.sets.find((set) => set.name === name)?.elements ?? []).map(({ value }) => value);
}

/** Is it this element? */
export function fits(fact: Fact, value: Json | undefined): boolean | undefined {
  if (fact === undefined || value === undefined) return undefined;
  if (value === '*') return true;
  if (Array.isArray(fact)) {
    const parts = listOf(fieldOf(value, 'concat'));
    if (parts.length !== fact.length) return undefined;
    let all: boolean | undefined = true;
    for (let index = 0; index < parts.length; index += 1) {
      const part = fits(fact[index] as string | number, parts[index]);
      if (part === false) return false;
      if (part === undefined) all = undefined;
    }
    return all;
  }
  const [kind, body] = onlyEntry(value) ?? [];
  if (typeof fact === 'number') {
    if (typeof value === 'number') return fact === value;
    if (kind !== 'range') return undefined;
    const [from, to] = listOf(body);
    return typeof from === 'number' && typeof to === 'number' ? fact >= from && fact <= to : undefined;
  }
  if (typeof fact !== 'string') return undefined;
  const address = parseIp(fact);
  if (address === undefined) {
    if (typeof value === 'string') return fact === value;
    return typeof value === 'number' && Object.hasOwn(protocolNumbers, fact)
      ? protocolNumbers[fact] === value
      : undefined;
  }
  if (typeof value === 'string') {
    const other = parseIp(value);
    return other === undefined ? undefined : compare(address, other) === 0;
  }
  if (kind === 'prefix') {
    const network = parseNetwork(`${textField(body, 'addr') ?? ''}/${countField(body, 'len') ?? ''}`);
    return network === undefined ? undefined : contains(network, address);
  }
  if (kind !== 'range') return undefined;
  const [from, to] = listOf(body).map((one) => (typeof one === 'string' ? parseIp(one) : undefined));
  if (from === undefined || to === undefined) return undefined;
  return from.length === address.length && compare(from, address) <= 0 && compare(address, to) <= 0;
}

function compare(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return a[index]! - b[index]!;
  return 0;
}

export function sameIp(a: string, b: string): boolean {
  const [x, y] = [parseIp(a), parseIp(b)];
  return x !== undefined && y !== undefined && compare(x, y) === 0;
}

/** What a map holds for this packet: `undefined` where its key is not known, `null` where it has none for it. */
export function lookedUp(map: Json, packet: Packet, table: Table): Json | undefined {
  const key = fieldOf(map, 'key');
  if (asksOtherLayer(key, packet)) return null;
  const pairs = pairsOf(fieldOf(map, 'data'), table);
  if (pairs.length === 0) return null;
  const fact = factOf(key, packet);
  if (fact === undefined) return undefined;
  let unsure = false;
  let whatever: Json = null;
  for (const [value, outcome] of pairs) {
    if (value === '*') {
      whatever = outcome;
      continue;
    }
    const equal = fits(fact, value);
    if (equal === true) return outcome;
    unsure ||= equal === undefined;
  }
  return unsure ? undefined : whatever;
}
