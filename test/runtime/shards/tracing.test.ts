import { expect, it } from 'vitest';
import { admit } from '../../../src/domain/admission.ts';
import { emptyModel } from '../../../src/domain/model.ts';
import type { Trace } from '../../../src/domain/trace.ts';
import { createTracing } from '../../../src/runtime/shards/tracing.ts';
import { bind, route, shard, shardedPlan } from '../../domain/sharded-plans.ts';

const plan = shardedPlan({
  shards: [
    shard('default', {
      instances: 2,
      binds: [bind('web', 'http', { address: { kind: 'ip', host: '127.0.0.1', port: 0 } })],
    }),
  ],
  routes: [route('shop')],
});

function tracing(serving: readonly string[]) {
  const model = emptyModel();
  model.bind.set('web', { name: 'web', address: '127.0.0.1:40001' } as never);
  for (const name of serving) model.instance.set(name, { id: name, name, state: 'serving' } as never);
  model.instance.set('default/2:77', { id: 'default/2:77', name: 'default/2', state: 'leaving' } as never);
  model.server.set('web/app2', { admin: 'maint', operational: 'paused', weight: 100 } as never);
  return createTracing({
    model,
    planInForce: () => plan,
    admission: () => admit(plan),
    terminationOf: () => undefined,
    certificateOf: () => undefined,
  });
}

it('a trace knows the ports, instances and servers that there really are', () => {
  const found = tracing(['default/1'])({ url: 'http://shop.example.com:40001/', from: '10.0.0.1' }) as Trace;
  expect(found.ok).toBe(true);
  expect(found.result).toBe('default/1 → shop → web → app1');
  expect(found.steps[0]).toMatchObject({ chosen: 'web', why: expect.stringContaining('127.0.0.1:40001') });
  expect(found.steps.at(-1)!.others).toEqual([{ name: 'app2', why: 'in maintenance (maint)' }]);
});

it('a question that is none has a fault', () => {
  expect(tracing([])({ url: 'shop' })).toEqual({ fault: expect.stringContaining('a URL begins with') });
});
