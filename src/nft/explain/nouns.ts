// What a rule looks at or writes, as a noun: "source address", "mark", "TCP destination port".

import type { Json } from '../json.ts';
import { countField, fieldOf, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import { asWritten, constant, eitherOf, setWords, type Telling } from './telling.ts';

export const layerNames: Readonly<Record<string, string>> = {
  ip: 'IPv4',
  ip6: 'IPv6',
  tcp: 'TCP',
  udp: 'UDP',
  udplite: 'UDP-Lite',
  sctp: 'SCTP',
  dccp: 'DCCP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  'ipv6-icmp': 'ICMPv6',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  ether: 'Ethernet',
  vlan: 'VLAN',
  arp: 'ARP',
  th: 'transport',
  ah: 'AH',
  esp: 'ESP',
  comp: 'IPComp',
  gre: 'GRE',
  igmp: 'IGMP',
};

const metaNouns: Readonly<Record<string, string>> = {
  mark: 'mark',
  iif: 'input interface',
  iifname: 'input interface',
  oif: 'output interface',
  oifname: 'output interface',
  iiftype: 'input interface type',
  oiftype: 'output interface type',
  iifkind: 'input interface kind',
  oifkind: 'output interface kind',
  iifgroup: 'input interface group',
  oifgroup: 'output interface group',
  ibrname: 'input bridge',
  obrname: 'output bridge',
  sdif: 'VRF member interface',
  sdifname: 'VRF member interface',
  l4proto: 'protocol',
  nfproto: 'IP version',
  protocol: 'Ethernet protocol',
  length: 'length in bytes',
  priority: 'traffic class',
  skuid: 'owner (user) of its socket',
  skgid: 'owner (group) of its socket',
  rtclassid: 'realm',
  pkttype: 'link type',
  cpu: 'processor',
  cgroup: 'control group',
  ipsec: 'IPsec state',
  secpath: 'IPsec state',
  nftrace: 'trace flag',
  time: 'time of arrival',
  day: 'day of arrival',
  hour: 'hour of arrival',
  random: 'random number',
  secmark: 'security mark',
};

const ctNouns: Readonly<Record<string, string>> = {
  state: 'connection state',
  status: 'connection status',
  direction: 'direction',
  mark: 'connection mark',
  label: 'connection label',
  zone: 'connection tracking zone',
  helper: 'connection helper',
  expiration: 'time until the connection is forgotten',
  bytes: 'connection’s bytes',
  packets: 'connection’s packets',
  avgpkt: 'connection’s bytes per packet',
  l3proto: 'connection’s IP version',
  protocol: 'connection’s protocol',
  secmark: 'connection’s security mark',
  id: 'connection id',
  event: 'connection events',
};

const payloadNouns: Readonly<Record<string, string>> = {
  saddr: 'source address',
  daddr: 'destination address',
  sport: 'source port',
  dport: 'destination port',
  'saddr ip': 'sender’s address',
  'daddr ip': 'target’s address',
  'saddr ether': 'sender’s MAC address',
  'daddr ether': 'target’s MAC address',
  ttl: 'TTL',
  hoplimit: 'hop limit',
  dscp: 'DSCP',
  ecn: 'ECN',
  'frag-off': 'fragment offset',
  nexthdr: 'next header',
  flowlabel: 'flow label',
  hdrlength: 'header length',
  doff: 'data offset',
  urgptr: 'urgent pointer',
  ackseq: 'acknowledgement number',
  csumcov: 'checksum coverage',
  pcp: 'priority',
  dei: 'drop eligibility',
  spi: 'SPI',
  cpi: 'CPI',
  mtu: 'MTU',
  id: 'id',
};

/** Without "its". */
export function noun(expression: Json | undefined, telling: Telling, depth = 0): string {
  const [kind, body] = onlyEntry(expression) ?? [];
  if (kind === undefined || body === undefined || depth > 8) {
    if (typeof expression === 'string' || typeof expression === 'number') return `${expression}`;
    return asWritten(expression, telling);
  }
  const key = textField(body, 'key') ?? '';
  const from = (nouns: Readonly<Record<string, string>>): string =>
    Object.hasOwn(nouns, key) ? nouns[key]! : asWritten(expression, telling);
  switch (kind) {
    case 'payload':
      return payloadNoun(expression, body, telling);
    case 'meta':
      return from(metaNouns);
    case 'ct':
      return ctNoun(expression, body, key, telling);
    case 'rt':
      return (
        {
          nexthop: 'next hop of its route',
          classid: 'realm of its route',
          mtu: 'MTU of its route',
          ipsec: 'route’s IPsec',
        }[key] ?? asWritten(expression, telling)
      );
    case 'socket':
      return (
        {
          mark: 'mark of the local socket',
          transparent: 'local transparent socket',
          wildcard: 'local wildcard socket',
          cgroupv2: 'control group of the local socket',
        }[key] ?? asWritten(expression, telling)
      );
    case 'fib':
      return fibNoun(body);
    case 'exthdr':
      return extraNoun('IPv6', body, 'header');
    case 'tcp option':
      return extraNoun('TCP option', body, '');
    case 'ip option':
      return extraNoun('IPv4 option', body, '');
    case 'sctp chunk':
      return extraNoun('SCTP chunk', body, '');
    case 'dccp option':
      return `DCCP option ${countField(body, 'type') ?? ''}`.trim();
    case 'ipsec':
      return `IPsec ${textField(body, 'dir') ?? ''} ${key}`;
    case 'osf':
      return 'operating system, as its SYN looks,';
    case 'numgen':
    case 'jhash':
    case 'symhash':
      return pickNoun(kind, body, telling, depth);
    case 'concat':
      return eitherOf(listOf(body), (part) => noun(part, telling, depth + 1), 8, 'and');
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return bitsNoun(kind, listOf(body), telling, depth);
    case 'map': {
      const data = fieldOf(body, 'data');
      const of = noun(fieldOf(body, 'key'), telling, depth + 1);
      return typeof data === 'string'
        ? `what ${setWords(data, telling)} holds for its ${of}`
        : `what a list holds for its ${of}`;
    }
    default:
      return asWritten(expression, telling);
  }
}

function payloadNoun(expression: Json | undefined, body: Json, telling: Telling): string {
  const base = textField(body, 'base');
  if (base !== undefined) {
    const headers: Readonly<Record<string, string>> = {
      ll: 'link header',
      nh: 'network header',
      th: 'transport header',
      ih: 'transport payload',
    };
    return `${countField(body, 'len') ?? '?'} bits at bit ${countField(body, 'offset') ?? '?'} of the ${Object.hasOwn(headers, base) ? headers[base] : base}`;
  }
  const [protocol, field] = [textField(body, 'protocol'), textField(body, 'field')];
  if (protocol === undefined || field === undefined) return asWritten(expression, telling);
  const name = Object.hasOwn(payloadNouns, field) ? payloadNouns[field]! : field;
  const layer = Object.hasOwn(layerNames, protocol) ? layerNames[protocol]! : protocol;
  const inner = textField(body, 'tunnel') === undefined ? '' : `inner (${textField(body, 'tunnel')}) `;
  if ((protocol === 'ip' || protocol === 'ip6') && /^[sd]addr$/.test(field)) return `${inner}${name}`;
  if (protocol === 'th') return `${inner}${name}`;
  if (protocol === 'ether' && /^[sd]addr$/.test(field))
    return `${inner}${name.replace('address', 'MAC address')}`;
  return `${inner}${layer} ${name}`;
}

function ctNoun(expression: Json | undefined, body: Json, key: string, telling: Telling): string {
  const dir = textField(body, 'dir');
  const side = dir === undefined ? '' : dir === 'original' ? 'original ' : 'reply ';
  const address = /^(?:ip6? )?([sd])addr$/.exec(key);
  if (address) return `${side}${address[1] === 's' ? 'source' : 'destination'} address`;
  const port = /^proto-(src|dst)$/.exec(key);
  if (port) return `${side}${port[1] === 'src' ? 'source' : 'destination'} port`;
  if (key === 'count') return 'count of connections';
  if (!Object.hasOwn(ctNouns, key)) return asWritten(expression, telling);
  return dir === undefined
    ? ctNouns[key]!
    : `${ctNouns[key]} in ${dir === 'original' ? 'its own' : 'the reply'} direction`;
}

function fibNoun(body: Json): string {
  const flags = textsOf(fieldOf(body, 'flags'));
  const of = flags.includes('saddr') ? 'source' : 'destination';
  const by = flags.includes('iif')
    ? ' (by its input interface)'
    : flags.includes('oif')
      ? ' (by its output interface)'
      : '';
  return textField(body, 'result') === 'type'
    ? `kind of ${of} address${by}`
    : `interface that routes lead back to its ${of} by${by}`;
}

function extraNoun(what: string, body: Json, after: string): string {
  const field = textField(body, 'field');
  return [what, textField(body, 'name') ?? '?', after, field]
    .filter((word) => word !== undefined && word !== '')
    .join(' ');
}

export function pickNoun(kind: string, body: Json, telling: Telling, depth = 0): string {
  const mod = countField(body, 'mod') ?? 0;
  if (kind === 'numgen')
    return textField(body, 'mode') === 'inc'
      ? `turn (of ${mod.toLocaleString('en')})`
      : `random number (of ${mod.toLocaleString('en')})`;
  const of = kind === 'jhash' ? noun(fieldOf(body, 'expr'), telling, depth + 1) : 'connection';
  return `hash (of ${mod.toLocaleString('en')}) of its ${of}`;
}

function bitsNoun(operator: string, operands: readonly Json[], telling: Telling, depth: number): string {
  const [left, ...rest] = operands;
  const values = rest.map((one) =>
    onlyEntry(one) === undefined || Array.isArray(one)
      ? constant(one, left, telling)
      : noun(one, telling, depth + 1),
  );
  const of = noun(left, telling, depth + 1);
  const said = values.join(' and ');
  const words: Readonly<Record<string, string>> = {
    '&': `masked with ${said}`,
    '|': `with ${said} set`,
    '^': `with ${said} flipped`,
    '<<': `shifted left by ${said}`,
    '>>': `shifted right by ${said}`,
  };
  return `${of} (${words[operator]})`;
}
