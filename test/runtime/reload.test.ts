import { expect, it } from 'vitest';
import { EngineError } from '../../src/engine/engine.ts';
import type { LoadedPlan } from '../../src/runtime/reload.ts';
import { backend, plan, scene, server } from './fixture.ts';

const next = plan({
  hash: 'bbbbbbbbbbbb',
  backends: [backend({ servers: [server('app4'), server('app1', { weight: 10 }), server('app2')] })],
});

it('CM11: puts the whole new plan in force, keeps overrides, and drops the drain job of a server that went', async () => {
  const loaded: LoadedPlan = { ok: true, plan: next };
  const on = await scene({ reload: async () => loaded });
  const { client } = await on.console();
  void client.execute({ kind: 'maint', server: 'web/app2' });
  void client.execute({ kind: 'drain', server: 'web/app3', deadlineMs: 0, then: 'wait', killRate: 1 });
  const outcome = client.execute({ kind: 'reload' });
  await on.settle();
  expect(await outcome).toMatchObject({ result: 'done', text: 'plan aaaaaaaaaaaa → bbbbbbbbbbbb' });
  expect([...client.model.server.keys()]).toEqual(['web/app4', 'web/app1', 'web/app2']);
  expect(client.model.server.get('web/app1')).toMatchObject({ weight: 10, configuredWeight: 10 });
  expect(client.model.server.get('web/app2')).toMatchObject({ admin: 'maint', adminBy: 'anna' });
  expect(client.model.drain.size).toBe(0);
  expect([...client.model.drift.keys()]).toEqual(['web/app2:admin', 'web/app3:admin']);
  expect(client.model.runtime.get('runtime')?.plan.hash).toBe('bbbbbbbbbbbb');
  expect(on.engine.plan?.hash).toBe('bbbbbbbbbbbb');
  await on.close();
});

it.each<readonly [string, LoadedPlan, EngineError | undefined, string]>([
  [
    'a configuration with errors',
    {
      ok: false,
      errors: [{ file: 's.yaml', line: 3, column: 7, message: 'unknown key "wieght"' }, { message: 'x' }],
    },
    undefined,
    's.yaml:3:7: unknown key "wieght" (and 1 more, see `sluice check`)',
  ],
  [
    'a bind that fails',
    { ok: true, plan: next },
    new EngineError('bind-failed', ':80 is held by pid 7'),
    ':80 is held by pid 7',
  ],
  [
    'a setting that cannot change',
    { ok: true, plan: plan({ settings: { stateFile: '/elsewhere' } }) },
    undefined,
    'runtime.stateFile cannot change while it runs',
  ],
])('CM11: %s changes nothing', async (_, loaded, failure, text) => {
  const on = await scene({ reload: async () => loaded });
  const { client } = await on.console();
  const before = JSON.stringify([...client.model.server]);
  if (failure) on.engine.failNext(failure);
  const outcome = client.execute({ kind: 'reload' });
  await on.settle();
  expect(await outcome).toMatchObject({ result: 'refused', code: 'bad-configuration', text });
  expect(JSON.stringify([...client.model.server])).toBe(before);
  expect(client.model.runtime.get('runtime')?.plan.hash).toBe('aaaaaaaaaaaa');
  expect(on.engine.plan?.hash).toBe('aaaaaaaaaaaa');
  await on.close();
});

it('says why there is nothing to reload', async () => {
  const on = await scene();
  expect(await on.runtime.reload()).toMatchObject({ result: 'refused', code: 'not-capable' });
  await on.close();
});
