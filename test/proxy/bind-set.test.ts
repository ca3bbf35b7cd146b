import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bind } from '../../src/domain/plan.ts';
import { BindRuntime } from '../../src/proxy/bind-runtime.ts';
import { BindSet } from '../../src/proxy/bind-set.ts';
import { bindOf, loopback } from './plan-parts.ts';
import { dial, listening, peer, until } from './sockets.ts';

function setUp() {
  const accepted: string[] = [];
  const sockets: Socket[] = [];
  const set = new BindSet(true, (socket, bind) => {
    accepted.push(bind.name);
    sockets.push(socket);
    socket.on('error', () => {});
  });
  onTestFinished(() => {
    set.close();
    for (const socket of sockets) socket.destroy();
  });
  const runtimes = new Map<string, BindRuntime>();
  const runtimeOf = (bind: Bind) => {
    const runtime = runtimes.get(bind.name) ?? new BindRuntime(bind);
    runtimes.set(bind.name, runtime);
    return runtime;
  };
  return { set, accepted, runtimeOf };
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const { server, port } = await listening(() => {});
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

describe('a set of binds', () => {
  it('keeps who connects before the commit, and serves them then', async () => {
    const { set, accepted, runtimeOf } = setUp();
    const port = await freePort();
    const prepared = await set.prepare([bindOf('front', { address: loopback(port) })]);
    await dial({ port });
    await dial({ port });
    expect([accepted, set.open]).toEqual([[], []]);
    expect(prepared.commit(runtimeOf)).toEqual([]);
    await until(() => accepted.length === 2);
    expect(set.open.map(({ runtime, address }) => [runtime.name, address])).toEqual([
      ['front', `127.0.0.1:${port}`],
    ]);
  });

  it('does not mind a client that resets before the commit', async () => {
    const { set, accepted, runtimeOf } = setUp();
    const port = await freePort();
    const prepared = await set.prepare([bindOf('front', { address: loopback(port) })]);
    const [gone, stays] = [await dial({ port }), await dial({ port })];
    gone.resetAndDestroy();
    expect(stays.destroyed).toBe(false);
    await until(() => gone.destroyed);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    prepared.commit(runtimeOf);
    await until(() => accepted.length > 0);
    stays.end();
  });

  it('closes who connected before a rollback, and the address with them', async () => {
    const { set, accepted } = setUp();
    const port = await freePort();
    const prepared = await set.prepare([bindOf('front', { address: loopback(port) })]);
    const client = peer(await dial({ port }));
    await prepared.rollback();
    await until(() => client.ended || client.closed);
    expect(accepted).toEqual([]);
    await expect(dial({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps a socket whose bind has another name or mode now', async () => {
    const { set, accepted, runtimeOf } = setUp();
    const address = loopback(await freePort());
    (await set.prepare([bindOf('old', { address })])).commit(runtimeOf);
    const runtime = set.open[0]!.runtime;
    const left = (await set.prepare([bindOf('new', { address, mode: 'http' })])).commit(runtimeOf);
    expect(left).toEqual([runtime]);
    await dial({ port: address.kind === 'ip' ? address.port : 0 });
    await until(() => accepted.length === 1);
    expect(accepted).toEqual(['new']);
  });

  it('gives each bind an ephemeral port of its own, and lets it keep that', async () => {
    const { set, runtimeOf } = setUp();
    const binds = [bindOf('one'), bindOf('two')];
    (await set.prepare(binds)).commit(runtimeOf);
    const before = set.open.map(({ address }) => address);
    expect(new Set(before).size).toBe(2);
    (await set.prepare(binds.toReversed())).commit(runtimeOf);
    expect(set.open.map(({ address }) => address)).toEqual(before.toReversed());
  });
});
