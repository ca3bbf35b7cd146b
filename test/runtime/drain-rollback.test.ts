import { expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import { EngineError } from '../../src/engine/engine.ts';
import { scene } from './fixture.ts';

const drain = { kind: 'drain', server: 'web/app1', deadlineMs: 2_000, then: 'ready', killRate: 1 } as const;

async function drained(on: Awaited<ReturnType<typeof scene>>, commands: readonly Command[]) {
  const { client } = await on.console();
  for (const command of commands) {
    const outcome = client.execute(command);
    await on.settle();
    expect(await outcome).toMatchObject({ result: 'done' });
  }
  return client;
}

it('rolls back to the exact former state and weight', async () => {
  const on = await scene();
  const client = await drained(on, [
    { kind: 'weight', server: 'web/app1', weight: 50 },
    { ...drain, deadlineMs: 0 },
    { kind: 'weight', server: 'web/app1', weight: 1 },
    { kind: 'rollback', server: 'web/app1' },
  ]);
  expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'ready', weight: 50 });
  expect(on.engine.wishes.get('web/app1')).toMatchObject({ admin: 'ready', weight: 50 });
  expect([...client.model.drift.keys()]).toEqual(['web/app1:weight']);
  expect(client.model.drain.size).toBe(0);
  const again = client.execute({ kind: 'rollback', server: 'web/app1' });
  await on.settle();
  expect(await again).toMatchObject({ result: 'refused', code: 'no-drain-job' });
  await on.close();
});

it('rolls back by itself at the deadline, where that was the wish', async () => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const client = await drained(on, [drain]);
  await on.pass(1_800);
  expect(client.model.server.get('web/app1')?.admin).toBe('drain');
  await on.pass(600);
  expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'ready', weight: 100 });
  expect(client.model.drift.size).toBe(0);
  await on.close();
});

it.each(['ready', 'maint'] as const)('ends when an operator sets %s', async (kind) => {
  const on = await scene();
  const client = await drained(on, [drain, { kind, server: 'web/app1' }]);
  expect(client.model.drain.size).toBe(0);
  await on.pass(10_000);
  expect(client.model.server.get('web/app1')?.admin).toBe(kind);
  await on.close();
});

it('keeps what it restores when it is given another deadline', async () => {
  const on = await scene();
  const client = await drained(on, [
    { kind: 'weight', server: 'web/app1', weight: 50 },
    drain,
    { ...drain, deadlineMs: 60_000, then: 'wait' },
  ]);
  await on.pass(3_000);
  expect(client.model.drain.get('web/app1')).toMatchObject({
    then: 'wait',
    before: { admin: 'ready', weight: 50, overridden: true },
  });
  await on.close();
});

it.each([0, 60_000])('is not overdue any more with another deadline, %d ms', async (deadlineMs) => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const client = await drained(on, [{ ...drain, then: 'wait' }]);
  const job = () => client.model.drain.get('web/app1');
  await on.pass(3_000);
  expect(job()?.phase).toBe('overdue');
  const change = client.execute({ ...drain, deadlineMs, then: 'wait' });
  await on.settle();
  expect(await change).toMatchObject({ result: 'done' });
  expect(job()?.phase).toBe('draining');
  const undo = client.execute({ kind: 'undo' });
  await on.settle();
  expect(await undo).toMatchObject({ result: 'done' });
  expect(job()?.phase).toBe('draining');
  await on.pass(1_000);
  expect([...client.model.journal.values()].map(({ text }) => text).join()).not.toMatch(
    'not drained any more',
  );
  await on.close();
});

/** The engine confirms nothing of what takes a server out of its drain, until told otherwise. */
function confirming(on: Awaited<ReturnType<typeof scene>>, error: EngineError) {
  const { setServers } = on.engine;
  const asked: number[] = [];
  const state = { confirms: false };
  on.engine.setServers = async (list) => {
    const [wish] = list;
    if (list.length === 1 && wish!.server === 'web/app1' && wish!.admin !== 'drain') {
      asked.push(on.clock.now());
      if (!state.confirms) throw error;
    }
    await setServers(list);
  };
  return { asked, state };
}

it.each([
  ['maint', 'maint', new EngineError('unknown', 'instance default/1 went away before it confirmed')],
  ['ready', 'ready', new EngineError('unknown', 'instance default/1 went away before it confirmed')],
  ['maint', 'maint', new EngineError('instance-failed', 'no instance serves')],
] as const)(
  'asks again for %s at the deadline until it is confirmed, journalled once',
  async (then, admin, error) => {
    const on = await scene();
    on.engine.open({ server: 'web/app1', backend: 'web' });
    const client = await drained(on, [{ ...drain, then }]);
    const { asked, state } = confirming(on, error);
    const attempts = () =>
      [...client.model.journal.values()].filter(
        ({ kind, actor }) => kind === 'act' && actor.from === 'drain job',
      );
    await on.pass(60_000);
    expect(client.model.server.get('web/app1')?.admin).toBe('drain');
    expect(client.model.drain.get('web/app1')?.phase).toBe('overdue');
    const waits = asked.slice(1).map((at, index) => at - asked[index]!);
    expect(waits.slice(0, 4).map((wait) => Math.round(wait / 1_000))).toEqual([1, 2, 4, 8]);
    expect(asked.length).toBeLessThan(8);
    expect(attempts()).toHaveLength(1);
    expect(attempts()[0]!.text.split(error.message)).toHaveLength(2);

    state.confirms = true;
    await on.pass(31_000);
    expect(client.model.server.get('web/app1')?.admin).toBe(admin);
    expect(client.model.drain.size).toBe(0);
    expect(attempts()).toMatchObject([
      { result: 'done', text: expect.stringContaining('confirmed when it was asked for again') },
    ]);
    await on.pass(60_000);
    expect(asked).toHaveLength(new Set(asked).size);
    expect(attempts()).toHaveLength(1);
    await on.close();
  },
);

it('asks again once the instance that was being replaced is back', async () => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const client = await drained(on, [{ ...drain, then: 'maint' }]);
  await on.pass(1_800);
  on.engine.hold();
  await on.pass(400);
  on.engine.crash();
  await on.settle();
  expect(client.model.server.get('web/app1')?.admin).toBe('drain');
  on.engine.server('web/app1').streams = 1;
  await on.pass(3_000);
  expect(client.model.server.get('web/app1')?.admin).toBe('maint');
  expect(client.model.drain.size).toBe(0);
  await on.close();
});

it('does not ask again for what an operator changed meanwhile', async () => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const client = await drained(on, [{ ...drain, then: 'maint' }]);
  const { asked } = confirming(on, new EngineError('unknown', 'gone'));
  await on.pass(2_400);
  expect(asked).toHaveLength(1);
  const change = client.execute({ ...drain, deadlineMs: 30_000, then: 'maint' });
  await on.settle();
  expect(await change).toMatchObject({ result: 'done' });
  await on.pass(29_000);
  expect(asked).toHaveLength(1);
  await on.pass(2_000);
  expect(asked.length).toBeGreaterThan(1);
  await on.close();
});

it('does not act at the deadline when an operator settled it while that waited its turn', async () => {
  const on = await scene();
  on.engine.open({ server: 'web/app1', backend: 'web' });
  const client = await drained(on, [{ ...drain, then: 'maint' }]);
  await on.pass(1_800);
  on.engine.hold();
  const ready = client.execute({ kind: 'ready', server: 'web/app1' });
  await on.settle();
  await on.pass(600);
  expect(client.model.drain.get('web/app1')?.phase).toBe('overdue');
  on.engine.release();
  await on.settle();
  expect(await ready).toMatchObject({ result: 'done' });
  await on.pass(2_000);
  expect(client.model.server.get('web/app1')?.admin).toBe('ready');
  await on.close();
});
