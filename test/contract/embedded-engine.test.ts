import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceSample } from '../../src/domain/counters.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { type EmbeddedWorld, embeddedWorld } from './embedded-world.ts';
import { engineContract } from './engine-contract.ts';
import { allReady, wish } from './worlds.ts';

engineContract('embedded', embeddedWorld);

const patience = { timeout: 10_000, interval: 20 };

describe('a data plane and its runtimes', () => {
  let world: EmbeddedWorld;
  let engines: EmbeddedEngine[];
  const another = () => {
    const engine = world.anotherEngine();
    engines.push(engine);
    return engine;
  };
  const acceptorPid = () => Number(readFileSync(join(world.directory, 'acceptor.pid'), 'utf8'));
  beforeEach(async () => {
    world = await embeddedWorld();
    engines = [world.engine];
  });
  afterEach(async () => {
    for (const engine of engines) await engine.stop(0);
    await world.close();
  });

  it('serves without a runtime, and is adopted by the next one as it is', async () => {
    await world.engine.start(world.plan, [...allReady.slice(1), wish('web/app1', 'drain')]);
    const held = await world.holdTcp();
    const before = world.engine.snapshot();
    world.engine.detach();
    expect(await world.requestThrough({ ...world.engine, snapshot: () => before })).toBe('web/app2');

    const next = another();
    await next.start(world.plan, [wish('web/app1', 'drain')]);
    const after = next.snapshot();
    expect(after.instances).toEqual(before.instances);
    expect(after.binds).toEqual(before.binds);
    expect((await next.connection(held.row.id))?.phase).toBe('tunnel');
    expect(await world.requestThrough(next)).toBe('web/app2');
    expect(await next.kill(held.row.id)).toBe(true);
    await held.ended;
  });

  it('takes the next runtime’s plan where that differs, without losing a connection', async () => {
    await world.engine.start(world.plan, allReady);
    const held = await world.holdTcp();
    world.engine.detach();
    const next = another();
    await next.start(world.otherPlan, allReady);
    expect(next.snapshot().instances).toMatchObject([
      { planHash: world.otherPlan.hash, pid: world.engine.snapshot().instances[0]!.pid },
    ]);
    expect((await next.connection(held.row.id))?.phase).toBe('tunnel');
  });

  it('serves on when the next runtime’s plan is refused', async () => {
    await world.engine.start(world.plan, allReady);
    world.engine.detach();
    await expect(another().start(world.badPlan(), allReady)).rejects.toMatchObject({ code: 'bind-failed' });
    const third = another();
    await third.start(world.plan, allReady);
    expect(third.snapshot().instances).toMatchObject([
      { pid: world.engine.snapshot().instances[0]!.pid, planHash: world.plan.hash },
    ]);
  });

  it('belongs to one runtime at a time', async () => {
    await world.engine.start(world.plan, allReady);
    await expect(another().start(world.plan, allReady)).rejects.toMatchObject({
      code: 'instance-failed',
      message: expect.stringContaining('another runtime is there already'),
    });
    expect(await world.request()).toBeDefined();
  });

  it('keeps clients waiting, not refused, while an instance is replaced', async () => {
    await world.engine.start(world.plan, allReady);
    world.killInstance();
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.request()));
    expect(new Set(answers)).toEqual(new Set(['web/app1', 'web/app2']));
  });

  it('says unknown when an instance goes before it has confirmed; its successor knows all the same', async () => {
    await world.engine.start(world.plan, allReady);
    const { pid } = world.engine.snapshot().instances[0]!;
    process.kill(pid, 'SIGSTOP');
    const set = world.engine.setServers([wish('web/app1', 'maint')]);
    const killed = world.engine.killOnServer('web/app1', 1);
    process.kill(pid, 'SIGKILL');
    for (const asked of [set, killed]) await expect(asked).rejects.toMatchObject({ code: 'unknown' });
    const serving = () => world.engine.snapshot().instances[0];
    await expect.poll(() => serving()?.pid !== pid && serving()?.state, patience).toBe('serving');
    for (let i = 0; i < 4; i += 1) expect(await world.request()).toBe('web/app2');
  });

  it('runs several instances on the same sockets, as one engine', async () => {
    const [shard] = world.plan.shards;
    const plan = { ...world.plan, shards: [{ ...shard!, instances: 2 }] };
    let newest: readonly InstanceSample[] = [];
    world.engine.samples(({ instances }) => {
      newest = instances;
    });
    const total = { streams: 0 };
    world.engine.samples(({ servers }) => {
      for (const { key, streams } of servers) if (key === 'db/one') total.streams = streams;
    });
    await world.engine.start(plan, allReady);
    expect(world.engine.snapshot().instances.map(({ id }) => id)).toEqual(['default/1', 'default/2']);
    expect(world.engine.snapshot().binds.map(({ name }) => name)).toEqual(['web', 'db']);
    const held = await Promise.all(Array.from({ length: 20 }, () => world.holdTcp()));
    expect(new Set(held.map(({ row }) => row.id)).size).toBe(20);
    await expect.poll(() => total.streams, patience).toBe(20);
    expect(await world.engine.killOnServer('db/one', 19)).toBe(19);
    await expect.poll(() => total.streams, patience).toBe(1);
    await world.engine.setServers([wish('web/app1', 'drain')]);
    for (let i = 0; i < 10; i += 1) expect(await world.request()).toBe('web/app2');
    expect(newest.map(({ id }) => id).toSorted()).toEqual(['default/1', 'default/2']);
    // Fewer again: who is not wanted any more leaves.
    await world.engine.apply({ ...world.plan, hash: 'plan-9' }, allReady);
    const states = () => world.engine.snapshot().instances.map(({ state }) => state);
    await expect.poll(states, patience).toEqual(['serving']);
    expect(await world.request()).toBeDefined();
  });

  it('replaces an instance told to leave without losing what it carries', async () => {
    // However long its successor takes to start.
    const runtime = { ...world.plan.runtime, grace: 60_000 };
    await world.engine.start({ ...world.plan, runtime }, allReady);
    const held = await world.holdTcp();
    const { pid } = world.engine.snapshot().instances[0]!;
    process.kill(pid, 'SIGTERM');
    const serving = () => world.engine.snapshot().instances[0];
    await expect.poll(() => serving()?.pid !== pid && serving()?.state, patience).toBe('serving');
    expect(await world.request()).toBeDefined();
    expect((await world.engine.connection(held.row.id))?.phase).toBe('tunnel');
    expect(await world.engine.kill(held.row.id)).toBe(true);
    await held.ended;
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  it('survives the acceptor: the instance serves on, and both are started anew when it goes', async () => {
    await world.engine.start(world.plan, allReady);
    const [former, { pid }] = [acceptorPid(), world.engine.snapshot().instances[0]!];
    process.kill(former, 'SIGKILL');
    await expect.poll(() => isAlive(pid), patience).toBe(false);
    await expect.poll(() => world.engine.snapshot().instances[0]?.pid !== pid, patience).toBe(true);
    await expect.poll(() => world.engine.snapshot().instances[0]?.state, patience).toBe('serving');
    expect(acceptorPid()).not.toBe(former);
    expect(await world.request()).toBeDefined();
  });

  it('ends by itself when it belongs to its runtime and that stays away', async () => {
    await world.engine.start(world.plan, allReady);
    const pids = [acceptorPid(), world.engine.snapshot().instances[0]!.pid];
    world.engine.detach();
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
  });

  it('leaves neither process nor file behind when stopped', async () => {
    await world.engine.start(world.plan, allReady);
    const pids = [acceptorPid(), world.engine.snapshot().instances[0]!.pid];
    expect(statSync(world.directory).mode & 0o077).toBe(0);
    await world.engine.stop(1_000);
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
    expect(existsSync(world.directory)).toBe(false);
  });

  it('ends at once when told again while it waits, and leaves nothing behind either', async () => {
    await world.engine.start(world.plan, allReady);
    const pids = [acceptorPid(), world.engine.snapshot().instances[0]!.pid];
    const { ended } = await world.holdTcp();
    const stopped = world.engine.stop(600_000);
    await expect.poll(() => world.request().catch(() => 'refused'), patience).toBe('refused');
    await world.engine.stop(0);
    await Promise.all([stopped, ended]);
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
    expect(existsSync(world.directory)).toBe(false);
  });

  it('ends what does not answer as well', async () => {
    await world.engine.start(world.plan, allReady);
    const pids = [acceptorPid(), world.engine.snapshot().instances[0]!.pid];
    process.kill(pids[1]!, 'SIGSTOP');
    const stopped = world.engine.stop(600_000);
    await world.engine.stop(0);
    await stopped;
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
    expect(existsSync(world.directory)).toBe(false);
  });

  it('leaves nothing behind where it could not start', async () => {
    await expect(world.engine.start(world.badPlan(), allReady)).rejects.toMatchObject({
      code: 'bind-failed',
    });
    expect(existsSync(world.directory)).toBe(false);
  });

  it('leaves no socket that nobody serves when its runtime dies while it stops', async () => {
    const { directory } = world;
    const engine = createEmbeddedEngine({
      directory,
      clock: systemClock,
      exitWithRuntime: false,
      output: 'ignore',
    });
    engines.push(engine);
    await engine.start(world.plan, allReady);
    const pids = [acceptorPid(), engine.snapshot().instances[0]!.pid];
    const stopped = engine.stop(1_000);
    engine.detach();
    await stopped;
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
  });

  it('lets what it carries finish within the time of grace, and takes nothing new', async () => {
    await world.engine.start(world.plan, allReady);
    const held = await world.holdTcp();
    const stopped = world.engine.stop(10_000);
    await expect.poll(() => world.request().catch(() => 'refused'), patience).toBe('refused');
    held.close();
    await stopped;
  });

  it('writes the access log, and goes on in a new file when told', async () => {
    const path = join(world.directory, 'access.log');
    const { runtime, ...rest } = world.plan;
    const plan = { ...rest, runtime: { ...runtime, accessLog: { path, format: 'haproxy' as const } } };
    await world.engine.start(plan, allReady);
    await world.request('/first');
    await expect
      .poll(() => existsSync(path) && readFileSync(path, 'utf8'), patience)
      .toMatch(
        /^127\.0\.0\.1:\d+ \[.*\] web web\/app[12] \d+\/0\/\d+\/\d+\/\d+ 200 \d+ - - ---- 1\/1\/\d\/\d\/0 0\/0 "GET \/first HTTP\/1\.1"\n$/,
      );
    renameSync(path, `${path}.1`);
    world.engine.reopenLogs();
    await expect.poll(() => existsSync(path), patience).toBe(true);
    await world.request('/second');
    await expect.poll(() => readFileSync(path, 'utf8'), patience).toContain('/second');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
