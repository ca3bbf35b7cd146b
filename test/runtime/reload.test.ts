import { expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import type { Plan } from '../../src/domain/plan.ts';
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

it('CM11: tells that a drain ended with its server, and that the override holds once the server is back', async () => {
  let loaded: Plan = next;
  const on = await scene({ reload: async () => ({ ok: true, plan: loaded }) });
  on.engine.open({ server: 'web/app3', backend: 'web' });
  const { client } = await on.console();
  const run = async (command: Command) => {
    const outcome = client.execute(command);
    await on.settle();
    expect(await outcome).toMatchObject({ result: 'done' });
  };
  const told = (subject: string) =>
    [...client.model.journal.values()]
      .filter((entry) => entry.kind === 'event' && entry.subject === subject)
      .map(({ severity, text }) => [severity, text]);
  await run({ kind: 'drain', server: 'web/app3', deadlineMs: 60_000, then: 'maint', killRate: 1 });
  await run({ kind: 'weight', server: 'web/app3', weight: 7 });
  await run({ kind: 'reload' });
  const ended = [
    'warning',
    'drain by anna ended with the reload: web/app3 is not in the configuration any more; its override is kept until somebody resets it',
  ];
  expect(told('web/app3')).toEqual([ended]);
  await run({ kind: 'reload' });
  expect(told('web/app3')).toEqual([ended]);

  loaded = plan();
  await run({ kind: 'reload' });
  expect(told('web/app3')).toEqual([
    ended,
    [
      'warning',
      'web/app3 is in the configuration again: the override by anna holds (drain, weight 7), and no drain job runs on it',
    ],
  ]);
  expect(on.engine.wishes.get('web/app3')).toMatchObject({ admin: 'drain', weight: 7 });
  await on.pass(70_000);
  expect(client.model.drain.size).toBe(0);
  expect(client.model.server.get('web/app3')).toMatchObject({ admin: 'drain', weight: 7 });
  expect(told('web/app3')).toHaveLength(2);
  await on.close();
});

it('tells that a drain ended because the configuration says otherwise', async () => {
  const drained = plan({ backends: [backend({ servers: [server('app1', { admin: 'drain' })] })] });
  const on = await scene({ plan: drained, reload: async () => ({ ok: true, plan: plan() }) });
  const { client } = await on.console();
  void client.execute({ kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 });
  await on.settle();
  expect(client.model.drain.size).toBe(1);
  void client.execute({ kind: 'reload' });
  await on.settle();
  expect(client.model.drain.size).toBe(0);
  expect([...client.model.journal.values()].map(({ text }) => text)).toContain(
    'drain by anna ended with the reload: the configuration says ready',
  );
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
