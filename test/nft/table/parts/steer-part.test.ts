import { describe, expect, it } from 'vitest';
import { slotTable } from '../../../../src/domain/maglev.ts';
import { opening } from '../../../../src/nft/table/parts/opening.ts';
import { type SteeredBind, type SteerWish, steerPart } from '../../../../src/nft/table/parts/steer-part.ts';
import { noPart, type WishedRule } from '../../../../src/nft/table/table-part.ts';

const bind = (over: Partial<SteeredBind> = {}): SteeredBind => ({
  shard: 'default',
  bind: 'web',
  host: '10.0.0.1',
  port: 80,
  instances: 2,
  tableSize: 11,
  ipv6Prefix: 64,
  privatePorts: new Map([
    [1, 40_001],
    [2, 40_002],
  ]),
  ...over,
});
const chains = (wish: Partial<SteerWish>) =>
  new Map(steerPart({ binds: [], others: [], ...wish }).chains.map((chain) => [chain.name, chain]));
/** By slot: the port. */
function portsOf(rules: readonly WishedRule[]): unknown[] {
  const { dnat } = rules[0]!.expressions.at(-1) as {
    dnat: { port: { map: { data: { set: [number | { range: [number, number] }, number][] } } } };
  };
  return dnat.port.map.data.set.flatMap(([slots, port]) => {
    const [first, last] = typeof slots === 'number' ? [slots, slots] : slots.range;
    return new Array<number>(last - first + 1).fill(port);
  });
}

describe('the rules that steer clients', () => {
  it('there are none without private ports', () => {
    expect(steerPart({ binds: [], others: [] })).toBe(noPart);
    expect(steerPart({ binds: [bind({ privatePorts: new Map() })], others: [] })).toBe(noPart);
  });

  it('a bind on an address: clients of its port by slot, from elsewhere and from here; its private ports for nobody else', () => {
    const made = chains({ binds: [bind()] });
    expect([...made.keys()]).toEqual(['steer_1_ip', 'steer_prerouting', 'steer_output']);
    const { base, rules } = made.get('steer_prerouting')!;
    expect(base).toEqual({ type: 'nat', hook: 'prerouting', priority: -100 });
    const address = {
      match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: '10.0.0.1' },
    };
    const port = { payload: { protocol: 'tcp', field: 'dport' } };
    expect(rules.map(({ expressions }) => expressions)).toEqual([
      [address, { match: { op: '==', left: port, right: 80 } }, opening, { goto: { target: 'steer_1_ip' } }],
      [address, { match: { op: '==', left: port, right: { set: [40_001, 40_002] } } }, { drop: null }],
    ]);
    expect(made.get('steer_output')!.base?.hook).toBe('output');
    expect(made.get('steer_output')!.rules).toEqual(rules);
    expect(portsOf(made.get('steer_1_ip')!.rules)).toEqual(
      [...slotTable(2, 11)].map((owner) => 40_000 + owner),
    );
  });

  it('who is away lends its slots, and no others move', () => {
    const rules = chains({
      binds: [
        bind({
          instances: 3,
          privatePorts: new Map([
            [1, 40_001],
            [3, 40_003],
          ]),
        }),
      ],
    }).get('steer_1_ip')!.rules;
    expect(portsOf(rules)).toEqual([...slotTable(3, 11, new Set([2]))].map((owner) => 40_000 + owner));
  });

  it('a wildcard bind comes after those with an address, and leaves other binds of its port alone', () => {
    const { rules } = chains({
      binds: [bind({ host: '0.0.0.0', bind: 'all' }), bind({ bind: 'one' })],
      others: [
        { host: '10.0.0.9', port: 80 },
        { host: '10.0.0.8', port: 81 },
        { host: '2001:db8::1', port: 80 },
      ],
    }).get('steer_prerouting')!;
    expect(rules.map(({ comment }) => comment)).toEqual([
      'clients of bind one',
      'clients of bind all',
      'private ports of bind one: only by way of it',
      'private ports of bind all: only by way of it',
    ]);
    expect(JSON.stringify(rules[1])).toContain('"local"');
    expect(JSON.stringify(rules[1])).toContain('"!=","left":{"payload":{"protocol":"ip","field":"daddr"}}');
    expect(JSON.stringify(rules[1])).toContain('"set":["10.0.0.9"]');
  });

  it.each([
    ['::', ['steer_1_ip', 'steer_1_ip6']],
    ['0.0.0.0', ['steer_1_ip']],
    ['2001:db8::1', ['steer_1_ip6']],
    ['::ffff:10.0.0.1', ['steer_1_ip']],
    ['localhost', []],
  ])('%s is of %j', (host, names) => {
    const made = chains({ binds: [bind({ host })] });
    expect([...made.keys()].filter((name) => /_ip6?$/.test(name))).toEqual(names);
  });

  it('an IPv4 address written as IPv6 is matched as IPv4', () => {
    const { rules } = chains({ binds: [bind({ host: '::ffff:10.0.0.1' })] }).get('steer_prerouting')!;
    expect(JSON.stringify(rules[0])).toContain('"right":"10.0.0.1"');
  });

  it('names of binds are cut to what the kernel keeps', () => {
    const { rules } = chains({ binds: [bind({ bind: 'ü'.repeat(100) })] }).get('steer_prerouting')!;
    for (const { comment } of rules) expect(Buffer.byteLength(comment!)).toBeLessThanOrEqual(128);
  });
});
