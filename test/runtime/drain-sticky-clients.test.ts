import { expect, it } from 'vitest';
import { scene } from './fixture.ts';

it("is not drained while a cookie client can come back, shows its arrivals, and carries out the deadline's action", async () => {
  const on = await scene();
  const { client } = await on.console();
  const sticky = on.engine.open({ server: 'web/app1', backend: 'web', phase: 'idle' });
  const outcome = client.execute({
    kind: 'drain',
    server: 'web/app1',
    deadlineMs: 20_000,
    then: 'maint',
    killRate: 1,
  });
  await on.settle();
  await outcome;
  await on.pass(5_000);
  const job = () => client.model.drain.get('web/app1');
  expect(job()).toMatchObject({ phase: 'draining', progress: { streams: 0, sticky: 1, arrivals: 0 } });
  on.engine.arrive('web/app1', 1);
  await on.pass(1_000);
  expect(job()).toMatchObject({ phase: 'draining', progress: { arrivals: 1 } });
  await on.pass(4_000);
  expect(job()).toMatchObject({ progress: { arrivals: 0 } });

  await on.pass(11_000);
  expect(job()).toBeUndefined();
  expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'maint', adminBy: 'runtime' });
  expect(on.engine.wishes.get('web/app1')).toMatchObject({ admin: 'maint' });
  expect(
    [...client.model.journal.values()].map(({ actor, text }) => `${actor.name} (${actor.from}): ${text}`),
  ).toEqual([
    'runtime (start): runtime started, plan aaaaaaaaaaaa',
    'anna (local): drain, deadline 20 s then maint',
    'runtime (drain job): drain deadline passed, left: 1 idle cookie client',
    'runtime (drain job): maint',
  ]);
  on.engine.end(sticky);
  await on.close();
});

it('is drained once the last one left and the quiet time passed, and not any more when one arrives', async () => {
  const on = await scene();
  const { client } = await on.console();
  const stream = on.engine.open({ server: 'web/app1', backend: 'web' });
  void client.execute({ kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 });
  await on.pass(4_000);
  const phase = () => client.model.drain.get('web/app1')?.phase;
  expect(phase()).toBe('draining');
  on.engine.end(stream);
  await on.pass(200);
  expect(phase()).toBe('drained');
  on.engine.arrive('web/app1', 1);
  await on.pass(200);
  expect(phase()).toBe('draining');
  await on.pass(3_200);
  expect(phase()).toBe('drained');
  await on.close();
});
