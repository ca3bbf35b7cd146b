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
