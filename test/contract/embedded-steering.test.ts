// How clients come to their instance over other listening sockets than IPv4: IPv6, both at once, and unix sockets.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Address } from '../../src/domain/plan.ts';
import { addressOf as bindAddress, type EmbeddedWorld, embeddedWorld } from './embedded-world.ts';
import { addressOf, ask, type Held, hold, instanceOf, rowsOf, withInstances } from './sharded-world.ts';
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

function plan(instances: number, address: Address, over: Parameters<typeof withInstances>[2] = {}) {
  const [web] = world.plan.shards[0]!.binds;
  return withInstances(world.plan, instances, { ...over, binds: [{ ...web!, address }] });
}
const carrierOf = async (client: RegExp) => {
  const rows = (await rowsOf(world.engine)).filter((row) => client.test(row.client));
  return new Set(rows.map(({ instance }) => instance));
};
const portOf = () => Number(/:(\d+)$/.exec(world.engine.snapshot().binds[0]!.address)![1]);

it.each([64, 128] as const)('IPv6, by /%i', async (ipv6Prefix) => {
  await world.engine.start(
    plan(3, { kind: 'ip', host: '::1', port: 0 }, { steering: { ipv6Prefix } }),
    allReady,
  );
  for (let i = 0; i < 3; i += 1) held.push(await hold({ host: '::1', port: portOf() }));
  await expect
    .poll(() => carrierOf(/^\[::1\]/), patience)
    .toEqual(new Set([instanceOf('::1', 3, ipv6Prefix)]));
});

it('IPv4 clients of a socket for both are IPv4 clients', async () => {
  await world.engine.start(plan(3, { kind: 'ip', host: '::', port: 0 }), allReady);
  for (const client of [0, 1, 2, 3, 4].map(addressOf)) {
    held.push(await hold({ host: '127.0.0.1', port: portOf(), localAddress: client }));
    await expect
      .poll(() => carrierOf(new RegExp(`\\b${client.replaceAll('.', '\\.')}\\b`)), patience)
      .toEqual(new Set([instanceOf(client, 3)]));
  }
});

it('a unix socket: clients have no address, and are spread in turn; it outlives 2 → 1 → 2, and its end takes it away', async () => {
  const path = join(world.directory, 'web.sock');
  const unix = (instances: number) => plan(instances, { kind: 'unix', path });
  await world.engine.start(unix(1), allReady);
  expect(await ask({ path })).toMatch(/^app/);
  for (const count of [2, 1, 2]) {
    await world.engine.apply(unix(count), allReady);
    for (let i = 0; i < 4; i += 1) expect(await ask({ path })).toMatch(/^app/);
  }
  held.push(await hold({ path }), await hold({ path }), await hold({ path }), await hold({ path }));
  await expect.poll(() => carrierOf(/^unix:/), patience).toEqual(new Set(['default/1', 'default/2']));
  await world.engine.stop(0);
  expect(existsSync(path)).toBe(false);
});

it('binds come and go in all instances at once, and keep their address', async () => {
  await world.engine.start(withInstances(world.plan, 2), allReady);
  const [web, db] = world.plan.shards[0]!.binds;
  const before = bindAddress(world.engine, 'web');
  const more = { ...web!, name: 'more' };
  await world.engine.apply(
    withInstances(world.plan, 2, { hash: 'more', binds: [web!, db!, more] }),
    allReady,
  );
  expect(bindAddress(world.engine, 'web')).toEqual(before);
  const added = bindAddress(world.engine, 'more');
  for (const localAddress of [0, 1, 2, 3, 4, 5].map(addressOf))
    expect(await ask({ ...added, localAddress })).toMatch(/^app/);
  await world.engine.apply(withInstances(world.plan, 2), allReady);
  await expect.poll(() => ask(added).catch(() => 'refused'), patience).toBe('refused');
  for (const localAddress of [0, 1, 2, 3, 4, 5].map(addressOf))
    expect(await ask({ ...before, localAddress })).toMatch(/^app/);
});
