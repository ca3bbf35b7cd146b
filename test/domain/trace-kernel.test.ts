import { expect, it } from 'vitest';
import type { EndpointEntity, Usable } from '../../src/domain/kernel.ts';
import type { ServerEntity } from '../../src/domain/model.ts';
import type { TraceStep } from '../../src/domain/trace.ts';
import { kernelSteps, type Translated } from '../../src/domain/trace-kernel.ts';
import { backend, server } from './sharded-plans.ts';

const web = backend('web', { servers: [server('app1', 1), server('app2', 2)] });

const endpoint = (
  address: string,
  weight: number,
  admin: EndpointEntity['admin'] = 'ready',
): EndpointEntity => ({
  address,
  weight,
  admin,
  configuredAdmin: 'ready',
  ...(admin === 'drain' && { adminBy: 'anna' }),
});

function entity(name: string, service?: ServerEntity['service']): ServerEntity {
  return {
    key: `web/${name}`,
    backend: 'web',
    name,
    address: '10.96.0.10:80',
    ...(service && { service }),
    weight: 100,
    configuredWeight: 100,
    backup: false,
    maxConnections: 0,
    admin: 'ready',
    configuredAdmin: 'ready',
    adminSince: 0,
    operational: 'up',
    operationalSince: 0,
  } as ServerEntity;
}

const service = (inForce: Usable, ...endpoints: EndpointEntity[]) =>
  ({ pick: 'random', inForce, endpoints }) as const;
const step = (...names: string[]): TraceStep => ({
  what: 'server',
  chosen: names[0]!,
  why: '',
  others: [],
  candidates: names.map((name) => ({ name, why: '' })),
});
const facts = (
  entities: readonly ServerEntity[],
  translated?: (address: string) => Translated | undefined,
) => ({
  servers: new Map(entities.map((each) => [each.key, each])),
  ...(translated && { translated }),
});

it('endpoints that are ready, with their shares; those that drain, with who did it', () => {
  const of = service(
    true,
    endpoint('10.1.0.5:80', 3),
    endpoint('10.1.0.6:80', 1),
    endpoint('10.1.0.7:80', 4, 'drain'),
  );
  const { steps, ending } = kernelSteps(web, step('app1'), undefined, facts([entity('app1', of)]));
  expect(steps).toEqual([
    {
      what: 'kernel',
      chosen: '10.1.0.5:80 or 10.1.0.6:80',
      why: 'of web/app1: nftables translates 10.96.0.10:80, at random, by weight',
      others: [{ name: '10.1.0.7:80', why: 'in drain, by anna' }],
      candidates: [
        { name: '10.1.0.5:80', share: 0.75, why: 'weight 3 of 4' },
        { name: '10.1.0.6:80', share: 0.25, why: 'weight 1 of 4' },
      ],
    },
  ]);
  expect(ending).toEqual({ text: 'app1 → 10.1.0.5:80 or 10.1.0.6:80', ok: true });
});

it('ends where no endpoint is ready, or nobody translates the address', () => {
  const drained = service(true, endpoint('10.1.0.5:80', 3, 'drain'));
  expect(kernelSteps(web, step('app1'), undefined, facts([entity('app1', drained)])).ending).toEqual({
    text: 'app1: connecting to 10.96.0.10:80 is refused: every endpoint drains',
    ok: false,
  });
  const off = service({ no: 'no nft here', remedy: 'install nftables' }, endpoint('10.1.0.5:80', 3));
  expect(kernelSteps(web, step('app1'), undefined, facts([entity('app1', off)])).ending?.text).toBe(
    'app1: 10.96.0.10:80 is translated to no endpoint: no nft here; install nftables',
  );
});

it('a step for each server that may be chosen, where one of several is no end', () => {
  const of = service(true, endpoint('10.1.0.5:80', 1));
  const { steps, ending } = kernelSteps(
    web,
    step('app1', 'app2'),
    undefined,
    facts([entity('app1', of), entity('app2', of)]),
  );
  expect(steps.map(({ chosen }) => chosen)).toEqual(['10.1.0.5:80', '10.1.0.5:80']);
  expect(ending).toBeUndefined();
});

it("other tables' rules are followed, and nothing is said where there are none", () => {
  const translated: Translated = {
    rule: 'ip kube-proxy service-ABC',
    text: 'kube-proxy: Service shop/web → one of 2 endpoints',
    endpoints: [
      { address: '10.1.0.5:80', share: 0.5 },
      { address: '10.1.0.6:80', share: 0.5 },
    ],
  };
  expect(kernelSteps(web, step('app1'), undefined, facts([entity('app1')])).steps).toEqual([]);
  const { steps } = kernelSteps(
    web,
    step('app1'),
    undefined,
    facts([entity('app1')], () => translated),
  );
  expect(steps).toMatchObject([
    {
      what: 'kernel',
      chosen: '10.1.0.5:80 or 10.1.0.6:80',
      why: 'of web/app1: kube-proxy: Service shop/web → one of 2 endpoints (ip kube-proxy service-ABC)',
    },
  ]);
});
