import { expect, it } from 'vitest';
import { scene } from './fixture.ts';

it('drains a server that has no traffic after the quiet time, and says so in the journal', async () => {
  const { engine, ...it } = await scene();
  const { client } = await it.console();
  const outcome = client.execute({
    kind: 'drain',
    server: 'web/app1',
    deadlineMs: 0,
    then: 'wait',
    killRate: 10,
  });
  await it.settle();
  expect(await outcome).toMatchObject({ result: 'done', text: 'web/app1 is draining' });
  expect(engine.wishes.get('web/app1')).toMatchObject({ admin: 'drain' });
  expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'drain', adminBy: 'anna' });
  await it.pass(400);
  expect(client.model.drain.get('web/app1')).toMatchObject({ phase: 'drained' });
  expect([...client.model.journal.values()].map(({ text }) => text)).toEqual([
    'runtime started, plan aaaaaaaaaaaa',
    'drain, no deadline',
    'drained after 0 s (drain by anna)',
  ]);
  await it.close();
});

it('is not kept from it by a clock that is set back', async () => {
  const on = await scene();
  const { client } = await on.console();
  const held = on.engine.open({ server: 'web/app1', backend: 'web' });
  const drain = { kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 10 } as const;
  const outcome = client.execute(drain);
  await on.settle();
  expect(await outcome).toMatchObject({ result: 'done' });
  await on.pass(400);
  on.clock.setBack(3_600_000);
  on.engine.end(held);
  await on.pass(600);
  const job = () => client.model.drain.get('web/app1');
  expect(job()).toMatchObject({ phase: 'draining', progress: { streams: 0 } });
  await on.pass(3_000);
  expect(job()).toMatchObject({ phase: 'drained' });
  await on.close();
});
