import { expect, it } from 'vitest';
import type { ConnectionTable } from '../../../src/client/runtime-client.ts';
import type { Command } from '../../../src/domain/command.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import type { WhatIf } from '../../../src/domain/shard-plan.ts';
import { EngineError } from '../../../src/engine/engine.ts';
import type { LoadedPlan } from '../../../src/runtime/reload.ts';
import { route, scaleTo, shapeScene, shopToSharded, twoShards } from '../shape/shape-scene.ts';

const shapeOf = (command: Command) => (command.kind === 'reshape' ? command.changes : []);

it('CM18: changes of shape are in force at once, or none of them is', async () => {
  const on = await shapeScene();
  const before = on.hash();
  for (const wrong of [
    { kind: 'scale', shard: 'defualt', instances: 3 },
    { kind: 'relabel', route: 'shopp', labels: { a: 'b' } },
  ] as const)
    expect(
      await on.act({ kind: 'reshape', changes: [...shapeOf(scaleTo(3)), ...shapeOf(shopToSharded), wrong] }),
    ).toMatchObject({ result: 'refused', code: wrong.kind === 'scale' ? 'no-such-shard' : 'no-such-route' });
  on.engine.failNext(new EngineError('instance-failed', 'default/3 does not start'));
  expect(
    await on.act({ kind: 'reshape', changes: [...shapeOf(scaleTo(3)), ...shapeOf(shopToSharded)] }),
  ).toMatchObject({ result: 'refused' });
  expect(on.hash()).toBe(before);
  expect(on.drift()).toEqual([]);
  expect(on.servedBy('shop')).toEqual(['default']);
  const applies = () => on.engine.calls.filter((call) => call === 'apply').length;
  const tried = applies();

  expect(
    await on.act({ kind: 'reshape', changes: [...shapeOf(scaleTo(3)), ...shapeOf(shopToSharded)] }),
  ).toMatchObject({ result: 'done' });
  // One plan for both.
  expect(applies()).toBe(tried + 1);
  expect(on.servedBy('shop')).toEqual(['sharded']);
  expect(on.anna.client.model.shard.get('default')?.instances).toBe(3);
  await on.close();
});

it('CM19: what was decided on another plan is refused', async () => {
  const next = twoShards({ hash: 'bbbbbbbbbbbb', routes: [route('shop')] });
  let loaded: LoadedPlan = { ok: true, plan: next };
  const on = await shapeScene({ reload: async () => loaded });
  const shown = on.hash();
  expect(await on.act(scaleTo(3, 'cccccccccccc'))).toMatchObject({
    result: 'refused',
    code: 'changed-since',
  });
  expect(await on.act({ kind: 'reload', from: 'cccccccccccc', to: 'bbbbbbbbbbbb' })).toMatchObject({
    result: 'refused',
    code: 'changed-since',
  });
  // The file was edited once more after it was shown.
  loaded = { ok: true, plan: { ...next, hash: 'dddddddddddd' } };
  expect(await on.act({ kind: 'reload', from: shown, to: 'bbbbbbbbbbbb' })).toMatchObject({
    result: 'refused',
    code: 'changed-since',
  });
  expect(on.hash()).toBe(shown);
  loaded = { ok: true, plan: next };
  expect(await on.act({ kind: 'reload', from: shown, to: 'bbbbbbbbbbbb' })).toMatchObject({ result: 'done' });
  expect(await on.act(scaleTo(3, shown))).toMatchObject({ result: 'refused', code: 'changed-since' });
  expect(await on.act(scaleTo(3, on.hash()))).toMatchObject({ result: 'done' });
  await on.close();
});

it('CM20: what was reshaped is drift by its key, outlives a reload, and is taken back as it was', async () => {
  const on = await shapeScene({
    reload: async () => ({ ok: true, plan: twoShards({ hash: 'bbbbbbbbbbbb' }) }),
  });
  await on.act(scaleTo(3));
  await on.act({ kind: 'reshape', changes: [...shapeOf(scaleTo(4)), ...shapeOf(shopToSharded)] });
  await on.act({ kind: 'reload' });
  expect(on.drift()).toEqual([
    'default:instances: 2 → 4 by anna',
    expect.stringMatching(/^shop:labels: .* → .*sharded=true.* by anna$/),
  ]);
  const reshaped = [...on.anna.client.model.journal.values()].filter(
    ({ command }) => command?.kind === 'reshape',
  );
  expect(await on.act({ kind: 'undo', entry: reshaped.at(-1)!.id })).toMatchObject({ result: 'done' });
  expect(on.drift()).toEqual(['default:instances: 2 → 3 by anna']);
  expect(await on.act({ kind: 'reset-shape', drift: 'shop:labels' })).toMatchObject({ result: 'refused' });
  expect(await on.act({ kind: 'reset-shape', drift: 'default:instances' })).toMatchObject({ result: 'done' });
  expect(on.drift()).toEqual([]);
  await on.close();
});

it('CM21: a renewed shard has other processes, and the ones before may carry on', async () => {
  const on = await shapeScene();
  const { client } = on.anna;
  const processes = () =>
    [...client.model.instance.values()].map(({ id, pid, state }) => ({ id, pid, state }));
  const before = processes();
  expect(await on.act({ kind: 'renew', shard: 'defualt' })).toMatchObject({ code: 'no-such-shard' });
  expect(processes()).toEqual(before);
  expect(await on.act({ kind: 'renew', shard: 'default' })).toMatchObject({ result: 'done' });
  for (const { id, pid } of before) {
    const now = client.model.instance.get(id)!;
    expect(now.state).toBe('serving');
    if (!id.startsWith('default/')) expect(now.pid).toBe(pid);
    else {
      expect(now.pid).not.toBe(pid);
      expect(client.model.instance.get(`${id}:${pid}`)?.state).toBe('leaving');
    }
  }
  await on.close();
});

it('SH1: a name is what clients are steered to, an id is a process of its own', async () => {
  const on = await shapeScene();
  const { client } = on.anna;
  const { pid } = client.model.instance.get('default/2')!;
  await on.act(scaleTo(1));
  expect(client.model.instance.get('default/2')).toBeUndefined();
  expect(client.model.instance.get(`default/2:${pid}`)).toMatchObject({
    id: `default/2:${pid}`,
    name: 'default/2',
    shard: 'default',
    pid,
    state: 'leaving',
  });
  await on.act(scaleTo(2));
  const successor = client.model.instance.get('default/2')!;
  expect(successor).toMatchObject({ id: 'default/2', name: 'default/2', state: 'serving' });
  expect(successor.pid).not.toBe(pid);
  await on.close();
});

it('SH2: who leaves stays in model, samples and windows until it ends', async () => {
  const on = await shapeScene();
  const { client } = on.anna;
  const { pid } = client.model.instance.get('default/2')!;
  const id = `default/2:${pid}`;
  const samples: Sample[] = [];
  client.samples(['instances'], 200, (sample) => samples.push(sample));
  const tables: ConnectionTable[] = [];
  client.connections(
    { filter: '', order: { by: 'age', descending: true }, offset: 0, limit: 10, ended: false },
    (table) => tables.push(table),
  );
  await on.act(scaleTo(1));
  on.engine.open({ instance: id, bind: ':80', client: '10.0.0.1:1' });
  await on.pass(1_000);
  expect(client.model.instance.get(id)?.leaveBy).toBeGreaterThan(on.clock.now() - 1_000);
  expect(samples.at(-1)?.instances?.map((each) => each.id)).toContain(id);
  expect(tables.at(-1)?.rows.map(({ instance }) => instance)).toEqual([id]);
  on.engine.processes.change(id, { state: 'gone' });
  await on.pass(1_000);
  expect(client.model.instance.has(id)).toBe(false);
  expect(samples.at(-1)?.instances?.map((each) => each.id)).not.toContain(id);
  await on.close();
});

it('SH3: a route has a status of each shard that selects it', async () => {
  const claimed = route('copy', { host: 'shop.example.com', namespace: 'other' });
  const on = await shapeScene({
    plan: twoShards({ routes: [route('shop'), claimed, route('api', { labels: { sharded: 'true' } })] }),
  });
  const { model } = on.anna.client;
  expect(model.route.get('shop')?.shards).toEqual([{ shard: 'default', admitted: true }]);
  expect(model.route.get('copy')?.shards).toEqual([
    {
      shard: 'default',
      admitted: false,
      reason: 'HostAlreadyClaimed',
      message: expect.stringContaining('shop'),
      by: 'shop',
    },
  ]);
  expect(model.shard.get('default')).toMatchObject({ routes: ['shop'], refused: ['copy'] });
  expect(model.shard.get('sharded')).toMatchObject({ routes: ['api'], refused: [] });
  // Taken by the one that selects all, and by the other as well.
  await on.act({ kind: 'reshape', changes: [{ kind: 'select', shard: 'sharded', routeSelector: null }] });
  expect(on.servedBy('api')).toEqual(['sharded']);
  await on.act({
    kind: 'reshape',
    changes: [
      { kind: 'select', shard: 'sharded', routeSelector: { matchLabels: { nobody: 'has' } } },
      {
        kind: 'select',
        shard: 'default',
        routeSelector: { matchExpressions: [{ key: 'sharded', operator: 'DoesNotExist' }] },
      },
    ],
  });
  expect(model.route.get('api')?.shards).toEqual([]);
  await on.close();
});

it('SH4: what is in force stands beside what is configured', async () => {
  const on = await shapeScene();
  const { model } = on.anna.client;
  await on.act({
    kind: 'reshape',
    changes: [
      ...shapeOf(scaleTo(3)),
      ...shapeOf(shopToSharded),
      { kind: 'select', shard: 'sharded', routeSelector: { matchLabels: { sharded: 'true', tier: 'gold' } } },
    ],
  });
  expect(model.shard.get('default')).toMatchObject({ instances: 3, configuredInstances: 2 });
  expect(model.shard.get('sharded')).toMatchObject({
    routeSelector: 'sharded=true,tier=gold',
    configuredRouteSelector: 'sharded=true',
  });
  expect(model.route.get('shop')).toMatchObject({ labels: { sharded: 'true' }, configuredLabels: {} });
  await on.close();
});

it('WI1: a what-if changes nothing, and is of the clients that are seen', async () => {
  const on = await shapeScene();
  const { client } = on.anna;
  for (let at = 1; at <= 30; at++) on.engine.open({ bind: ':80', backend: 'web', client: `10.0.0.${at}:1` });
  const calls = on.engine.calls.length;
  const before = JSON.stringify([...client.model.shard, ...client.model.route, ...client.model.drift]);
  const answer = client.shardPlan({ changes: [...shapeOf(scaleTo(3)), ...shapeOf(shopToSharded)] });
  await on.settle();
  const plan = await answer;
  expect(plan.routes.moved).toEqual([{ route: 'shop', from: ['default'], to: ['sharded'] }]);
  const [change] = plan.shards;
  expect(change).toMatchObject({ shard: 'default', observed: 30, instancesBefore: 2, instancesAfter: 3 });
  expect(change!.moved).toBeGreaterThan(0);
  expect(change!.moved).toBe(change!.after[2]);
  await on.pass(1_000);
  expect(on.engine.calls.slice(calls).filter((call) => call === 'apply')).toEqual([]);
  expect(JSON.stringify([...client.model.shard, ...client.model.route, ...client.model.drift])).toBe(before);
  await on.close();
});

it('WI2: applied, it comes to what was shown', async () => {
  const on = await shapeScene({
    reload: async () => ({ ok: true, plan: twoShards({ hash: 'bbbbbbbbbbbb', routes: [route('shop')] }) }),
  });
  const { client } = on.anna;
  const ask = async (whatIf: WhatIf) => {
    const answer = client.shardPlan(whatIf);
    await on.settle();
    return answer;
  };
  const changes = [...shapeOf(scaleTo(3)), ...shapeOf(shopToSharded)];
  const shown = await ask({ changes });
  expect(shown.from).toBe(on.hash());
  expect(await on.act({ kind: 'reshape', changes, from: shown.from })).toMatchObject({ result: 'done' });
  expect(on.hash()).toBe(shown.to);
  expect(on.servedBy('shop')).toEqual(shown.routes.moved[0]?.to);

  const reload = await ask({ reload: true });
  expect(reload.from).toBe(shown.to);
  expect(reload.routes.removed).toEqual(['api']);
  expect(await on.act({ kind: 'reload', from: reload.from, to: reload.to })).toMatchObject({
    result: 'done',
  });
  expect(on.hash()).toBe(reload.to);
  await on.close();
});
