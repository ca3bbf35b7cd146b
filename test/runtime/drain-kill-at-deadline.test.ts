import { expect, it } from 'vitest';
import { scene } from './fixture.ts';

it('ends what is left at a steady pace, counts it, and is drained', async () => {
  const on = await scene();
  const { client } = await on.console();
  for (let index = 0; index < 20; index++)
    on.engine.open({ server: 'web/app1', backend: 'web', phase: index % 2 ? 'tunnel' : 'data' });
  void client.execute({ kind: 'drain', server: 'web/app1', deadlineMs: 5_000, then: 'kill', killRate: 5 });
  await on.pass(5_000);
  const job = () => client.model.drain.get('web/app1')!;
  const left: number[] = [];
  for (let second = 0; second < 5; second++) {
    left.push(on.engine.server('web/app1').streams);
    await on.pass(1_000);
  }
  for (const [index, streams] of left.entries())
    expect(Math.abs(20 - index * 5 - streams)).toBeLessThanOrEqual(2);
  await on.pass(2_000);
  expect(job()).toMatchObject({ phase: 'drained', progress: { streams: 0, streamsAtStart: 20, killed: 20 } });
  expect([...client.model.journal.values()].map(({ text }) => text).slice(2)).toEqual([
    'drain deadline passed, killing what is left: 20 streams',
    expect.stringMatching(/^drained after \d+ s \(drain by anna\), 20 killed$/),
  ]);
  await on.close();
});
