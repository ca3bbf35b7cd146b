// Instances, acceptor and runtime die, hang and come back in every order, with real processes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { isAlive } from '../support/processes.ts';
import { addressOf as bindAddress, type EmbeddedWorld, embeddedWorld } from './embedded-world.ts';
import {
  addressOf,
  ask,
  type Held,
  hold,
  instanceOf,
  type Load,
  startAsking,
  withInstances,
} from './sharded-world.ts';
import { allReady } from './worlds.ts';

const patience = { timeout: 20_000, interval: 20 };

describe('deaths in a shard of two instances', () => {
  let world: EmbeddedWorld;
  let engine: EmbeddedEngine;
  let engines: EmbeddedEngine[];
  let held: Held[];
  let loads: Load[];
  /** Instances die at their start while this file names them. */
  let doomed: { readonly folder: string; readonly program: string; list(names: string): void };
  const open = (program = doomed.program): EmbeddedEngine => {
    // It survives its runtime.
    engine = world.anotherEngine({ exitWithRuntime: false, program });
    engines.push(engine);
    return engine;
  };
  beforeEach(async () => {
    world = await embeddedWorld();
    const folder = mkdtempSync(join(tmpdir(), 'sluice-doomed-'));
    const real = new URL('../../src/engine/embedded/instance.ts', import.meta.url).href;
    const file = join(folder, 'names');
    writeFileSync(file, '');
    writeFileSync(
      join(folder, 'instance.mjs'),
      `import { readFileSync } from 'node:fs';
const id = process.argv[process.argv.indexOf('--id') + 1];
if (readFileSync(${JSON.stringify(file)}, 'utf8').split(' ').includes(id)) throw new Error('doomed');
await import(${JSON.stringify(real)});
`,
    );
    doomed = { folder, program: join(folder, 'instance.mjs'), list: (names) => writeFileSync(file, names) };
    [engines, held, loads] = [[], [], []];
    open();
  });
  afterEach(async () => {
    for (const load of loads) await load.stop();
    for (const { socket } of held) socket.destroy();
    for (const each of engines) await each.stop(0);
    await world.close();
    rmSync(doomed.folder, { recursive: true, force: true });
  });
  const plan = (instances: number, over: Parameters<typeof withInstances>[2] = {}) =>
    withInstances(world.plan, instances, over);
  const start = (instances = 2, over: Parameters<typeof withInstances>[2] = {}) =>
    engine.start(plan(instances, over), allReady);
  const place = (localAddress: string) => ({ ...bindAddress(engine, 'web'), localAddress });
  const acceptorPid = () => Number(readFileSync(join(world.directory, 'acceptor.pid'), 'utf8'));
  const entity = (id: string) => engine.snapshot().instances.find((each) => each.id === id);
  const states = () => engine.snapshot().instances.map(({ id, state }) => `${id} ${state}`);
  const bothServe = ['default/1 serving', 'default/2 serving'];
  const load = (count = 8) => {
    // The address is kept: an engine that was let go of has none.
    const { host, port } = bindAddress(engine, 'web');
    const running = startAsking((localAddress) => ({ host, port, localAddress }), count);
    loads.push(running);
    return running;
  };
  const more = async (running: Load, count: number) => {
    const from = running.done;
    await expect.poll(() => running.done, patience).toBeGreaterThan(from + count);
  };
  /** The `count` first clients whose instance it is. */
  const clientsOf = (name: string, count: number) => {
    const found: string[] = [];
    for (let i = 0; found.length < count; i += 1)
      if (instanceOf(addressOf(i), 2) === name) found.push(addressOf(i));
    return found;
  };

  it('an instance that dies again and again is started later and later, and its clients have a substitute', async () => {
    await start();
    const other = entity('default/1')!.pid;
    doomed.list('default/2');
    process.kill(entity('default/2')!.pid, 'SIGKILL');
    await expect.poll(() => entity('default/2')?.crashes ?? 0, patience).toBeGreaterThan(2);
    await expect
      .poll(() => entity('default/2'), patience)
      .toMatchObject({ state: 'gone', retryAt: expect.any(Number), text: expect.stringContaining('doomed') });
    for (const address of clientsOf('default/2', 5)) expect(await ask(place(address))).toMatch(/^app/);
    expect(entity('default/1')).toMatchObject({ pid: other, state: 'serving', crashes: 0 });
    doomed.list('');
    await expect.poll(states, patience).toEqual(bothServe);
    const [client] = clientsOf('default/2', 1);
    held.push(await hold(place(client!)));
    const seen = await engine.clients();
    expect(
      seen.clients.find(({ address, connections }) => address === client && connections === 1)?.instance,
    ).toBe('default/2');
  });

  it('SIGTERM: a successor serves before it leaves, and nobody fails', async () => {
    await start(2, { grace: 60_000 });
    const running = load();
    await more(running, 20);
    const carried = await Promise.all(clientsOf('default/2', 3).map((address) => hold(place(address))));
    held.push(...carried);
    const { pid } = entity('default/2')!;
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => entity(`default/2:${pid}`)?.state, patience).toBe('leaving');
    expect(entity('default/2')).toMatchObject({ state: 'serving' });
    await more(running, 40);
    await running.stop();
    expect(running.failed).toEqual([]);
    for (const each of carried) expect(each.isOpen()).toBe(true);
    for (const each of carried) each.socket.destroy();
    await expect.poll(() => isAlive(pid), patience).toBe(false);
    await expect.poll(states, patience).toEqual(bothServe);
  });

  it('a renewal whose successor dies leaves the forerunner serving', async () => {
    await start();
    const before = engine.snapshot().instances;
    doomed.list('default/1');
    await expect(engine.renew('default')).rejects.toMatchObject({
      name: 'EngineError',
      code: 'instance-failed',
      message: expect.stringContaining('doomed'),
    });
    expect(engine.snapshot().instances).toEqual(before);
    expect(await ask(place(clientsOf('default/1', 1)[0]!))).toMatch(/^app/);
  });

  it('a runtime of another release adopts what runs, and renews it to its own', async () => {
    await start();
    const before = engine.snapshot().instances.map(({ pid }) => pid);
    engine.detach();
    // As where the next release lies somewhere else.
    const next = join(doomed.folder, 'next.mjs');
    writeFileSync(next, `await import(${JSON.stringify(doomed.program)});\n`);
    open(next);
    await start();
    expect(engine.snapshot().instances.map(({ pid }) => pid)).toEqual(before);
    await engine.renew('default');
    expect(states()).toEqual(expect.arrayContaining(bothServe));
    for (const id of ['default/1', 'default/2'])
      expect(readFileSync(`/proc/${entity(id)!.pid}/cmdline`, 'utf8')).toContain(next);
  });

  it.each([1, 2])(
    'one of %i dies while no runtime is there: its successor serves what it had, and is adopted so',
    async (instances) => {
      await start(instances);
      const name = `default/${instances}`;
      // Not the plan's own: what changed since it was taken holds, too.
      const off = allReady.filter(({ server }) => !server.endsWith('/app1'));
      const maint = allReady.filter(({ server }) => server.endsWith('/app1'));
      expect([off.length, maint.length].every((count) => count > 0)).toBe(true);
      await engine.setServers(maint.map((wish) => ({ ...wish, admin: 'maint' })));
      const { host, port } = bindAddress(engine, 'web');
      const [client] = clientsOf(name, 1);
      const at = { host, port, localAddress: instances === 1 ? addressOf(0) : client! };
      const { pid } = entity(name)!;
      engine.detach();
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => isAlive(pid), patience).toBe(false);
      for (let i = 0; i < 6; i += 1) expect(await ask(at)).toMatch(/^app[^1]/);
      open();
      await start(instances);
      const successor = entity(name)!;
      expect(successor).toMatchObject({ state: 'serving', planHash: plan(instances).hash });
      expect(successor.pid).not.toBe(pid);
      expect(await ask(place(at.localAddress))).toMatch(/^app/);
    },
  );

  it('a scale whose newcomer dies is refused, and changes nothing', async () => {
    await start();
    const before = engine.snapshot().instances.map(({ id, pid }) => [id, pid]);
    doomed.list('default/3');
    await expect(engine.apply(plan(3), allReady)).rejects.toMatchObject({
      code: 'instance-failed',
      message: expect.stringContaining('doomed'),
    });
    await expect.poll(states, patience).toEqual(bothServe);
    expect(engine.snapshot().instances.map(({ id, pid }) => [id, pid])).toEqual(before);
    await engine.apply(plan(1), allReady);
    expect(entity('default/1')!.planHash).toBe(plan(1).hash);
  });

  it('the runtime comes back while an instance dies again and again: it knows, and waits for nobody', async () => {
    await start();
    const { pid } = entity('default/1')!;
    doomed.list('default/2');
    process.kill(entity('default/2')!.pid, 'SIGKILL');
    await expect.poll(() => entity('default/2')?.crashes ?? 0, patience).toBeGreaterThan(2);
    engine.detach();
    open();
    await start();
    expect(entity('default/1')).toMatchObject({ pid, state: 'serving' });
    await expect
      .poll(() => entity('default/2'), patience)
      .toMatchObject({ state: 'gone', retryAt: expect.any(Number) });
    doomed.list('');
    await expect.poll(states, patience).toEqual(bothServe);
  });

  it('the runtime comes back while an instance leaves: it is seen to its end', async () => {
    await start(2, { grace: 60_000 });
    const [client] = clientsOf('default/2', 1);
    const carried = await hold(place(client!));
    held.push(carried);
    const { pid } = entity('default/2')!;
    await engine.apply(plan(1, { grace: 60_000 }), allReady);
    await expect.poll(() => entity(`default/2:${pid}`)?.state, patience).toBe('leaving');
    const { leaveBy } = entity(`default/2:${pid}`)!;
    engine.detach();
    open();
    await start(1, { grace: 60_000 });
    await expect
      .poll(() => entity(`default/2:${pid}`), patience)
      .toMatchObject({ state: 'leaving', leaveBy });
    const seen = await engine.clients();
    expect(seen.clients).toMatchObject([{ address: client, instance: 'default/2', connections: 1 }]);
    carried.socket.destroy();
    await expect.poll(states, patience).toEqual(['default/1 serving']);
  });

  it.each([2, 3, 1])(
    'the runtime dies while it scales to 3, and comes back with a plan of %i: nobody fails',
    async (instances) => {
      await start();
      const pids = engine.snapshot().instances.map(({ pid }) => pid);
      const running = load();
      await more(running, 20);
      const lost = engine.apply(plan(3), allReady).catch(() => {});
      await expect.poll(() => entity('default/3')?.state, patience).toBe('starting');
      engine.detach();
      await lost;
      open();
      await start(instances);
      const names = Array.from({ length: instances }, (_, i) => `default/${i + 1} serving`);
      await expect.poll(states, patience).toEqual(names);
      expect(
        engine
          .snapshot()
          .instances.slice(0, 2)
          .map(({ pid }) => pid),
      ).toEqual(pids.slice(0, instances));
      await more(running, 20);
      await running.stop();
      expect(running.failed).toEqual([]);
    },
  );

  it('an instance that hangs holds few of its clients: the others have a substitute after a second', async () => {
    await start();
    const { pid } = entity('default/2')!;
    process.kill(pid, 'SIGSTOP');
    try {
      const [client] = clientsOf('default/2', 1);
      let answered = 0;
      const all = Array.from({ length: 260 }, async () => {
        await ask(place(client!), 15_000);
        answered += 1;
      });
      await expect.poll(() => answered, patience).toBeGreaterThanOrEqual(50);
      expect(answered).toBeLessThan(100);
      process.kill(pid, 'SIGCONT');
      await Promise.all(all);
      expect(answered).toBe(260);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('an instance killed while it hangs: what it had not taken is served by its successor', async () => {
    await start();
    const { pid } = entity('default/2')!;
    process.kill(pid, 'SIGSTOP');
    const [client] = clientsOf('default/2', 1);
    const all = Array.from({ length: 30 }, () => ask(place(client!), 15_000));
    // Once others were answered, these have been accepted.
    for (const address of clientsOf('default/1', 5)) await ask(place(address));
    process.kill(pid, 'SIGKILL');
    for (const answer of await Promise.all(all)) expect(answer).toMatch(/^app/);
  });

  it('kill -9 of the acceptor: instances accept for themselves, say so, and are adopted', async () => {
    await start();
    const before = engine.snapshot().instances.map(({ id, pid }) => [id, pid]);
    const carried = await Promise.all([0, 1, 2, 3].map((i) => hold(place(addressOf(i)))));
    held.push(...carried);
    process.kill(acceptorPid(), 'SIGKILL');
    for (const id of ['default/1', 'default/2'])
      await expect.poll(() => entity(id)?.text, patience).toContain('acceptor is gone');
    for (let i = 0; i < 20; i += 1) expect(await ask(place(addressOf(i)))).toMatch(/^app/);
    for (const each of carried) expect(each.isOpen()).toBe(true);
    await engine.apply(plan(2, { hash: 'other' }), allReady);
    await expect(engine.apply(plan(3), allReady)).rejects.toMatchObject({
      code: 'instance-failed',
      message: expect.stringContaining('acceptor is gone'),
    });
    await expect(engine.renew('default')).rejects.toMatchObject({ code: 'instance-failed' });
    engine.detach();
    open();
    await start(2, { hash: 'other' });
    expect(engine.snapshot().instances.map(({ id, pid }) => [id, pid])).toEqual(before);
    expect(entity('default/1')?.text).toContain('acceptor is gone');
    expect(await ask(place(addressOf(1)))).toMatch(/^app/);
    await engine.stop(0);
    for (const [, pid] of before) await expect.poll(() => isAlive(pid as number), patience).toBe(false);
  });
});
