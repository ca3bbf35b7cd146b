import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chainAbout, explainChain, explainSet } from '../../../src/nft/explain/explain-chain.ts';
import { explainRule } from '../../../src/nft/explain/explain-rule.ts';
import { ruleText } from '../../../src/nft/explain/rule-text.ts';
import type { Json } from '../../../src/nft/json.ts';
import { readRuleset } from '../../../src/nft/ruleset/read-ruleset.ts';

interface Base {
  readonly type?: string;
  readonly hook?: string;
  readonly prio?: number;
  readonly policy?: string;
}

const sets: readonly Json[] = [
  {
    set: {
      family: 'ip',
      table: 'filter',
      name: 'blocked',
      type: 'ipv4_addr',
      flags: ['interval', 'timeout'],
      elem: [{ elem: { val: '192.0.2.7', timeout: 3600, expires: 700 } }, '192.0.2.9'],
    },
  },
  {
    map: {
      family: 'ip',
      table: 'filter',
      name: 'cc',
      type: ['ipv4_addr', 'inet_service'],
      map: 'verdict',
      elem: [[{ concat: ['10.0.0.1', 80] }, { accept: null }]],
    },
  },
];

function explained(expr: readonly Json[], base: Base | null = { type: 'filter', hook: 'input', prio: 0 }) {
  const of = { family: 'ip', table: 'filter' };
  const ruleset = readRuleset([
    { table: { family: 'ip', name: 'filter' } },
    ...sets,
    { chain: { ...of, name: 'c', ...base } },
    { rule: { ...of, chain: 'c', handle: 1, expr } },
  ]);
  const [table] = ruleset.tables;
  const [chain] = table!.chains;
  const [rule] = chain!.rules;
  return { text: ruleText(rule!), ...explainRule(rule!, chain!, table!, ruleset) };
}

const match = (left: Json, right: Json, op = '=='): Json => ({ match: { op, left, right } });
const payload = (protocol: string, field: string): Json => ({ payload: { protocol, field } });
const meta = (key: string): Json => ({ meta: { key } });
const ct = (key: string, dir?: string): Json => ({ ct: { key, ...(dir !== undefined && { dir }) } });
const saddr = payload('ip', 'saddr');
const dport = payload('tcp', 'dport');
const drop: Json = { drop: null };
const accept: Json = { accept: null };
const nat: Base = { type: 'nat', hook: 'prerouting', prio: -100 };

/** Expressions as nft 1.0.6 writes them; its own syntax; in plain English. */
type Told = readonly [text: string, plain: string, expr: readonly Json[], base?: Base | null];

const rules: readonly Told[] = [
  [
    'ip saddr 192.168.1.100 drop',
    'Drops every packet from 192.168.1.100 addressed to this machine.',
    [match(saddr, '192.168.1.100'), drop],
  ],
  [
    'ip saddr @blocked counter drop',
    'Counts and drops every packet from an address in the set blocked (2 elements, next leaves in 12 min) addressed to this machine.',
    [match(saddr, '@blocked'), { counter: { packets: 3, bytes: 4 } }, drop],
  ],
  [
    'ip saddr != 10.0.0.0/8 tcp dport { 80, 443 } ct state new accept',
    'Accepts every packet from any address but 10.0.0.0/8 to TCP port 80 or 443 of this machine that opens a new connection.',
    [
      match(saddr, { prefix: { addr: '10.0.0.0', len: 8 } }, '!='),
      match(dport, { set: [80, 443] }),
      match(ct('state'), 'new', 'in'),
      accept,
    ],
  ],
  [
    'tcp dport 1024-65535 drop',
    'Drops every packet to TCP ports 1024–65535 that passes through this machine.',
    [match(dport, { range: [1024, 65535] }), drop],
    { type: 'filter', hook: 'forward', prio: 0 },
  ],
  [
    'ct state established,related accept',
    'Accepts every packet that this machine sends of established or related connections.',
    [match(ct('state'), ['established', 'related'], 'in'), accept],
    { type: 'filter', hook: 'output', prio: 0 },
  ],
  [
    'tcp flags & (syn | ack) == syn drop',
    'Drops every packet addressed to this machine with the TCP flag SYN and without ACK.',
    [match({ '&': [payload('tcp', 'flags'), ['syn', 'ack']] }, 'syn'), drop],
  ],
  [
    'iifname "eth*" drop',
    'Drops every packet addressed to this machine that came in by an interface named eth….',
    [match(meta('iifname'), 'eth*'), drop],
  ],
  [
    'meta l4proto { tcp, udp } th dport 53 accept',
    'Accepts every packet over TCP or UDP to port 53 of this machine.',
    [match(meta('l4proto'), { set: ['tcp', 'udp'] }), match(payload('th', 'dport'), 53), accept],
  ],
  [
    'meta l4proto tcp tcp dport 80 accept',
    'Accepts every packet to TCP port 80 of this machine.',
    [match(meta('l4proto'), 'tcp'), match(dport, 80), accept],
  ],
  [
    'meta mark & 0x00004000 == 0x00004000 accept',
    'Accepts every packet addressed to this machine with the mark 0x4000.',
    [match({ '&': [meta('mark'), 16384] }, 16384), accept],
  ],
  [
    'meta mark set meta mark | 0x00004000',
    'Adds 0x4000 to the mark of every packet addressed to this machine.',
    [{ mangle: { key: meta('mark'), value: { '|': [meta('mark'), 16384] } } }],
  ],
  [
    'icmp type echo-request limit rate 5/second accept',
    'Accepts every packet addressed to this machine of ICMP type echo-request, as long as they are no more than 5 a second (bursts of 5).',
    [match(payload('icmp', 'type'), 'echo-request'), { limit: { rate: 5, burst: 5, per: 'second' } }, accept],
  ],
  [
    'limit rate over 10 mbytes/second burst 5 kbytes drop',
    'Drops every packet addressed to this machine, beyond 10 mbytes a second (bursts of 5 kbytes).',
    [
      {
        limit: { rate: 10, rate_unit: 'mbytes', burst: 5, burst_unit: 'kbytes', per: 'second', inv: true },
      },
      drop,
    ],
  ],
  [
    'log prefix "dropped: " group 2 drop',
    'Logs every packet addressed to this machine as “dropped:” to group 2, then drops it.',
    [{ log: { prefix: 'dropped: ', group: 2 } }, drop],
  ],
  [
    'reject with tcp reset',
    'Refuses every packet addressed to this machine, with a TCP reset as the answer.',
    [{ reject: { type: 'tcp reset' } }],
  ],
  [
    'tcp dport vmap { 22 : accept, 443 : goto svc }',
    'Decides on every packet addressed to this machine by its TCP destination port: 22 → accept, 443 → chain svc.',
    [
      {
        vmap: {
          key: dport,
          data: {
            set: [
              [22, accept],
              [443, { goto: { target: 'svc' } }],
            ],
          },
        },
      },
    ],
  ],
  [
    'ip saddr . tcp dport vmap @cc',
    'Lets the map cc (1 element) decide on every packet addressed to this machine, by its source address and TCP destination port.',
    [{ vmap: { key: { concat: [saddr, dport] }, data: '@cc' } }],
  ],
  [
    'tcp dport 22 meter ssh size 65535 { ip saddr limit rate over 3/minute } drop',
    'Drops every packet to TCP port 22 of this machine, beyond 3 a minute (bursts of 5), counted for each source address by itself.',
    [
      match(dport, 22),
      {
        meter: {
          key: saddr,
          stmt: { limit: { rate: 3, burst: 5, per: 'minute', inv: true } },
          size: 65535,
          name: 'ssh',
        },
      },
      drop,
    ],
  ],
  [
    'update @dyn { ip saddr timeout 30s limit rate over 10/second } drop',
    'Puts the source address of every packet addressed to this machine into the set dyn, for 30 s (anew each time). Of these, drops every one, beyond 10 a second (bursts of 5), counted for each source address by itself.',
    [
      {
        set: {
          op: 'update',
          elem: { elem: { val: saddr, timeout: 30 } },
          set: '@dyn',
          stmt: [{ limit: { rate: 10, burst: 5, per: 'second', inv: true } }],
        },
      },
      drop,
    ],
  ],
  [
    'counter ip saddr 10.0.0.1 drop',
    'Counts every packet addressed to this machine. Of these, drops those from 10.0.0.1.',
    [{ counter: { packets: 0, bytes: 0 } }, match(saddr, '10.0.0.1'), drop],
  ],
  [
    'fib daddr type local accept',
    'Accepts every packet, as it arrives, whose destination is an address of this machine.',
    [match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'), accept],
    { type: 'filter', hook: 'prerouting', prio: 0 },
  ],
  [
    'fib saddr . iif oif missing drop',
    'Drops every packet addressed to this machine whose source no route leads back to by the interface it came in by.',
    [match({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false), drop],
  ],
  [
    'ct status ! dnat drop',
    'Drops every packet addressed to this machine of a connection whose destination was not translated (DNAT).',
    [match(ct('status'), 'dnat', '!'), drop],
  ],
  [
    '@th,16,8 & 0xf == 0x3 drop',
    'Drops every packet addressed to this machine whose 8 bits at bit 16 of the transport header (masked with 0xf) is 0x3.',
    [match({ '&': [{ payload: { base: 'th', offset: 16, len: 8 } }, 15] }, 3), drop],
  ],
  [
    'tcp option maxseg size set rt mtu',
    'Sets the TCP option maxseg size of every packet that passes through this machine to the MTU of its route.',
    [
      {
        mangle: {
          key: { 'tcp option': { name: 'maxseg', field: 'size' } },
          value: { rt: { key: 'mtu' } },
        },
      },
    ],
    { type: 'filter', hook: 'forward', prio: 0 },
  ],
  [
    'queue flags bypass to 3',
    'Hands every packet addressed to this machine to a program (nfqueue, queue 3; past it where no program listens).',
    [{ queue: { num: 3, flags: ['bypass'] } }],
  ],
  [
    'meta l4proto { tcp, udp } flow add @ft',
    'Lets the connection of every packet over TCP or UDP that passes through this machine take the short cut of flowtable ft.',
    [match(meta('l4proto'), { set: ['tcp', 'udp'] }), { flow: { op: 'add', flowtable: '@ft' } }],
    { type: 'filter', hook: 'forward', prio: 0 },
  ],
  [
    'tcp dport 80 dnat to 10.1.0.1:8080',
    'Sends every new connection to TCP port 80, as it arrives, on to 10.1.0.1:8080 (DNAT).',
    [match(dport, 80), { dnat: { addr: '10.1.0.1', port: 8080 } }],
    nat,
  ],
  [
    'dnat ip6 to [fd00::5]:8080',
    'Sends every new connection that this machine opens on to [fd00::5]:8080 (DNAT).',
    [{ dnat: { family: 'ip6', addr: 'fd00::5', port: 8080 } }],
    { type: 'nat', hook: 'output', prio: -100 },
  ],
  [
    'dnat ip to numgen inc mod 4 map { 0-2 : 10.1.0.1 . 80, 3 : 10.1.0.2 . 80 }',
    'Sends every new connection, as it arrives, on to one of 2 addresses, in turn: 10.1.0.1:80 (75%), 10.1.0.2:80 (25%) (DNAT).',
    [
      {
        dnat: {
          family: 'ip',
          addr: {
            map: {
              key: { numgen: { mode: 'inc', mod: 4, offset: 0 } },
              data: {
                set: [
                  [{ range: [0, 2] }, { concat: ['10.1.0.1', 80] }],
                  [3, { concat: ['10.1.0.2', 80] }],
                ],
              },
            },
          },
        },
      },
    ],
    nat,
  ],
  [
    'dnat ip to :jhash ip saddr mod 2 seed 0x511ce001 map { 0 : 41001, 1 : 41002 }',
    'Sends every new connection, as it arrives, on to one of 2 ports, by a hash of its source address (always the same one): 41001, 41002 of the same address (DNAT).',
    [
      {
        dnat: {
          family: 'ip',
          port: {
            map: {
              key: { jhash: { mod: 2, seed: 0x511ce001, expr: saddr } },
              data: {
                set: [
                  [0, 41001],
                  [1, 41002],
                ],
              },
            },
          },
        },
      },
    ],
    nat,
  ],
  [
    'oifname "eth0" masquerade random',
    'Lets every new connection, as it leaves, that goes out by eth0 appear to come from this machine’s own address, ports at random (masquerade).',
    [match(meta('oifname'), 'eth0'), { masquerade: { flags: 'random' } }],
    { type: 'nat', hook: 'postrouting', prio: 100 },
  ],
  [
    'redirect to :8080',
    'Sends every new connection, as it arrives, to this machine itself, port 8080 (redirect).',
    [{ redirect: { port: 8080 } }],
    nat,
  ],
  [
    'notrack',
    'Keeps every packet, as it arrives, from being tracked as a connection.',
    [{ notrack: null }],
    { type: 'filter', hook: 'prerouting', prio: -300 },
  ],
  [
    'jump x',
    'Sends every packet that comes to this chain (no rule of its table leads here) through chain x, and on here if nothing there decides.',
    [{ jump: { target: 'x' } }],
    null,
  ],
];

describe('explainRule', () => {
  it.each(rules.map((told) => [told[0], told] as const))('%s', (text, [, plain, expr, base]) => {
    const told = base === undefined ? explained(expr) : explained(expr, base);
    expect(told).toEqual({
      text,
      sentences: [told.sentences[0], ...told.sentences.slice(1)],
      understood: true,
    });
    expect(told.sentences.join(' ')).toBe(plain);
  });

  it('shows what it does not understand as nft has it, and marks it', () => {
    const told = explained([{ xt: { type: 'match', name: 'addrtype' } }, { teleport: { to: 'mars' } }, drop]);
    expect(told.understood).toBe(false);
    expect(told.text).toBe('⟨{"xt":{"type":"match","name":"addrtype"}}⟩ ⟨{"teleport":{"to":"mars"}}⟩ drop');
    expect(told.sentences.join(' ')).toContain('⟨{"teleport":{"to":"mars"}}⟩');
  });

  it('shortens long sets', () => {
    const many = Array.from({ length: 20 }, (_, index) => index + 1);
    const told = explained([match(dport, { set: many }), drop]);
    expect(told.text).toBe('tcp dport { 1, 2, 3, 4, 5, 6, 7, 8, … 12 more } drop');
    expect(told.sentences[0]).toContain('TCP port 1, 2, 3, 4, 5, 6, 7, 8, … 12 more of this machine');
  });

  it('never lets a foreign name through as an escape', () => {
    const told = explained([{ log: { prefix: '\x1b[2J' } }, { jump: { target: '\x1b]0;x\x07\u202e' } }]);
    for (const line of [told.text, ...told.sentences]) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(told.text).toContain('\\x1b[2J');
  });
});

describe('kube-proxy’s rules', () => {
  const { nftables } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../follow/kube-proxy.json'), 'utf8'),
  ) as { nftables: Json[] };
  const ruleset = readRuleset(nftables);
  const [table] = ruleset.tables;
  const firstOf = (chainName: string): string => {
    const chain = table!.chains.find(({ name }) => name.startsWith(chainName))!;
    return explainRule(chain.rules.at(-1)!, chain, table!, ruleset).sentences[0]!;
  };

  it.each([
    [
      'service-ULMVA6XW',
      'kube-proxy: Service shop/web, port http: each new connection goes to one of 3 endpoints, at random.',
    ],
    [
      'service-NEW00000',
      'kube-proxy: Service shop/web, port new: each new connection goes to one of 3 endpoints, at random.',
    ],
    [
      'service-ONE00000',
      'kube-proxy: Service shop/web, port one: each new connection goes to its only endpoint.',
    ],
    [
      'endpoint-BAA3QLKA',
      'kube-proxy: Service shop/web, port http: the connection goes to endpoint 10.1.0.6:8080.',
    ],
    ['service-endpoints-check', 'kube-proxy: refuses Services that have no endpoints.'],
  ])('%s', (chain, sentence) => {
    expect(firstOf(chain)).toBe(sentence);
  });

  it('understands every one of them', () => {
    for (const chain of table!.chains)
      for (const rule of chain.rules)
        expect(explainRule(rule, chain, table!, ruleset).understood, ruleText(rule)).toBe(true);
  });

  it('speaks of connections in chains that only nat chains lead to', () => {
    const chain = table!.chains.find(({ name }) => name === 'services')!;
    expect(explainChain(chain, table!)).toEqual([
      'Sees what chains nat-prerouting and nat-output send here: the first packet of each connection.',
    ]);
  });
});

describe('chains and sets', () => {
  const of = { family: 'inet', table: 't' };
  const { tables } = readRuleset([
    { chain: { ...of, name: 'c', type: 'filter', hook: 'forward', prio: -10, policy: 'drop' } },
    { chain: { ...of, name: 'n', type: 'nat', hook: 'output', prio: -100, policy: 'accept' } },
    { chain: { ...of, name: 'alone' } },
    {
      set: {
        ...of,
        name: 's',
        type: 'ipv4_addr',
        flags: ['timeout'],
        timeout: 60,
        size: 65535,
        elem: ['1.2.3.4'],
      },
    },
  ]);
  const [table] = tables;
  const [filter, natChain, alone] = table!.chains;

  it('says what a chain sees, when, and what its policy means', () => {
    expect(chainAbout(filter!)).toBe('filter, hook forward, priority -10, policy drop');
    expect(explainChain(filter!, table!)).toEqual([
      'Sees every packet that passes through this machine.',
      'What no rule decides is dropped.',
    ]);
    expect(explainChain(natChain!, table!)[0]).toBe(
      'Sees each new connection that this machine opens (only its first packet comes by).',
    );
    expect(explainChain(alone!, table!)).toEqual(['No rule of its table leads here: it sees nothing.']);
  });

  it('says what a set holds', () => {
    expect(explainSet(table!.sets[0]!, table!)).toEqual([
      'A set of ipv4_addr; 1 element; each stays 60 s; room for 65,535.',
    ]);
  });
});
