import { describe, expect, it } from 'vitest';
import {
  endpointCounterName,
  type ServiceRules,
  serviceChainName,
  servicePart,
} from '../../../../src/nft/table/parts/service-part.ts';

const endpoint = (host: string, weight = 1, drained = false) => ({
  name: `${host}:8080`,
  address: { host, port: 8080 },
  weight,
  drained,
});

const service = (over: Partial<ServiceRules> = {}): ServiceRules => ({
  server: 'web/app1',
  address: { host: '10.96.0.10', port: 80 },
  pick: 'random',
  endpoints: [endpoint('10.1.0.5', 3), endpoint('10.1.0.6'), endpoint('10.1.0.7', 2)],
  ...over,
});

const chainOf = (rules: readonly ServiceRules[], name: string) =>
  servicePart(rules).chains.find((chain) => chain.name === name);

describe('rules of services', () => {
  it('are none where there is no service', () => {
    expect(servicePart([])).toEqual({ counters: [], sets: [], chains: [] });
  });

  it('send a new connection to an endpoint by weight, and count it there', () => {
    const part = servicePart([service()]);
    expect(part.counters.map(({ name, comment }) => [name, comment])).toEqual([
      ['service_web_app1_10.1.0.5_8080', 'web/app1 10.1.0.5:8080'],
      ['service_web_app1_10.1.0.6_8080', 'web/app1 10.1.0.6:8080'],
      ['service_web_app1_10.1.0.7_8080', 'web/app1 10.1.0.7:8080'],
    ]);
    expect(chainOf([service()], 'service_web_app1')?.rules[0]?.expressions).toEqual([
      {
        vmap: {
          key: { numgen: { mode: 'random', mod: 6, offset: 0 } },
          data: {
            set: [
              [{ range: [0, 2] }, { goto: { target: 'service_web_app1_10.1.0.5_8080' } }],
              [3, { goto: { target: 'service_web_app1_10.1.0.6_8080' } }],
              [{ range: [4, 5] }, { goto: { target: 'service_web_app1_10.1.0.7_8080' } }],
            ],
          },
        },
      },
    ]);
    expect(chainOf([service()], 'service_web_app1_10.1.0.5_8080')?.rules[0]?.expressions).toEqual([
      { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } },
      { counter: 'service_web_app1_10.1.0.5_8080' },
      { dnat: { family: 'ip', addr: '10.1.0.5', port: 8080 } },
    ]);
  });

  it('are of this machine alone: only hook output and what becomes of its sources', () => {
    const bases = servicePart([service()]).chains.flatMap(({ base }) => (base ? [base.hook] : []));
    expect(bases).toEqual(['output', 'postrouting']);
  });

  it('define every chain before it is gone to', () => {
    const names = servicePart([
      service(),
      service({ server: 'web/b', address: { host: 'fd00::1', port: 1 } }),
    ]).chains.map(({ name }) => name);
    expect(names.indexOf('service_web_app1_10.1.0.7_8080')).toBeLessThan(names.indexOf('service_web_app1'));
    expect(names.indexOf('service_web_b')).toBeLessThan(names.indexOf('service_output'));
  });

  it('hash the address and port that a connection comes from', () => {
    const [rule] = chainOf([service({ pick: 'hash' })], 'service_web_app1')!.rules;
    expect(rule!.expressions[0]).toMatchObject({
      vmap: {
        key: { jhash: { mod: 6, expr: { concat: [{ payload: { protocol: 'ip', field: 'saddr' } }, {}] } } },
      },
    });
  });

  it('leave out what drains but keep its counter; with one left there is nothing to draw', () => {
    const drained = service({ endpoints: [endpoint('10.1.0.5', 1, true), endpoint('10.1.0.6')] });
    expect(servicePart([drained]).counters).toHaveLength(2);
    expect(chainOf([drained], 'service_web_app1_10.1.0.5_8080')).toBeUndefined();
    expect(chainOf([drained], 'service_web_app1')?.rules[0]?.expressions).toEqual([
      { goto: { target: 'service_web_app1_10.1.0.6_8080' } },
    ]);
  });

  it('refuse connections where every endpoint drains', () => {
    const none = service({ endpoints: [endpoint('10.1.0.5', 1, true)] });
    expect(chainOf([none], 'service_web_app1')?.rules[0]?.expressions).toContainEqual({
      reject: { type: 'tcp reset' },
    });
  });

  it('keep families apart', () => {
    const six = service({
      server: 'web/six',
      address: { host: 'fd00:96::10', port: 80 },
      endpoints: [endpoint('fd00:1::5')],
    });
    expect(chainOf([service(), six], 'service_output')?.rules).toHaveLength(2);
    expect(endpointCounterName('web/six', { host: 'fd00:1::5', port: 80 })).toBe(
      'service_web_six_fd00.1..5_80',
    );
  });
});

describe('names', () => {
  it.each([
    ['web/app1', 'service_web_app1'],
    ['web/app-1', /^service_web_app_1_[0-9a-f]{8}$/],
    ['web/app_1', /^service_web_app_1_[0-9a-f]{8}$/],
    [`${'b'.repeat(200)}/${'s'.repeat(200)}`, /^service_b{32}_[0-9a-f]{8}$/],
  ] as const)('of %s can be read back by nft', (server, name) => {
    expect(serviceChainName(server)).toMatch(typeof name === 'string' ? new RegExp(`^${name}$`) : name);
    const counter = endpointCounterName(server, {
      host: 'fd00:1111:2222:3333:4444:5555:6666:7777',
      port: 65_535,
    });
    expect(counter).toMatch(/^[A-Za-z][A-Za-z0-9/\\_.]*$/);
    expect(counter.length).toBeLessThanOrEqual(100);
  });

  it('are different where servers are', () => {
    const servers = ['a-b/c', 'a_b/c', 'a/b_c', 'a/b-c', 'a.b/c', 'a:b/c', 'a/b:c'] as const;
    expect(new Set(servers.map(serviceChainName)).size).toBe(servers.length);
  });
});
