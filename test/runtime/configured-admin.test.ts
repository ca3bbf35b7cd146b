import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import type { Plan, Server } from '../../src/domain/plan.ts';
import {
  backend,
  checkEverySecond,
  passing,
  plan,
  type Scene,
  type SceneOptions,
  scene,
  server,
} from './fixture.ts';

const app1 = 'web/app1';

function planWith(over: Partial<Server>, hash = 'aaaaaaaaaaaa'): Plan {
  return plan({
    hash,
    backends: [backend({ check: checkEverySecond, servers: [server('app1', over), server('app2')] })],
  });
}

async function begin(options: SceneOptions) {
  const on = await scene(options);
  const { client } = await on.console();
  const act = async (command: Command) => {
    const outcome = client.execute(command);
    await on.settle();
    return outcome;
  };
  return { on, act, model: client.model, shown: () => client.model.server.get(app1) };
}

const toldLast = (on: Scene) => on.engine.wishes.get(app1);

it('starts a server as the configuration has it, which is no drift', async () => {
  const { on, model, shown } = await begin({ plan: planWith({ admin: 'maint' }) });
  expect(shown()).toMatchObject({ admin: 'maint', configuredAdmin: 'maint', operational: 'paused' });
  expect(shown()).not.toHaveProperty('adminBy');
  expect(model.drift.size).toBe(0);
  expect(toldLast(on)).toMatchObject({ admin: 'maint', operational: 'paused' });
  await on.close();
});

it('shows as drift what an operator wishes against it; reset, and the way back from a drain, lead there again', async () => {
  const { on, act, model, shown } = await begin({ plan: planWith({ admin: 'maint' }) });
  await act({ kind: 'ready', server: app1 });
  expect(model.drift.get(`${app1}:admin`)).toMatchObject({
    configured: 'maint',
    running: 'ready',
    by: 'anna',
  });
  expect((await on.runtime.services.preview({ kind: 'reset', server: app1 })).lines).toContainEqual({
    tone: 'then',
    text: "the configuration's values hold again: maint, weight 100",
  });
  await act({ kind: 'reset', server: app1 });
  expect(shown()).toMatchObject({ admin: 'maint', operational: 'paused' });
  expect(model.drift.size).toBe(0);
  await act({ kind: 'drain', server: app1, deadlineMs: 0, then: 'wait', killRate: 1 });
  expect(model.drift.get(`${app1}:admin`)).toMatchObject({ configured: 'maint', running: 'drain' });
  await act({ kind: 'rollback', server: app1 });
  expect(shown()).toMatchObject({ admin: 'maint' });
  expect(model.drift.size).toBe(0);
  await on.close();
});

it('follows a reload, with its checks', async () => {
  let next = planWith({ admin: 'maint' }, 'bbbbbbbbbbbb');
  let probes = 0;
  const { on, act, shown } = await begin({
    plan: planWith({}),
    reload: async () => ({ ok: true, plan: next }),
    probe: async (check, address, signal) => {
      if (isDeepStrictEqual(address, server('app1').address)) probes++;
      return passing(check, address, signal);
    },
  });
  await on.pass(3_000);
  const since = on.clock.now();
  await act({ kind: 'reload' });
  expect(shown()).toMatchObject({ admin: 'maint', adminSince: since, operational: 'paused' });
  expect(toldLast(on)).toMatchObject({ admin: 'maint' });
  const asked = probes;
  await on.pass(5_000);
  expect(probes).toBe(asked);
  next = planWith({}, 'cccccccccccc');
  await act({ kind: 'reload' });
  await on.pass(3_000);
  expect(shown()).toMatchObject({ admin: 'ready', operational: 'up' });
  expect(probes).toBeGreaterThan(asked);
  await on.close();
});

it('drops an override that a reload says itself, but not the wish of a drain job', async () => {
  let next = planWith({ admin: 'maint', weight: 50 }, 'bbbbbbbbbbbb');
  const { on, act, model, shown } = await begin({
    plan: planWith({}),
    reload: async () => ({ ok: true, plan: next }),
  });
  await act({ kind: 'maint', server: app1 });
  await act({ kind: 'weight', server: app1, weight: 50 });
  await act({ kind: 'reload' });
  expect(model.drift.size).toBe(0);
  next = planWith({}, 'cccccccccccc');
  await act({ kind: 'reload' });
  expect(shown()).toMatchObject({ admin: 'ready', weight: 100 });

  await act({ kind: 'drain', server: app1, deadlineMs: 0, then: 'wait', killRate: 1 });
  next = planWith({ admin: 'drain' }, 'dddddddddddd');
  await act({ kind: 'reload' });
  expect(model.drift.size).toBe(0);
  next = planWith({}, 'eeeeeeeeeeee');
  await act({ kind: 'reload' });
  expect(shown()).toMatchObject({ admin: 'drain', adminBy: 'anna' });
  expect(model.drain.get(app1)?.phase).toBe('draining');
  await on.close();
});

it('ends a drain job whose server a reload lets take clients again', async () => {
  const { on, act, model, shown } = await begin({
    plan: planWith({ admin: 'drain' }),
    reload: async () => ({ ok: true, plan: planWith({}, 'bbbbbbbbbbbb') }),
  });
  await act({ kind: 'drain', server: app1, deadlineMs: 0, then: 'wait', killRate: 1 });
  expect(model.drain.size).toBe(1);
  await act({ kind: 'reload' });
  expect(shown()).toMatchObject({ admin: 'ready' });
  expect(model.drain.size).toBe(0);
  await on.close();
});
