import { expect, it } from 'vitest';
import type { Usable } from '../../../src/domain/kernel.ts';
import type { Service } from '../../../src/domain/plan.ts';
import type { Translated } from '../../../src/domain/trace-kernel.ts';
import { type Conntrack, ConntrackError, type Flow } from '../../../src/nft/conntrack/conntrack.ts';
import { createHops } from '../../../src/runtime/endpoints/hops.ts';
import { testClock } from '../fixture.ts';

const side = (source: string, sourcePort: number, destination: string, destinationPort: number) => ({
  source,
  sourcePort,
  destination,
  destinationPort,
});

const flow = (to: string, endpoint: string, port = 8080): Flow => ({
  id: 1,
  family: 'ipv4',
  state: 'ESTABLISHED',
  timeoutS: 100,
  original: side('10.0.0.1', 40_312, to, 80),
  reply: side(endpoint, port, '10.0.0.1', 40_312),
});

const service: Service = {
  pick: 'random',
  endpoints: ['10.1.0.5', '10.1.0.6'].map((host) => ({
    address: { kind: 'ip', host, port: 8080 },
    weight: 1,
  })),
};

const kubeProxy: Translated = {
  rule: 'ip kube-proxy service-ABC-shop/web/tcp/http',
  text: 'kube-proxy: Service shop/web, port http → one of 2 endpoints',
  endpoints: [{ address: '10.1.0.5:8080' }, { address: '10.1.0.6:8080' }],
};

function world(options: { flows?: readonly Flow[] | Error; usable?: Usable; foreign?: Translated } = {}) {
  const { flows = [], usable = true, foreign } = options;
  const clock = testClock();
  let asked = 0;
  const conntrack: Conntrack = {
    usable: async () => ({ list: usable, accounting: true }),
    async list() {
      asked += 1;
      if (flows instanceof Error) throw flows;
      return { flows, more: false };
    },
    forget: async () => false,
  };
  const hops = createHops({
    conntrack,
    clock,
    service: (server) => (server === 'web/app1' ? service : undefined),
    translated: async () => foreign,
  });
  return { hops, clock, asked: () => asked };
}

const of = (serverAddress: string, server: `${string}/${string}` = 'web/app1') => ({
  localAddress: '10.0.0.1:40312',
  serverAddress,
  server,
});

it('names the endpoint that answers, and our rule that chose it', async () => {
  const { hops } = world({ flows: [flow('10.96.0.10', '10.1.0.6')] });
  expect(await hops.hopOf(of('10.96.0.10:80'))).toEqual({
    to: '10.96.0.10:80',
    endpoint: '10.1.0.6:8080',
    rule: 'inet sluice service_web_app1_10.1.0.6_8080',
    text: 'service web/app1 → one of 2 endpoints, at random, by weight',
  });
});

it('is not led astray by another connection', async () => {
  const other = { ...flow('10.96.0.10', '10.1.0.5'), original: side('10.0.0.1', 40_313, '10.96.0.10', 80) };
  const { hops } = world({ flows: [other, flow('10.96.0.10', '10.1.0.6')] });
  expect(await hops.hopOf(of('10.96.0.10:80'))).toMatchObject({ endpoint: '10.1.0.6:8080' });
});

it('says why it is not known to which of them, where the kernel cannot tell', async () => {
  const text = async (options: Parameters<typeof world>[0]) =>
    (await world(options).hops.hopOf(of('10.96.0.10:80')))?.text;
  expect(await text({ usable: { no: 'no conntrack here', remedy: 'apt-get install conntrack' } })).toMatch(
    /to which of them is not known: no conntrack here; apt-get install conntrack$/,
  );
  expect(await text({ flows: [] })).toMatch(/tracks no such connection$/);
  expect(await text({ flows: new ConntrackError('hangs\u001b[2J') })).toMatch(/hangs/);
  expect(await text({ flows: new ConntrackError('hangs\u001b[2J') })).not.toContain('\u001b');
});

it('names the rule of another table, and that it is not known where it cannot be found', async () => {
  const flows = [flow('10.97.0.1', '10.1.0.5')];
  expect(await world({ flows, foreign: kubeProxy }).hops.hopOf(of('10.97.0.1:80', 'web/app2'))).toEqual({
    to: '10.97.0.1:80',
    endpoint: '10.1.0.5:8080',
    rule: kubeProxy.rule,
    text: kubeProxy.text,
  });
  expect(await world({ flows }).hops.hopOf(of('10.97.0.1:80', 'web/app2'))).toMatchObject({
    endpoint: '10.1.0.5:8080',
    text: expect.stringContaining('not known'),
  });
});

it('is nothing where nothing translates the address', async () => {
  const { hops } = world({ flows: [flow('10.97.0.1', '10.97.0.1', 80)] });
  expect(await hops.hopOf(of('10.97.0.1:80', 'web/app2'))).toBeUndefined();
  expect(await hops.hopOf({ ...of('unix:/run/app.sock', 'web/app2') })).toBeUndefined();
  expect(await hops.hopOf({ serverAddress: '10.96.0.10:80', server: 'web/app1' })).toBeUndefined();
});

it('asks the kernel once a second at most', async () => {
  const { hops, clock, asked } = world({ flows: [flow('10.96.0.10', '10.1.0.6')] });
  await Promise.all([hops.hopOf(of('10.96.0.10:80')), hops.hopOf(of('10.96.0.10:80'))]);
  expect(asked()).toBe(1);
  clock.advance(1_000);
  await hops.hopOf(of('10.96.0.10:80'));
  expect(asked()).toBe(2);
});
