import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../src/domain/command.ts';
import { EngineError } from '../../../src/engine/engine.ts';
import { type ShapeScene, scaleTo, shapeScene, shopToSharded } from './shape-scene.ts';

let on: ShapeScene;
afterEach(() => on?.close());

const select = (shard: string, value: string | null): Command => ({
  kind: 'reshape',
  changes: [
    {
      kind: 'select',
      shard,
      routeSelector: value === null ? null : { matchLabels: { tier: value } },
    },
  ],
});

describe('reshape', () => {
  it('scales, and says what was confirmed', async () => {
    on = await shapeScene();
    const before = on.hash();
    expect(await on.act(scaleTo(4, before))).toMatchObject({
      result: 'done',
      text: 'default: 2 → 4 instances',
    });
    expect(on.hash()).not.toBe(before);
    expect(on.engine.plan).toMatchObject({ hash: on.hash() });
    expect(on.engine.plan?.shards[0]?.instances).toBe(4);
    expect(on.anna.client.model.shard.get('default')).toMatchObject({ instances: 4, configuredInstances: 2 });
    expect([...on.anna.client.model.instance.keys()]).toEqual([
      'default/1',
      'default/2',
      'default/3',
      'default/4',
      'sharded/1',
    ]);
    expect(on.drift()).toEqual(['default:instances: 2 → 4 by anna']);
    expect([...on.anna.client.model.journal.values()].at(-1)).toMatchObject({
      subject: 'default',
      text: '2 → 4 instances',
      result: 'done',
    });
  });

  it('moves a route to another shard', async () => {
    on = await shapeScene();
    expect(on.servedBy('shop')).toEqual(['default']);
    expect(await on.act(shopToSharded)).toMatchObject({
      text: 'shop: no label sharded → sharded=true; shop moves from default to sharded',
    });
    expect(on.servedBy('shop')).toEqual(['sharded']);
    expect(on.anna.client.model.route.get('shop')).toMatchObject({
      labels: { sharded: 'true' },
      configuredLabels: {},
    });
    expect(on.anna.client.model.shard.get('sharded')?.routes).toEqual(['shop', 'api']);
    expect(on.drift()).toEqual(['shop:labels: no label sharded → sharded=true by anna']);
  });

  it('changes a selector, and takes it away', async () => {
    on = await shapeScene();
    expect(await on.act(select('sharded', 'gold'))).toMatchObject({
      text: 'sharded: sharded=true → tier=gold',
    });
    expect(on.anna.client.model.shard.get('sharded')).toMatchObject({
      routeSelector: 'tier=gold',
      configuredRouteSelector: 'sharded=true',
    });
    expect(await on.act(select('sharded', null))).toMatchObject({
      text: 'sharded: tier=gold → all routes; shop moves from default to sharded',
    });
    expect(on.drift()).toEqual(['sharded:routeSelector: sharded=true → all routes by anna']);
  });

  it('puts several changes in force at once', async () => {
    on = await shapeScene();
    const applied = on.engine.calls.length;
    const changes = [scaleTo(3), shopToSharded].flatMap((each) =>
      each.kind === 'reshape' ? each.changes : [],
    );
    expect(await on.act({ kind: 'reshape', changes })).toMatchObject({
      text: 'default: 2 → 3 instances, shop: no label sharded → sharded=true; shop moves from default to sharded',
    });
    expect(on.engine.calls.slice(applied)).toEqual(['apply']);
    expect(on.drift()).toHaveLength(2);
    expect([...on.anna.client.model.journal.values()].at(-1)?.subject).toBe('default, shop');
  });

  it('tells servers and TLS modes with it as they are', async () => {
    on = await shapeScene();
    await on.act({ kind: 'maint', server: 'web/app1' });
    await on.act(scaleTo(3));
    expect(on.engine.wishes.get('web/app1')).toMatchObject({ admin: 'maint' });
    expect(on.anna.client.model.server.get('web/app1')).toMatchObject({ admin: 'maint' });
    expect(on.drift()).toHaveLength(2);
  });

  it('holds nothing that the configuration says itself', async () => {
    on = await shapeScene();
    const before = on.hash();
    await on.act(scaleTo(4));
    expect(await on.act(scaleTo(2))).toMatchObject({ text: 'default: 4 → 2 instances' });
    expect(on.drift()).toEqual([]);
    expect(on.hash()).toBe(before);
    expect(await on.act(scaleTo(2))).toMatchObject({
      result: 'done',
      text: 'it is so already: nothing changes',
    });
  });

  it('keeps labels that are not named, and their author', async () => {
    on = await shapeScene();
    await on.act(shopToSharded);
    const bert = await on.console({ user: 'bert' });
    const outcome = bert.client.execute({
      kind: 'reshape',
      changes: [{ kind: 'relabel', route: 'shop', labels: { tier: 'gold' } }],
    });
    await on.settle();
    expect(await outcome).toMatchObject({ text: 'shop: no label tier → tier=gold' });
    expect(on.drift()).toEqual([
      'shop:labels: no label sharded, no label tier → sharded=true, tier=gold by bert',
    ]);
    await on.act({ kind: 'reshape', changes: [{ kind: 'relabel', route: 'api', labels: { tier: null } }] });
    expect(on.drift().at(-1)).toBe('api:labels: tier=gold → no label tier by anna');
  });

  it.each<readonly [string, Command, string, string]>([
    [
      'another plan',
      scaleTo(3, 'bbbbbbbbbbbb'),
      'changed-since',
      'plan bbbbbbbbbbbb is not in force any more',
    ],
    [
      'an unknown shard',
      { kind: 'reshape', changes: [{ kind: 'scale', shard: 'defualt', instances: 2 }] },
      'no-such-shard',
      'there is no shard defualt: did you mean default?',
    ],
    [
      'an unknown route',
      { kind: 'reshape', changes: [{ kind: 'relabel', route: 'nix', labels: { a: 'b' } }] },
      'no-such-route',
      'there is no route nix',
    ],
  ])('is refused for %s', async (_, command, code, text) => {
    on = await shapeScene();
    const before = on.hash();
    const calls = [...on.engine.calls];
    expect(await on.act(command)).toMatchObject({ result: 'refused', code });
    expect(JSON.stringify(await on.act(command))).toContain(text);
    expect(on.hash()).toBe(before);
    expect(on.engine.calls).toEqual(calls);
  });

  it('is refused for numbers and labels that cannot be, also past the wire', async () => {
    on = await shapeScene();
    const actor = { name: 'anna', from: 'test' };
    const run = (changes: Extract<Command, { kind: 'reshape' }>['changes'], id: string) =>
      on.runtime.services.execute({ id, actor, command: { kind: 'reshape', changes } });
    expect(await run([{ kind: 'scale', shard: 'default', instances: 65 }], '1')).toMatchObject({
      code: 'bad-value',
      text: 'default can have 1 to 64 instances, not 65',
    });
    expect(await run([{ kind: 'relabel', route: 'shop', labels: { 'a b': 'x' } }], '2')).toMatchObject({
      code: 'bad-value',
    });
    expect(await run([], '3')).toMatchObject({ code: 'bad-value' });
  });

  it('changes nothing where the engine refuses', async () => {
    on = await shapeScene();
    const before = on.hash();
    on.engine.failNext(new EngineError('instance-failed', 'default/3 did not start'));
    expect(await on.act(scaleTo(3))).toMatchObject({
      result: 'refused',
      code: 'busy',
      text: 'default/3 did not start',
    });
    on.engine.failNext(new EngineError('unknown', 'default/1 went away'));
    expect(await on.act(shopToSharded)).toMatchObject({ result: 'unknown' });
    expect(on.hash()).toBe(before);
    expect(on.drift()).toEqual([]);
    expect(on.servedBy('shop')).toEqual(['default']);
    expect(await on.act(scaleTo(3))).toMatchObject({ result: 'done' });
  });

  it('tells the plan in force again after one that was not confirmed, until it is', async () => {
    on = await shapeScene();
    const applied = (): number => on.engine.calls.filter((call) => call === 'apply').length;
    on.engine.failNext(new EngineError('unknown', 'default/1 went away'));
    await on.act(scaleTo(3));
    expect(applied()).toBe(1);
    on.engine.failNext(new EngineError('unknown', 'default/1 went away'));
    await on.pass(1_000);
    expect(applied()).toBe(2);
    await on.pass(1_000);
    expect(applied()).toBe(3);
    expect(on.engine.plan?.hash).toBe(on.hash());
    await on.pass(5_000);
    expect(applied()).toBe(3);
  });

  it('is for an engine that can', async () => {
    on = await shapeScene({ capabilities: { shards: { no: 'one process serves all' } } });
    for (const command of [scaleTo(3), { kind: 'renew', shard: 'default' } satisfies Command])
      expect(await on.act(command)).toMatchObject({ code: 'not-capable', text: 'one process serves all' });
  });
});

describe('reset-shape', () => {
  it('drops one override', async () => {
    on = await shapeScene();
    const before = on.hash();
    await on.act(scaleTo(4));
    await on.act(shopToSharded);
    expect(await on.act({ kind: 'reset-shape', drift: 'shop:labels' })).toMatchObject({
      text: 'shop: sharded=true → no label sharded; shop moves from sharded to default',
    });
    expect(on.drift()).toEqual(['default:instances: 2 → 4 by anna']);
    expect(on.told().at(-1)).toBe('sharded=true → no label sharded, as configured');
    await on.act({ kind: 'reset-shape', drift: 'default:instances' });
    expect(on.hash()).toBe(before);
    expect(await on.act({ kind: 'reset-shape', drift: 'default:instances' })).toMatchObject({
      result: 'refused',
      code: 'bad-value',
      text: 'there is no drift default:instances',
    });
  });
});

describe('undo', () => {
  it('puts back the exact former overrides', async () => {
    on = await shapeScene();
    await on.act(scaleTo(3));
    const [held] = [...on.anna.client.model.drift.values()];
    await on.pass(5_000);
    const bert = await on.console({ user: 'bert' });
    const changes = [scaleTo(4), shopToSharded].flatMap((each) =>
      each.kind === 'reshape' ? each.changes : [],
    );
    void bert.client.execute({ kind: 'reshape', changes });
    await on.settle();
    expect(on.drift()).toHaveLength(2);
    expect(await on.act({ kind: 'undo' })).toMatchObject({
      result: 'done',
      text: 'default: 4 → 3 instances, shop: sharded=true → no label sharded; shop moves from sharded to default (undone: default: 3 → 4 instances, shop: no label sharded → sharded=true, by bert)',
    });
    expect([...on.anna.client.model.drift.values()]).toEqual([held]);
    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(on.drift()).toEqual([]);
    expect(await on.act({ kind: 'undo' })).toMatchObject({ code: 'nothing-to-undo' });
  });

  it('of a reset brings the override back', async () => {
    on = await shapeScene();
    await on.act(shopToSharded);
    await on.act({ kind: 'reset-shape', drift: 'shop:labels' });
    await on.act({ kind: 'undo' });
    expect(on.servedBy('shop')).toEqual(['sharded']);
  });

  it('is refused where somebody changed it since', async () => {
    on = await shapeScene();
    const outcome = await on.act(scaleTo(3));
    await on.act(scaleTo(4));
    const { entry } = outcome as { entry: number };
    expect(await on.act({ kind: 'undo', entry })).toMatchObject({
      code: 'changed-since',
      text: 'default:instances was changed since: now 4 instances, by anna',
    });
    // Another one's is none of its business.
    await on.act(shopToSharded);
    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
  });
});

describe('renew', () => {
  it('replaces the instances of a shard', async () => {
    on = await shapeScene();
    expect(await on.act({ kind: 'renew', shard: 'default' })).toMatchObject({
      result: 'done',
      text: 'default: 2 instances replaced; 2 former processes finish what they carry',
    });
    expect([...on.anna.client.model.instance.values()].map(({ id, state }) => `${id} ${state}`)).toEqual([
      'default/1 serving',
      'default/1:1001 leaving',
      'default/2 serving',
      'default/2:1002 leaving',
      'sharded/1 serving',
    ]);
    on.engine.processes.change('default/1:1001', { state: 'gone' });
    await on.settle();
    expect(on.anna.client.model.instance.has('default/1:1001')).toBe(false);
    expect(on.told().at(-1)).toBe('default/1 (pid 1001) left');
    expect(await on.act({ kind: 'undo' })).toMatchObject({ code: 'nothing-to-undo' });
  });

  it('is refused for a shard that there is not', async () => {
    on = await shapeScene();
    expect(await on.act({ kind: 'renew', shard: 'nix' })).toMatchObject({ code: 'no-such-shard' });
  });

  it('says which could not be replaced', async () => {
    on = await shapeScene();
    on.engine.failNext(new EngineError('instance-failed', 'default/2 did not start'));
    expect(await on.act({ kind: 'renew', shard: 'default' })).toMatchObject({
      result: 'refused',
      code: 'busy',
      text: 'default/2 did not start',
    });
  });
});
