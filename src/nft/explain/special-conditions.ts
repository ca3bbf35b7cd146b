// Conditions that have words of their own: states of a connection, interfaces, TCP flags, bits of a mark, who owns a socket.

import type { Json } from '../json.ts';
import { fieldOf, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import type { Condition } from './condition.ts';
import { layerNames } from './nouns.ts';
import { constant, either, setWords, type Telling } from './telling.ts';

/** Undefined where it has none. */
export function specialCondition(
  op: string,
  left: Json | undefined,
  right: Json | undefined,
  telling: Telling,
): Condition | undefined {
  const [kind, body] = onlyEntry(left) ?? [];
  if (body === undefined) return undefined;
  switch (kind) {
    case 'ct':
      return ctCondition(op, textField(body, 'key') ?? '', right);
    case 'meta':
      return metaCondition(op, textField(body, 'key') ?? '', left, right, telling);
    case 'fib':
      return fibCondition(op, body, right);
    case 'payload':
      return payloadCondition(op, body, right, telling);
    case '&':
      return bitsCondition(op, listOf(body), right, telling);
    case 'exthdr':
    case 'tcp option':
    case 'ip option':
    case 'rt':
      return thereCondition(op, kind, body, right);
    case 'socket':
      return textField(body, 'key') === 'transparent' && (right === 1 || right === 0) && op === '=='
        ? which(`${right === 1 ? 'that a' : 'that no'} local transparent socket waits for`)
        : undefined;
    default:
      return undefined;
  }
}

const which = (text: string): Condition => ({ place: 'which', text });

const negated = (op: string): boolean | undefined =>
  op === '==' || op === 'in' ? false : op === '!=' || op === '!' ? true : undefined;

/** Words of an anonymous set, a list of flags, or one; undefined where it is none of these. */
function wordsOf(right: Json | undefined): readonly string[] | undefined {
  const values = listOf(onlyEntry(right)?.[0] === 'set' ? fieldOf(right, 'set') : right);
  const words = textsOf(values as Json);
  return words.length === values.length && words.length > 0 && !words.some((word) => word.startsWith('@'))
    ? words
    : undefined;
}

const stateWords: Readonly<Record<string, string>> = {
  new: 'that open a new connection',
  established: 'of established connections',
  related: 'related to a known connection',
  invalid: 'of no valid connection',
  untracked: 'that are not tracked',
};

const statusWords: Readonly<Record<string, string>> = {
  dnat: 'whose destination was translated (DNAT)',
  snat: 'whose source was translated (SNAT)',
  assured: 'assured',
  confirmed: 'confirmed',
  'seen-reply': 'answered at least once',
  expected: 'expected by another',
  dying: 'dying',
};

function ctCondition(op: string, key: string, right: Json | undefined): Condition | undefined {
  const not = negated(op);
  const words = wordsOf(right);
  if (not === undefined || words === undefined) return undefined;
  if (key === 'state' && words.every((word) => Object.hasOwn(stateWords, word))) {
    if (!not && words.join(' ') === 'new') return which('that opens a new connection');
    if (!not && words.join(' ') === 'untracked') return which('that is not tracked');
    const told = words.map((word) =>
      stateWords[word]!.replace('that are', 'that is').replace('that open ', 'that opens '),
    );
    const plain = words.every((word) => word === 'established' || word === 'related');
    const text = plain && words.length === 2 ? 'of established or related connections' : either(told);
    return which(not ? `that is not ${either(words)} to the connection tracker` : text);
  }
  if (key === 'status' && not && words.length === 1 && /^[ds]nat$/.test(words[0]!))
    return which(`of a connection ${statusWords[words[0]!]!.replace(' translated', ' not translated')}`);
  if (key === 'status' && words.every((word) => Object.hasOwn(statusWords, word)))
    return which(
      `${not ? 'of no connection' : 'of a connection'} ${either(words.map((word) => statusWords[word]!))}`,
    );
  if (key === 'direction' && words.length === 1 && !not)
    return which(
      words[0] === 'original'
        ? 'on its way from who opened the connection'
        : 'on its way back to who opened the connection',
    );
  if ((key === 'protocol' || key === 'l3proto') && !not)
    return { ...which(`over ${either(words.map(layerName))}`), bare: true };
  return undefined;
}

const layerName = (name: string): string => (Object.hasOwn(layerNames, name) ? layerNames[name]! : name);

function metaCondition(
  op: string,
  key: string,
  left: Json | undefined,
  right: Json | undefined,
  telling: Telling,
): Condition | undefined {
  const not = negated(op);
  if (not === undefined) return undefined;
  const but = not ? 'any interface but ' : '';
  const interfaces = /^(iif|iifname|ibrname)$/.test(key)
    ? 'that came in by'
    : /^(oif|oifname|obrname)$/.test(key)
      ? 'that goes out by'
      : undefined;
  if (interfaces !== undefined) {
    if (typeof right === 'string' && right.startsWith('@'))
      return which(`${interfaces} ${not ? 'no' : 'an'} interface in ${setWords(right, telling)}`);
    const names = listOf(onlyEntry(right)?.[0] === 'set' ? fieldOf(right, 'set') : right).map((one) =>
      interfaceName(constant(one, left, telling)),
    );
    return which(`${interfaces} ${but}${either(names)}`);
  }
  const words = wordsOf(right);
  switch (key) {
    case 'l4proto':
    case 'nfproto':
    case 'protocol': {
      if (words === undefined) return undefined;
      const names = words.map(layerName);
      const told = which(`over ${not ? 'anything but ' : ''}${either(names)}`);
      return !not && words.length === 1 ? { ...told, layer: ipOf(words[0]!), bare: true } : told;
    }
    case 'skuid':
    case 'skgid': {
      if (onlyEntry(right) !== undefined) return undefined;
      const who = `${key === 'skuid' ? 'user' : 'group'} ${constant(right, left, telling)}`;
      return which(not ? `not of a socket of ${who}` : `of a socket of ${who}`);
    }
    case 'pkttype': {
      const told: Readonly<Record<string, string>> = {
        host: 'sent to this machine’s own link address',
        unicast: 'sent to this machine’s own link address',
        broadcast: 'sent to everybody on its link (broadcast)',
        multicast: 'sent to a group on its link (multicast)',
        other: 'sent to somebody else on its link',
      };
      return words === undefined || not || !words.every((word) => Object.hasOwn(told, word))
        ? undefined
        : which(either(words.map((word) => told[word]!)));
    }
    case 'day':
      return words === undefined
        ? undefined
        : which(`that comes by ${not ? 'on any day but' : 'on a'} ${either(words)}`);
    case 'hour': {
      const range = onlyEntry(right)?.[0] === 'range' ? listOf(fieldOf(right, 'range')) : undefined;
      return range === undefined || not
        ? undefined
        : which(
            `that comes by between ${constant(range[0], left, telling)} and ${constant(range[1], left, telling)}`,
          );
    }
    default:
      return undefined;
  }
}

const ipOf = (name: string): string => ({ ipv4: 'ip', ipv6: 'ip6' })[name] ?? name;

function interfaceName(name: string): string {
  return name.endsWith('*') ? `an interface named ${name.slice(0, -1)}…` : name;
}

function fibCondition(op: string, body: Json, right: Json | undefined): Condition | undefined {
  const flags = textsOf(fieldOf(body, 'flags'));
  const not = negated(op);
  const source = flags.includes('saddr');
  if (not === undefined) return undefined;
  if (textField(body, 'result') === 'type') {
    const words = wordsOf(right);
    if (words === undefined) return undefined;
    const end = source ? 'source' : 'destination';
    if (words.length === 1 && words[0] === 'local')
      return which(`whose ${end} is ${not ? 'no' : 'an'} address of this machine`);
    return which(`whose ${end} is ${not ? 'not ' : ''}a ${either(words)} address`);
  }
  if (typeof right !== 'boolean') return undefined;
  const missing = right === false ? !not : not;
  const by = flags.includes('iif') ? ' by the interface it came in by' : '';
  const what = source ? 'source' : 'destination';
  return which(`whose ${what} ${missing ? 'no route' : 'a route'} leads ${source ? 'back ' : ''}to${by}`);
}

function payloadCondition(
  op: string,
  body: Json,
  right: Json | undefined,
  telling: Telling,
): Condition | undefined {
  const protocol = textField(body, 'protocol') ?? '';
  const field = textField(body, 'field') ?? '';
  const not = negated(op);
  const words = wordsOf(right);
  if (not === undefined || words === undefined) return undefined;
  if ((protocol === 'icmp' || protocol === 'icmpv6') && field === 'type') {
    const text = `of ${not ? 'any ' : ''}${layerNames[protocol]} type ${not ? 'but ' : ''}${either(words, 8)}`;
    return { ...which(text), layer: protocol };
  }
  if ((protocol === 'ip' && field === 'protocol') || (protocol === 'ip6' && field === 'nexthdr')) {
    const told = which(`over ${not ? 'anything but ' : ''}${either(words.map(layerName))}`);
    return !not && words.length === 1 ? { ...told, layer: words[0]!, bare: true } : told;
  }
  if (protocol === 'tcp' && field === 'flags') {
    const flags = words.map((word) => word.toUpperCase());
    const plain =
      op === 'in'
        ? `with the TCP flag ${either(flags)}`
        : op === '!'
          ? `without the TCP flag ${either(flags)}`
          : op === '==' && Array.isArray(right)
            ? `with the TCP flags ${either(flags, 8, 'and')} alone`
            : op === '=='
              ? `with the TCP flag ${either(flags)} alone`
              : undefined;
    return plain === undefined ? undefined : { ...which(plain), layer: 'tcp' };
  }
  if (protocol === 'arp' && field === 'operation')
    return which(`that is ${not ? 'no' : 'an'} ARP ${either(words)}`);
  void telling;
  return undefined;
}

/** { "&": [flags, mask] } compared with some of the mask. */
function bitsCondition(
  op: string,
  [of, mask]: readonly Json[],
  right: Json | undefined,
  telling: Telling,
): Condition | undefined {
  const not = negated(op);
  if (not === undefined || op === 'in' || op === '!' || mask === undefined) return undefined;
  const [kind, body] = onlyEntry(of) ?? [];
  if (kind === 'payload' && textField(body, 'protocol') === 'tcp' && textField(body, 'field') === 'flags') {
    const masked = flagsOf(mask);
    const set = right === 0 ? [] : flagsOf(right);
    if (masked === undefined || set === undefined || not) return undefined;
    const clear = masked.filter((flag) => !set.includes(flag)).map((flag) => flag.toUpperCase());
    const has = set.map((flag) => flag.toUpperCase());
    const parts = [
      ...(has.length > 0
        ? [`with the TCP ${has.length > 1 ? 'flags' : 'flag'} ${either(has, 8, 'and')}`]
        : []),
      ...(clear.length > 0 ? [`without ${has.length > 0 ? '' : 'the TCP flags '}${either(clear, 8)}`] : []),
    ];
    return { ...which(parts.join(' and ')), layer: 'tcp' };
  }
  if ((kind === 'meta' || kind === 'ct') && textField(body, 'key') === 'mark' && typeof mask === 'number') {
    const owner = kind === 'ct' ? 'connection mark' : 'mark';
    const bits = constant(mask, of, telling);
    if (right === mask) return which(`${not ? 'without' : 'with'} the ${owner} ${bits}`);
    if (right === 0) return which(`${not ? 'with' : 'without'} the ${owner} ${bits}`);
    if (typeof right === 'number')
      return which(
        `whose ${owner}, of the bits ${bits}, is ${not ? 'not ' : ''}${constant(right, of, telling)}`,
      );
  }
  return undefined;
}

function flagsOf(value: Json | undefined): readonly string[] | undefined {
  const of = onlyEntry(value)?.[0] === '|' ? fieldOf(value, '|') : value;
  return wordsOf(of);
}

function thereCondition(
  op: string,
  kind: string,
  body: Json,
  right: Json | undefined,
): Condition | undefined {
  const not = negated(op);
  if (typeof right !== 'boolean' || not === undefined || textField(body, 'field') !== undefined)
    return undefined;
  const there = right !== not;
  if (kind === 'rt')
    return textField(body, 'key') === 'ipsec'
      ? which(`whose route ${there ? 'leads' : 'does not lead'} through IPsec`)
      : undefined;
  const name = textField(body, 'name') ?? '?';
  const what =
    kind === 'exthdr'
      ? `an IPv6 ${name} header`
      : `the ${kind === 'ip option' ? 'IPv4' : 'TCP'} option ${name}`;
  return which(`${there ? 'with' : 'without'} ${what}`);
}
