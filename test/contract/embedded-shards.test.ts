import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { addressOf as bindAddress, type EmbeddedWorld, embeddedWorld } from './embedded-world.ts';
import {
  addressOf,
  ask,
  carriers,
  type Held,
  hold,
  instanceOf,
  type Load,
  rowsOf,
  startAsking,
  withInstances,
} from './sharded-world.ts';
import { allReady } from './worlds.ts';

const patience = { timeout: 15_000, interval: 20 };
const clients = 60;

describe('a shard of several instances', () => {
  let world: EmbeddedWorld;
  let engines: EmbeddedEngine[];
  let held: Held[];
  let loads: Load[];
  beforeEach(async () => {
    world = await embeddedWorld();
    engines = [world.engine];
    held = [];
    loads = [];
  });
  afterEach(async () => {
    for (const load of loads) await load.stop();
    for (const { socket } of held) socket.destroy();
    for (const engine of engines) await engine.stop(0);
    await world.close();
  });
  const start = (instances: number, over: Parameters<typeof withInstances>[2] = {}) =>
    world.engine.start(withInstances(world.plan, instances, over), allReady);
  const scale = (instances: number, over: Parameters<typeof withInstances>[2] = {}) =>
    world.engine.apply(withInstances(world.plan, instances, over), allReady);
  const place = (localAddress: string) => ({ ...bindAddress(world.engine, 'web'), localAddress });
  const holdAll = async () => {
    const all = await Promise.all(Array.from({ length: clients }, (_, i) => hold(place(addressOf(i)))));
    held.push(...all);
    return all;
  };
  const load = (count = 8) => {
    const running = startAsking(place, count);
    loads.push(running);
    return running;
  };
  const more = async (running: Load, count: number) => {
    const from = running.done;
    await expect.poll(() => running.done, patience).toBeGreaterThan(from + count);
  };
  const expectedOf = (instances: number) =>
    new Map(
      Array.from({ length: clients }, (_, i) => [
        addressOf(i),
        new Set([instanceOf(addressOf(i), instances)]),
      ]),
    );
  const serving = () => world.engine.snapshot().instances.filter(({ state }) => state === 'serving');
  const pidOf = (name: string) => serving().find((each) => each.name === name)!.pid;

  it('gives each client the instance of its slot, always', async () => {
    await start(3);
    await holdAll();
    await holdAll();
    expect(await carriers(world.engine)).toEqual(expectedOf(3));
  });

  it('kill -9 ends the connections of one instance alone, and its clients come back to its successor', async () => {
    await start(2);
    const all = await holdAll();
    const running = load();
    await more(running, 50);
    const victim = pidOf('default/2');
    process.kill(victim, 'SIGKILL');
    await expect
      .poll(() => serving().some(({ name, pid }) => name === 'default/2' && pid !== victim), patience)
      .toBe(true);
    const failures = running.failed.length;
    await more(running, 50);
    await running.stop();
    for (const { address } of running.failed) expect(instanceOf(address, 2)).toBe('default/2');
    expect(running.failed.slice(failures)).toEqual([]);
    for (const each of all)
      expect([each.address, each.isOpen()]).toEqual([
        each.address,
        instanceOf(each.address, 2) === 'default/1',
      ]);
    for (const each of all) each.socket.destroy();
    await holdAll();
    await expect.poll(() => carriers(world.engine), patience).toEqual(expectedOf(2));
  });

  it('scales 1 → 2 → 4 → 3 → 1 under load: nobody fails, and who moves is who has to', async () => {
    await start(1);
    const running = load();
    await more(running, 20);
    for (const count of [2, 4, 3, 1]) {
      await scale(count);
      const all = await holdAll();
      expect(await carriersOfNew(all)).toEqual(expectedOf(count));
      for (const each of all) each.socket.destroy();
      expect(serving().map(({ name }) => name)).toEqual(
        Array.from({ length: count }, (_, i) => `default/${i + 1}`),
      );
      await more(running, 20);
    }
    await running.stop();
    expect(running.failed).toEqual([]);
  });

  /** Of clients that hold one connection each: others of theirs may still be carried by who had them before. */
  async function carriersOfNew(all: readonly Held[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const ports = new Map(all.map(({ socket, address }) => [`${address}:${socket.localPort}`, address]));
    const rows = await rowsOf(world.engine);
    return new Map(
      rows.flatMap(({ client, instance }) => {
        const address = ports.get(client);
        return address === undefined ? [] : [[address, new Set([instance])] as const];
      }),
    );
  }

  it('leaves what a leaving instance carries to its end, visibly', async () => {
    await start(2, { grace: 60_000 });
    const all = await holdAll();
    const pid = pidOf('default/2');
    await scale(1, { grace: 60_000 });
    await expect
      .poll(() => world.engine.snapshot().instances, patience)
      .toMatchObject([
        { id: 'default/1', state: 'serving' },
        { id: `default/2:${pid}`, name: 'default/2', pid, state: 'leaving', leaveBy: expect.any(Number) },
      ]);
    const seen = await carriers(world.engine);
    expect(seen).toEqual(expectedOf(2));
    for (const each of all) expect(each.isOpen()).toBe(true);
    for (const each of all) each.socket.destroy();
    await expect
      .poll(() => world.engine.snapshot().instances.map(({ id }) => id), patience)
      .toEqual(['default/1']);
  });

  it('a scale that fails leaves everything as before', async () => {
    await start(2);
    const running = load();
    await more(running, 20);
    const before = world.engine.snapshot();
    const [shard] = world.badPlan().shards;
    await expect(scale(3, { hash: 'bad', binds: shard!.binds })).rejects.toMatchObject({
      code: 'bind-failed',
    });
    await expect.poll(() => world.engine.snapshot(), patience).toEqual(before);
    await more(running, 20);
    await running.stop();
    expect(running.failed).toEqual([]);
    await holdAll();
    expect(await carriers(world.engine)).toEqual(expectedOf(2));
  });

  it('another shard comes and goes: nobody of the first one moves', async () => {
    await start(2);
    const running = load();
    await more(running, 20);
    const acceptor = readFileSync(join(world.directory, 'acceptor.pid'), 'utf8');
    const former = withInstances(world.plan, 2);
    const [shard] = former.shards;
    const [bind] = shard!.binds;
    const fresh = { ...shard!, name: 'fresh', binds: [{ ...bind!, name: 'fresh-web' }] };
    await world.engine.apply({ ...former, hash: 'two-shards', shards: [shard!, fresh] }, allReady);
    expect(serving().map(({ name }) => name)).toEqual(['default/1', 'default/2', 'fresh/1', 'fresh/2']);
    for (const { text } of serving()) expect(text).toBeUndefined();
    expect(readFileSync(join(world.directory, 'acceptor.pid'), 'utf8')).toBe(acceptor);
    const { host, port } = bindAddress(world.engine, 'fresh-web');
    for (let i = 0; i < 10; i += 1)
      expect(await ask({ host, port, localAddress: addressOf(i) })).toMatch(/^app/);
    await world.engine.apply({ ...former, hash: 'one-shard' }, allReady);
    await more(running, 20);
    await running.stop();
    expect(running.failed).toEqual([]);
    await holdAll();
    expect(await carriers(world.engine)).toEqual(expectedOf(2));
  });

  it('renews every instance and takes 20 plans under load: nobody fails', async () => {
    await start(2);
    const running = load();
    await more(running, 20);
    for (let turn = 0; turn < 20; turn += 1) await scale(2, { hash: `turn-${turn}` });
    for (let turn = 0; turn < 3; turn += 1) {
      const before = serving().map(({ pid }) => pid);
      await world.engine.renew('default');
      const after = serving();
      expect(after.map(({ name }) => name)).toEqual(['default/1', 'default/2']);
      for (const { pid } of after) expect(before).not.toContain(pid);
    }
    await more(running, 50);
    await running.stop();
    expect(running.failed).toEqual([]);
  });

  it('asks all instances for their clients', async () => {
    await start(2);
    await holdAll();
    const { clients: seen, overMs, missed } = await world.engine.clients();
    expect([overMs, missed, seen.length]).toEqual([60_000, 0, clients]);
    for (const { address, instance, shard, connections } of seen)
      expect([instance, shard, connections]).toEqual([instanceOf(address, 2), 'default', 1]);
  });
});
