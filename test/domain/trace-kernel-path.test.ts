import { expect, it } from 'vitest';
import type { Admission } from '../../src/domain/admission.ts';
import type { BindPathEntity } from '../../src/domain/kernel.ts';
import type { ServerEntity } from '../../src/domain/model.ts';
import { trace } from '../../src/domain/trace.ts';
import { ip, planOf, server } from '../engine/kernel/path-plan.ts';

const noAdmission = { served: new Map() } as unknown as Admission;
const entity = (name: string, over: Partial<ServerEntity>): [string, ServerEntity] => [
  `db/${name}`,
  { key: `db/${name}`, name, admin: 'ready', operational: 'up', weight: 100, ...over } as ServerEntity,
];
const asked = (path: BindPathEntity, servers: readonly [string, ServerEntity][] = [], plan = planOf()) =>
  trace(
    { url: 'tcp://10.1.0.1:5432', from: '192.0.2.7' },
    {
      plan,
      admission: noAdmission,
      addresses: new Map(),
      terminationOf: () => undefined,
      servers: new Map(servers),
      certificateOf: () => undefined,
      serving: new Set(['default/1']),
      paths: new Map([['db', path]]),
    },
  );

it('goes past every instance, by weight', () => {
  const { steps, result, ok } = asked({ by: 'kernel' }, [
    entity('pg1', { weight: 300 }),
    entity('pg2', { admin: 'drain' }),
  ]);
  expect(steps.map(({ what }) => what)).toEqual(['bind', 'shard', 'backend', 'kernel']);
  expect(steps.at(-1)).toMatchObject({
    why: expect.stringContaining('in turn, by weight'),
    candidates: [
      { name: 'pg1', share: 0.75 },
      { name: 'pg3', share: 0.25 },
    ],
    others: [{ name: 'pg2', why: expect.stringContaining('drain') }],
  });
  expect([result, ok]).toEqual(['kernel → db → pg1 or pg3', true]);
});

it('to a service’s endpoints, but for those in drain', () => {
  const endpoints = [1, 2].map((n) => ({ address: ip(`10.3.0.${n}`, 80), weight: n }));
  const plan = planOf({}, { servers: [server('pg1', { service: { pick: 'random', endpoints } })] });
  const drain = { address: '10.3.0.1:80', admin: 'drain' };
  const service = { pick: 'random', inForce: true, endpoints: [drain] } as unknown as ServerEntity['service'];
  const { result } = asked({ by: 'kernel' }, [entity('pg1', { ...(service && { service }) })], plan);
  expect(result).toBe('kernel → db → pg1 10.3.0.2:80');
});

it('ends where no server takes new clients', () => {
  const all = ['pg1', 'pg2', 'pg3'].map((name) => entity(name, { admin: 'maint' }));
  expect(asked({ by: 'kernel' }, all)).toMatchObject({
    ok: false,
    result: expect.stringContaining('is refused'),
  });
});

it('where it is relayed, it says why, and goes on to the instance', () => {
  const { steps, ok } = asked({ by: 'relay', why: 'no forwarding' });
  expect(steps.map(({ what, chosen }) => [what, chosen]).slice(2, 4)).toEqual([
    ['kernel', 'relay'],
    ['instance', 'default/1'],
  ]);
  expect(ok).toBe(true);
});

it('where nobody takes them, it ends', () => {
  const { steps, ok, result } = asked({ by: 'none', why: 'no forwarding' });
  expect(steps.at(-1)?.why).toContain('no forwarding');
  expect([ok, result]).toEqual([false, 'the connection is refused: nobody listens (fallback: none)']);
});
