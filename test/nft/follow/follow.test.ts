import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow, type Packet } from '../../../src/nft/follow/follow.ts';
import type { Json } from '../../../src/nft/json.ts';
import { readRuleset } from '../../../src/nft/ruleset/read-ruleset.ts';
import { servicePart } from '../../../src/nft/table/parts/service-part.ts';
import { steerPart } from '../../../src/nft/table/parts/steer-part.ts';
import type { TablePart } from '../../../src/nft/table/table-part.ts';

/** As nft 1.0.6 lists the rules that kube-proxy makes: three Services of the three shapes, and one without endpoints. */
const kube = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'kube-proxy.json'), 'utf8')) as { nftables: Json[] }
).nftables;

const packet = (destination: string, more: Partial<Packet> = {}): Packet => ({
  protocol: 'tcp',
  destination,
  destinationPort: 80,
  from: 'outside',
  ...more,
});

/** Chains of base type nat alone matter here. */
function listed({ sets, chains }: TablePart): Json[] {
  const of = { family: 'inet', table: 'sluice' };
  return [
    { table: { family: 'inet', name: 'sluice', handle: 1 } },
    ...sets.map((set) => ({ set: { ...of, name: set.name, type: [...set.type], elem: [] } })),
    ...chains.map(({ name, base }) => ({
      chain: {
        ...of,
        name,
        handle: 1,
        ...(base && { type: base.type, hook: base.hook, prio: base.priority, policy: 'accept' }),
      },
    })),
    ...chains.flatMap(({ name, rules }) =>
      rules.map(({ expressions }, index) => ({
        rule: { ...of, chain: name, handle: index + 1, expr: [...expressions] },
      })),
    ),
  ];
}

describe('follow', () => {
  const three = ['10.1.0.5:8080', '10.1.0.6:8080', '10.1.0.7:8080'];

  it.each([
    ['older: a chain for each endpoint', '172.30.0.41', three],
    ['newer: addresses in a map', '172.30.0.42', three],
    ['a single endpoint', '172.30.0.43', ['10.1.0.5:8080']],
  ])('finds the endpoints of kube-proxy, %s', (_shape, address, endpoints) => {
    for (const from of ['outside', 'this-machine'] as const) {
      const found = follow(readRuleset(kube), packet(address, { from }));
      expect(found.decided, found.why).toBe(true);
      expect(found.endpoints.map((one) => one.address).sort()).toEqual(endpoints);
      for (const { share } of found.endpoints) expect(share).toBeCloseTo(1 / endpoints.length);
      expect(found.steps[0]).toMatchObject({ table: 'ip kube-proxy' });
      expect(found.steps.map(({ text }) => text).join(' ')).toContain('kube-proxy: Service shop/web');
    }
  });

  it('leaves an address alone that no rule translates', () => {
    const found = follow(readRuleset(kube), packet('172.30.9.9'));
    expect(found).toMatchObject({ endpoints: [], decided: true, why: 'no rule translates its destination' });
    expect(follow(readRuleset(kube), packet('172.30.0.41', { protocol: 'udp' })).endpoints).toEqual([]);
    expect(follow(readRuleset(kube), packet('fd00::1')).endpoints).toEqual([]);
  });

  it.each(['random', 'hash'] as const)('finds the endpoints of our own services, picked by %s', (pick) => {
    const part = servicePart([
      {
        server: 'web/app1',
        address: { host: '10.96.0.10', port: 80 },
        pick,
        endpoints: [
          { name: 'a', address: { host: '10.1.0.5', port: 8080 }, weight: 3, drained: false },
          { name: 'b', address: { host: '10.1.0.6', port: 8080 }, weight: 1, drained: false },
          { name: 'c', address: { host: '10.1.0.7', port: 8080 }, weight: 1, drained: true },
        ],
      },
    ]);
    const ruleset = readRuleset(listed(part));
    const found = follow(ruleset, packet('10.96.0.10', { from: 'this-machine' }));
    expect(found.decided, found.why).toBe(true);
    expect(found.endpoints).toEqual([
      { address: '10.1.0.5:8080', share: 0.75 },
      { address: '10.1.0.6:8080', share: 0.25 },
    ]);
    // Others' connections are no business of it.
    expect(follow(ruleset, packet('10.96.0.10')).endpoints).toEqual([]);
  });

  it('says that a service without a ready endpoint refuses', () => {
    const part = servicePart([
      { server: 'web/app1', address: { host: '10.96.0.10', port: 80 }, pick: 'random', endpoints: [] },
    ]);
    const found = follow(readRuleset(listed(part)), packet('10.96.0.10', { from: 'this-machine' }));
    expect(found).toMatchObject({ endpoints: [], decided: true, why: 'a rule refuses it' });
  });

  it.each([
    ['tcp', ['fin', 'syn', 'rst', 'ack'], 'syn', true],
    ['tcp', ['fin', 'syn', 'rst', 'ack'], 'ack', false],
    // Not known: clients may ask for it.
    ['tcp', ['syn', 'ecn'], 'syn', undefined],
    ['udp', ['fin', 'syn', 'rst', 'ack'], 'syn', false],
  ] as const)('a new connection over %s, flags %j: %s is %s', (protocol, mask, flags, holding) => {
    const left = { '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, [...mask]] };
    const to = { dnat: { family: 'ip', addr: '10.1.0.5', port: 8080 } };
    const part: TablePart = {
      counters: [],
      sets: [],
      chains: [
        {
          name: 'entrance',
          base: { type: 'nat', hook: 'prerouting', priority: -100 },
          rules: [{ expressions: [{ match: { op: '==', left, right: flags } }, to] }],
        },
      ],
    };
    const found = follow(readRuleset(listed(part)), packet('192.0.2.1', { protocol }));
    expect(found.decided).toBe(holding !== undefined);
    if (holding !== undefined) expect(found.endpoints).toHaveLength(holding ? 1 : 0);
  });

  it('finds the private ports that clients are steered to', () => {
    const part = steerPart({
      binds: [
        {
          shard: 'default',
          bind: 'b',
          host: '192.0.2.1',
          port: 80,
          instances: 2,
          tableSize: 13,
          ipv6Prefix: 64,
          privatePorts: new Map([
            [1, 41001],
            [2, 41002],
          ]),
        },
      ],
      others: [],
    });
    const found = follow(readRuleset(listed(part)), packet('192.0.2.1'));
    expect(found.decided, found.why).toBe(true);
    expect(found.endpoints.map(({ address }) => address).sort()).toEqual([
      '192.0.2.1:41001',
      '192.0.2.1:41002',
    ]);
    expect(found.endpoints.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1);
  });

  const natTable = (...rules: readonly Json[][]): Json[] => [
    { table: { family: 'ip', name: 'nat' } },
    { chain: { family: 'ip', table: 'nat', name: 'pre', type: 'nat', hook: 'prerouting', prio: -100 } },
    ...rules.map((expr, handle) => ({ rule: { family: 'ip', table: 'nat', chain: 'pre', handle, expr } })),
  ];
  const dnat = (addr: string): Json => ({ dnat: { addr, port: 8080 } });
  const match = (left: Json, right: Json, op = '=='): Json => ({ match: { op, left, right } });
  const saddr = { payload: { protocol: 'ip', field: 'saddr' } };

  it('tells what it depends on, and all that may be, without shares', () => {
    const rules = natTable([match({ meta: { key: 'mark' } }, 7), dnat('10.0.0.1')], [dnat('10.0.0.2')]);
    const found = follow(readRuleset(rules), packet('192.0.2.1'));
    expect(found.decided).toBe(false);
    expect(found.why).toContain('meta mark 0x00000007');
    expect([...found.endpoints].sort((a, b) => a.address.localeCompare(b.address))).toEqual([
      { address: '10.0.0.1:8080' },
      { address: '10.0.0.2:8080' },
    ]);
  });

  it('needs the source only where a rule asks for it', () => {
    const rules = readRuleset(
      natTable(
        [match(saddr, { prefix: { addr: '10.0.0.0', len: 8 } }), dnat('10.0.0.1')],
        [dnat('10.0.0.2')],
      ),
    );
    const from = (source?: string) =>
      follow(rules, packet('192.0.2.1', source === undefined ? {} : { source }));
    expect(from('10.9.9.9').endpoints).toEqual([{ address: '10.0.0.1:8080', share: 1 }]);
    expect(from('192.0.2.9').endpoints).toEqual([{ address: '10.0.0.2:8080', share: 1 }]);
    expect(from().decided).toBe(false);
  });

  it('passes over what only marks, whatever it depends on', () => {
    const rules = natTable(
      [match({ meta: { key: 'skuid' } }, 7), { mangle: { key: { meta: { key: 'mark' } }, value: 1 } }],
      [dnat('10.0.0.2')],
    );
    expect(follow(readRuleset(rules), packet('192.0.2.1'))).toMatchObject({ decided: true });
  });

  it('goes by priority, and stops at the first translation', () => {
    const second: Json[] = [
      { table: { family: 'ip', name: 'early' } },
      { chain: { family: 'ip', table: 'early', name: 'pre', type: 'nat', hook: 'prerouting', prio: -200 } },
      { rule: { family: 'ip', table: 'early', chain: 'pre', handle: 1, expr: [dnat('10.0.0.9')] } },
    ];
    const found = follow(readRuleset([...natTable([dnat('10.0.0.1')]), ...second]), packet('192.0.2.1'));
    expect(found.endpoints).toEqual([{ address: '10.0.0.9:8080', share: 1 }]);
  });

  it('comes to an end where chains go round', () => {
    const round: Json[] = [
      ...natTable([{ goto: { target: 'a' } }]),
      { chain: { family: 'ip', table: 'nat', name: 'a' } },
      { rule: { family: 'ip', table: 'nat', chain: 'a', handle: 1, expr: [{ goto: { target: 'a' } }] } },
    ];
    expect(follow(readRuleset(round), packet('192.0.2.1'))).toMatchObject({ decided: false, endpoints: [] });
    const draws: Json[] = [
      ...natTable([{ goto: { target: 'a' } }]),
      { chain: { family: 'ip', table: 'nat', name: 'a' } },
      {
        rule: {
          family: 'ip',
          table: 'nat',
          chain: 'a',
          handle: 1,
          expr: [
            {
              vmap: {
                key: { numgen: { mode: 'random', mod: 2, offset: 0 } },
                data: {
                  set: [
                    [0, { goto: { target: 'a' } }],
                    [1, { jump: { target: 'a' } }],
                  ],
                },
              },
            },
          ],
        },
      },
    ];
    expect(follow(readRuleset(draws), packet('192.0.2.1')).decided).toBe(false);
  });
});
