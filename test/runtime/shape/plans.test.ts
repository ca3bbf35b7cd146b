import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planHash } from '../../../src/config/plan-hash.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { parseJournal } from '../../../src/runtime/journal-file.ts';
import { readState } from '../../../src/runtime/state-file.ts';
import { route, type ShapeScene, scaleTo, shapeScene, shopToSharded, twoShards } from './shape-scene.ts';

let on: ShapeScene;
let folder: string;
let settings: { stateFile: string; journalFile: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-shape-'));
  settings = { stateFile: join(folder, 'state.json'), journalFile: join(folder, 'journal') };
});
afterEach(async () => {
  await on?.close();
  await rm(folder, { recursive: true });
});

const hashed = (plan: Plan): Plan => ({ ...plan, hash: planHash(plan) });

/** Until the attached console has the model of the runtime that was started anew. */
async function again(over: Parameters<ShapeScene['restart']>[0] = {}): Promise<void> {
  await on.restart(over);
  await on.pass(3_000);
  await on.settle();
}

describe('overrides of shape over a restart', () => {
  it('start the very plan that ran, and can be undone', async () => {
    const plan = hashed(twoShards({ settings }));
    on = await shapeScene({ plan });
    await on.act(scaleTo(4));
    await on.act(shopToSharded);
    const [hash, drift] = [on.hash(), on.drift()];
    const pids = on.engine.processes.all.map(({ pid }) => pid);
    expect(hash).not.toBe(plan.hash);
    await again();
    expect(on.hash()).toBe(hash);
    expect(on.drift()).toEqual(drift);
    expect(on.engine.plan?.hash).toBe(hash);
    expect(on.engine.processes.all.map(({ pid }) => pid)).toEqual(pids);
    expect(on.servedBy('shop')).toEqual(['sharded']);
    expect(on.told().join('\n')).toContain(`runtime started, plan ${hash}, overrides of 2 of shape in force`);
    await on.act({ kind: 'undo' });
    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(on.hash()).toBe(plan.hash);
  });

  it('are forgotten where the configuration says the same by then', async () => {
    on = await shapeScene({ plan: hashed(twoShards({ settings })) });
    await on.act(scaleTo(3));
    const hash = on.hash();
    const base = twoShards({ settings });
    const [first, second] = base.shards;
    const plan = hashed({ ...base, shards: [{ ...first!, instances: 3 }, second!] });
    await again({ plan });
    expect(on.drift()).toEqual([]);
    expect([on.hash(), plan.hash]).toEqual([hash, hash]);
  });

  it('are given up, and that is said, where the configuration leaves no room for them', async () => {
    on = await shapeScene({ plan: hashed(twoShards({ settings })) });
    await on.act(scaleTo(8));
    await on.act(shopToSharded);
    const base = twoShards({ settings });
    const shards = base.shards.map((shard) => ({ ...shard, steering: { ...shard.steering, tableSize: 7 } }));
    await again({ plan: hashed({ ...base, shards }) });
    expect(on.told().join('\n')).toContain(
      'default:instances is not 8 instances by anna any more: default can have 1 to 7 instances, not 8',
    );
    expect(on.drift()).toEqual(['shop:labels: no label sharded → sharded=true by anna']);
  });

  it('are left out of files where there are none, and read from those without', async () => {
    on = await shapeScene({ plan: hashed(twoShards({ settings })) });
    await on.act({ kind: 'maint', server: 'web/app1' });
    expect(Object.keys(JSON.parse(await readFile(settings.stateFile, 'utf8')))).not.toContain('shape');
    expect((await readState(settings.stateFile, 0)).state.shape.size).toBe(0);
    const shape = [{ value: { kind: 'scale', shard: 'default', instances: 0 }, by: 'anna', at: 1 }];
    await writeFile(
      settings.stateFile,
      JSON.stringify({ version: 1, savedAt: 1, overrides: [], drains: [], shape }),
    );
    expect((await readState(settings.stateFile, 0)).warning).toContain('shape.0.value');
  });

  it('reads undo records of shape', () => {
    const held = { value: { kind: 'scale', shard: 'default', instances: 3 }, by: 'anna', at: 1 };
    const line = {
      id: 7,
      at: 1,
      kind: 'act',
      actor: { name: 'a', from: 'b' },
      severity: 'note',
      subject: 's',
      text: 't',
      undo: { shape: [{ key: 'default:instances', before: null, after: held }] },
    };
    expect(parseJournal(JSON.stringify(line)).undos.get(7)).toEqual(line.undo);
  });
});

describe('overrides of shape over a reload', () => {
  let loaded: Plan;
  const open = async (plan: Plan = hashed(twoShards())): Promise<void> => {
    loaded = plan;
    on = await shapeScene({ plan, reload: async () => ({ ok: true, plan: loaded }) });
  };

  it('hold, over what else is new', async () => {
    await open();
    await on.act(scaleTo(4));
    loaded = hashed(twoShards({ routes: [route('shop'), route('new')] }));
    expect(await on.act({ kind: 'reload' })).toMatchObject({ result: 'done' });
    expect(on.engine.plan?.shards[0]?.instances).toBe(4);
    expect(on.servedBy('new')).toEqual(['default']);
    expect(on.drift()).toEqual(['default:instances: 2 → 4 by anna']);
    expect(on.hash()).not.toBe(loaded.hash);
  });

  it('are told when what they are about goes, and when it is back', async () => {
    await open();
    await on.act(shopToSharded);
    const before = loaded;
    loaded = hashed(twoShards({ routes: [] }));
    await on.act({ kind: 'reload' });
    expect(on.told()).toContain(
      'shop is not in the configuration any more: the override by anna (sharded=true) is kept until somebody resets it',
    );
    expect(on.drift()).toEqual(['shop:labels: no such route → sharded=true by anna']);
    expect(on.hash()).toBe(loaded.hash);
    loaded = before;
    await on.act({ kind: 'reload' });
    expect(on.told()).toContain(
      'shop is in the configuration again: the override by anna holds (sharded=true)',
    );
    expect(on.servedBy('shop')).toEqual(['sharded']);
  });

  it('of what is gone can be dropped, and nothing else', async () => {
    await open();
    await on.act(shopToSharded);
    loaded = hashed(twoShards({ routes: [] }));
    await on.act({ kind: 'reload' });
    expect(await on.act({ kind: 'undo' })).toMatchObject({ code: 'no-such-route' });
    expect(await on.act({ kind: 'write-back-shape', drift: 'shop:labels' })).toMatchObject({
      code: 'no-such-route',
      remedy: 'drop the override: `sluice reset shop:labels`',
    });
    expect((await on.preview({ kind: 'reset-shape', drift: 'shop:labels' })).lines).toEqual([
      { tone: 'then', text: 'what runs stays as it is: only the override of shop goes' },
    ]);
    const calls = on.engine.calls.length;
    expect(await on.act({ kind: 'reset-shape', drift: 'shop:labels' })).toMatchObject({
      result: 'done',
      text: 'override of shop dropped',
    });
    expect(on.engine.calls.slice(calls)).toEqual([]);
    expect(on.drift()).toEqual([]);
  });

  it('refuse a configuration that leaves no room for them, and are named', async () => {
    await open();
    await on.act(scaleTo(8));
    const base = twoShards();
    const shards = base.shards.map((shard) => ({ ...shard, steering: { ...shard.steering, tableSize: 7 } }));
    loaded = hashed({ ...base, shards });
    const before = on.hash();
    expect(await on.act({ kind: 'reload' })).toMatchObject({
      code: 'bad-configuration',
      text: 'default:instances is 8 instances by anna, and with the new configuration it cannot be: default can have 1 to 7 instances, not 8',
      remedy: 'the old plan goes on serving; drop the override first: `sluice reset default:instances`',
    });
    expect(on.hash()).toBe(before);
  });

  it('end where the configuration comes to say the same', async () => {
    await open();
    await on.act(shopToSharded);
    loaded = hashed(twoShards({ routes: [route('shop', { labels: { sharded: 'true' } })] }));
    await on.act({ kind: 'reload' });
    expect(on.drift()).toEqual([]);
    expect(on.hash()).toBe(loaded.hash);
  });

  it('is told which routes nobody serves any more', async () => {
    await open();
    loaded = hashed(
      twoShards({ routes: [route('shop'), route('older', { host: 'shop.example.com', createdAt: 1 })] }),
    );
    await on.act({ kind: 'reload' });
    expect(on.told().join('\n')).not.toContain('served by no shard');
    loaded = hashed(
      twoShards({
        routes: [route('older', { host: 'shop.example.com', createdAt: 1 }), route('shop', { createdAt: 2 })],
      }),
    );
    await on.act({ kind: 'reload' });
    expect(on.told().join('\n')).toContain(
      'served by no shard now: default refuses it: HostAlreadyClaimed: ',
    );
  });

  it('is refused where another plan is in force than was shown, or would come of it', async () => {
    await open();
    const shown = on.hash();
    loaded = hashed(twoShards({ routes: [] }));
    expect(await on.act({ kind: 'reload', from: 'bbbbbbbbbbbb', to: loaded.hash })).toMatchObject({
      code: 'changed-since',
    });
    expect(await on.act({ kind: 'reload', from: shown, to: 'cccccccccccc' })).toMatchObject({
      code: 'changed-since',
      text: `the configuration comes to plan ${loaded.hash} now, and not to cccccccccccc any more`,
    });
    const plan = on.anna.client.shardPlan({ reload: true });
    await on.settle();
    expect(await plan).toMatchObject({ from: shown, to: loaded.hash });
    expect(await on.act({ kind: 'reload', from: shown, to: loaded.hash })).toMatchObject({ result: 'done' });
    expect(on.hash()).toBe(loaded.hash);
  });

  it('stands for all that are asked for while it waits', async () => {
    await open();
    on.engine.hold();
    const first = on.anna.client.execute({ kind: 'maint', server: 'web/app1' });
    await on.settle();
    const watch = { name: 'runtime', from: 'watch' };
    const outcomes = [on.runtime.reload(watch), on.runtime.reload(watch), on.runtime.reload(watch)];
    on.engine.release();
    await on.settle();
    expect(await first).toMatchObject({ result: 'done' });
    expect(new Set(await Promise.all(outcomes)).size).toBe(1);
    expect(on.engine.calls.filter((call) => call === 'apply')).toHaveLength(1);
    expect([...on.anna.client.model.journal.values()].at(-1)).toMatchObject({
      actor: watch,
      subject: 'configuration',
      result: 'done',
    });
  });
});
