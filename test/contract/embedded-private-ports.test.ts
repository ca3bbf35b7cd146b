// Sockets that the kernel is to send clients to, without the kernel: tests ask them themselves.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import type { Engine, PrivatePort } from '../../src/engine/engine.ts';
import { type EmbeddedWorld, embeddedWorld } from './embedded-world.ts';
import { ask, type Held, hold, rowsOf, withInstances } from './sharded-world.ts';
import { allReady } from './worlds.ts';

const patience = { timeout: 15_000, interval: 20 };

let world: EmbeddedWorld;
let held: Held[];
beforeEach(async () => {
  world = await embeddedWorld();
  held = [];
});
afterEach(async () => {
  for (const { socket } of held) socket.destroy();
  await world.engine.stop(0);
  await world.close();
});

const steered = (instances: number, over: Parameters<typeof withInstances>[2] = {}): Plan =>
  withInstances(world.plan, instances, { ...over, steering: { by: 'nft', ...over.steering } });
const portsOf = (bind: string, engine: Engine = world.engine): ReadonlyMap<string, number> =>
  new Map(
    engine
      .snapshot()
      .privatePorts.filter((each) => each.bind === bind)
      .map(({ instance, port }: PrivatePort) => [instance, port] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
const whenThere = async (count: number, bind = 'web', engine: Engine = world.engine) => {
  await expect.poll(() => portsOf(bind, engine).size, patience).toBe(count);
  return portsOf(bind, engine);
};
const at = (port: number) => ({ host: '127.0.0.1', port });
const pidOf = (name: string) => world.engine.snapshot().instances.find(({ id }) => id === name)!.pid;
/** Who carries a connection that came by this port. */
async function carrierBy(port: number): Promise<string> {
  const client = await hold(at(port));
  held.push(client);
  const mine = `:${client.socket.localPort}`;
  await expect
    .poll(async () => (await rowsOf(world.engine)).some((row) => row.client.endsWith(mine)), patience)
    .toBe(true);
  const row = (await rowsOf(world.engine)).find(({ client: name }) => name.endsWith(mine))!;
  expect(row.bind).toBe('web');
  return row.instance;
}

describe('private ports', () => {
  it('are there for each bind and instance, where nft is to steer and there are several', async () => {
    await world.engine.start(withInstances(world.plan, 2), allReady);
    await world.engine.apply(steered(1), allReady);
    await world.engine.apply(steered(3), allReady);
    const ports = await whenThere(3);
    await whenThere(3, 'db');
    expect([...ports.keys()]).toEqual(['default/1', 'default/2', 'default/3']);
    for (const [instance, port] of ports) expect(await carrierBy(port)).toBe(instance);
    expect(await ask(at(Number(/:(\d+)$/.exec(world.engine.snapshot().binds[0]!.address)![1])))).toMatch(
      /^app/,
    );
    await world.engine.apply(withInstances(world.plan, 3), allReady);
    expect(world.engine.snapshot().privatePorts).toEqual([]);
  });

  it('are not there for handed-over shards', async () => {
    await world.engine.start(withInstances(world.plan, 3), allReady);
    expect(world.engine.snapshot().privatePorts).toEqual([]);
  });

  it('outlive renewals, crashes and a runtime; clients wait meanwhile', async () => {
    await world.engine.start(steered(2), allReady);
    const before = await whenThere(2);
    let stopping = false;
    const failures: string[] = [];
    let done = 0;
    const asking = [...before.values()].map(async (port) => {
      while (!stopping)
        await ask(at(port)).then(
          () => {
            done += 1;
          },
          (error: Error) => failures.push(error.message),
        );
    });
    await world.engine.renew('default');
    expect(portsOf('web')).toEqual(before);
    expect(failures).toEqual([]);
    const victim = pidOf('default/2');
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => pidOf('default/2'), patience).not.toBe(victim);
    expect(await ask(at(before.get('default/2')!))).toMatch(/^app/);
    stopping = true;
    await Promise.all(asking);
    // What it had taken already died with it.
    expect(failures.length).toBeLessThanOrEqual(1);
    expect(done).toBeGreaterThan(10);
    expect(await whenThere(2)).toEqual(before);
    world.engine.detach();
    const next = world.anotherEngine();
    await next.start(steered(2), allReady);
    expect(await whenThere(2, 'web', next)).toEqual(before);
    await next.stop(0);
  });

  it('2 → 4 → 3 adds and removes; who still comes by one that left is served by others', async () => {
    await world.engine.start(steered(2), allReady);
    const two = await whenThere(2);
    await world.engine.apply(steered(4), allReady);
    const four = await whenThere(4);
    for (const [name, port] of two) expect(four.get(name)).toBe(port);
    await world.engine.apply(steered(3), allReady);
    const three = await whenThere(3);
    for (const [name, port] of three) expect(four.get(name)).toBe(port);
    for (let i = 0; i < 5; i += 1) expect(await ask(at(four.get('default/4')!))).toMatch(/^app/);
    await world.engine.apply(steered(4), allReady);
    expect(await whenThere(4)).toEqual(four);
    expect(await carrierBy(four.get('default/4')!)).toBe('default/4');
  });

  it('one that does not answer lends its port, and has it back', async () => {
    await world.engine.start(steered(2), allReady);
    const before = await whenThere(2);
    const pid = pidOf('default/2');
    let lent: Held | undefined;
    process.kill(pid, 'SIGSTOP');
    try {
      const port = before.get('default/2')!;
      const waited = ask(at(port));
      await expect.poll(() => [...portsOf('web').keys()], patience).toEqual(['default/1']);
      expect(await waited).toMatch(/^app/);
      lent = await hold(at(port));
      held.push(lent);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const mine = `:${lent.socket.localPort}`;
    // A stopped instance keeps windows waiting.
    await expect
      .poll(
        async () => (await rowsOf(world.engine)).find(({ client }) => client.endsWith(mine))?.instance,
        patience,
      )
      .toBe('default/1');
    expect(await whenThere(2)).toEqual(before);
    expect(await carrierBy(before.get('default/2')!)).toBe('default/2');
  });

  it('one that dies again and again lends it, too', async () => {
    await world.engine.start(steered(2), allReady);
    const before = await whenThere(2);
    const port = before.get('default/2')!;
    for (let deaths = 0; deaths < 6; deaths += 1) {
      await expect
        .poll(() => world.engine.snapshot().instances.find(({ id }) => id === 'default/2')!.state, patience)
        .toBe('serving');
      process.kill(pidOf('default/2'), 'SIGKILL');
      await expect
        .poll(() => world.engine.snapshot().instances.find(({ id }) => id === 'default/2')!.crashes, patience)
        .toBe(deaths + 1);
    }
    await expect.poll(() => portsOf('web').size, patience).toBe(1);
    expect(await ask(at(port))).toMatch(/^app/);
    expect(await whenThere(2)).toEqual(before);
  });
});
