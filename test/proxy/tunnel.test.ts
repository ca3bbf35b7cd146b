import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BackendRuntime } from '../../src/proxy/backend-runtime.ts';
import { BindRuntime } from '../../src/proxy/bind-runtime.ts';
import { LiveConnection } from '../../src/proxy/live-connection.ts';
import { openServerSocket } from '../../src/proxy/server-socket.ts';
import { TimerWheel } from '../../src/proxy/timers.ts';
import { startTunnel, type Tunnel, type TunnelEnd } from '../../src/proxy/tunnel.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { backendOf, bindOf, loopback, serverOf } from './plan-parts.ts';
import { listening, type Peer, peer, socketPair, until } from './sockets.ts';

interface SetUp {
  readonly client: Socket;
  readonly server: Socket;
  readonly clock: FakeClock;
  readonly connection: LiveConnection;
  readonly backend: BackendRuntime;
  readonly bind: BindRuntime;
  readonly tunnel: Tunnel;
  readonly ends: TunnelEnd[];
}

/** A client's and a server's socket with a tunnel between them. */
async function setUp(early: { fromClient?: Buffer; fromServer?: Buffer } = {}): Promise<SetUp> {
  const clock = fakeClock();
  const timers = new TimerWheel(clock);
  const [client, nearClient] = await socketPair();
  nearClient.allowHalfOpen = true;
  const accepted = Promise.withResolvers<Socket>();
  const { port } = await listening(accepted.resolve);
  const nearServer = openServerSocket(loopback(port));
  onTestFinished(() => void nearServer.socket.destroy());
  await once(nearServer.socket, 'connect');
  const server = await accepted.promise;
  const settings = backendOf('db', [serverOf('one', { address: loopback(port) })]);
  const backend = new BackendRuntime({ timers, random: Math.random, wall: () => clock.now() }, settings);
  const bind = new BindRuntime(bindOf('front'));
  const connection = new LiveConnection(
    1,
    '127.0.0.1:1',
    'front',
    'tcp',
    clock.now(),
    clock.mono(),
    () => {},
  );
  const ends: TunnelEnd[] = [];
  const tunnel = startTunnel({
    client: nearClient,
    server: nearServer,
    connection,
    bind,
    backend,
    serverRuntime: backend.servers[0]!,
    timers,
    ...early,
    ended: (end) => ends.push(end),
  });
  return { client, server, clock, connection, backend, bind, tunnel, ends };
}

/** Writes in pieces of any size, as fast as the socket takes them. */
async function send(socket: Socket, bytes: Buffer, piece: () => number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const size = piece();
    if (!socket.write(bytes.subarray(at, at + size))) await once(socket, 'drain');
    at += size;
  }
}

/** Reads a little, rests for some turns of the loop, reads on. */
function readSlowly(socket: Socket, done: () => boolean): Peer {
  const reader = peer(socket);
  socket.on('data', () => {
    if (done()) return;
    socket.pause();
    let turns = 3;
    const rest = () => {
      turns -= 1;
      if (turns > 0) setImmediate(rest);
      else socket.resume();
    };
    rest();
  });
  return reader;
}

const pieces: readonly (readonly [string, () => number])[] = [
  ['single bytes to kilobytes', () => 1 + Math.floor(Math.random() ** 4 * 4_000)],
  ['16 KiB and its neighbours', () => 16_383 + Math.floor(Math.random() * 3)],
  ['large ones', () => 1 + Math.floor(Math.random() * 700_000)],
];

describe('a tunnel', () => {
  it.each(pieces)(
    'passes random bytes on unchanged, both ways at once, to slow readers: %s',
    async (_text, piece) => {
      const { client, server, ends, connection, bind, backend } = await setUp();
      const [up, down] = [randomBytes(3_000_000 + Math.floor(Math.random() * 999)), randomBytes(3_000_001)];
      const atClient = readSlowly(client, () => false);
      const atServer = readSlowly(server, () => false);
      const sent = [send(client, up, piece), send(server, down, piece)];
      await Promise.all(sent);
      client.end();
      server.end();
      await until(() => atClient.ended && atServer.ended && ends.length > 0);
      expect(atServer.received().equals(up)).toBe(true);
      expect(atClient.received().equals(down)).toBe(true);
      expect(ends).toEqual(['-']);
      expect([connection.bytesIn, connection.bytesOut]).toEqual([up.length, down.length]);
      for (const { traffic } of [bind, backend, backend.servers[0]!]) {
        expect([traffic.bytesIn, traffic.bytesOut]).toEqual([up.length, down.length]);
      }
    },
  );

  it('passes bulk on unchanged once it reads into a buffer of its own, with stalls in between', async () => {
    const { client, server, ends } = await setUp();
    const down = randomBytes(40_000_000);
    let seen = 0;
    const atClient = peer(client);
    client.on('data', ({ length }: Buffer) => {
      const stalls = Math.floor(seen / 12_000_000) !== Math.floor((seen + length) / 12_000_000);
      seen += length;
      if (!stalls) return;
      client.pause();
      setTimeout(() => client.resume(), 30);
    });
    await send(server, down, () => 1_000_000);
    server.end();
    client.end();
    await until(() => ends.length > 0 && atClient.ended);
    expect(atClient.received().equals(down)).toBe(true);
  });

  it('stops reading from a side while the other does not take it', async () => {
    const { client, server, connection } = await setUp();
    client.pause();
    const chunk = Buffer.alloc(1_000_000, 'x');
    const pump = () => {
      for (let more = true; more; ) more = server.write(chunk);
    };
    server.on('drain', pump);
    pump();
    // The kernel's buffers fill up; then nothing moves any more, however long one waits.
    let last = -1;
    let still = 0;
    await until(() => {
      still = connection.bytesOut === last ? still + 1 : 0;
      last = connection.bytesOut;
      return still > 500;
    });
    const passed = connection.bytesOut;
    expect(passed).toBeLessThan(40_000_000);
    let received = 0;
    client.on('data', ({ length }: Buffer) => {
      received += length;
    });
    client.resume();
    await until(() => received > passed);
  });

  it('hands on what was read before it began, first', async () => {
    const { client, server } = await setUp({
      fromClient: Buffer.from('early '),
      fromServer: Buffer.from('EARLY '),
    });
    const [atClient, atServer] = [peer(client), peer(server)];
    client.write('late');
    server.write('LATE');
    await until(() => atServer.received().length === 10 && atClient.received().length === 10);
    expect([`${atServer.received()}`, `${atClient.received()}`]).toEqual(['early late', 'EARLY LATE']);
  });

  it.each(['client', 'server'] as const)(
    'keeps the other direction open after the %s half-closed',
    async (first) => {
      const { client, server, ends } = await setUp();
      const [one, other] = first === 'client' ? [client, server] : [server, client];
      const [atOne, atOther] = [peer(one), peer(other)];
      one.end('question');
      await until(() => atOther.ended);
      expect(`${atOther.received()}`).toBe('question');
      expect(ends).toEqual([]);
      other.end(Buffer.alloc(200_000, 'a'));
      await until(() => atOne.ended && ends.length === 1);
      expect(atOne.received().length).toBe(200_000);
      expect([ends, atOne.error, atOther.error]).toEqual([['-'], undefined, undefined]);
    },
  );

  it.each([
    ['client', 'C'],
    ['server', 'S'],
  ] as const)('resets the other side when the %s resets', async (first, end) => {
    const { client, server, ends, bind, backend } = await setUp();
    const [one, other] = first === 'client' ? [client, server] : [server, client];
    const atOther = peer(other);
    one.write('part of it');
    await until(() => atOther.received().length === 10);
    one.resetAndDestroy();
    await until(() => atOther.closed && ends.length === 1);
    expect([ends, atOther.error, atOther.ended]).toEqual([[end], 'ECONNRESET', false]);
    const { clientAborts, serverAborts } = backend.servers[0]!.traffic;
    expect([clientAborts, serverAborts]).toEqual(first === 'client' ? [1, 0] : [0, 1]);
    expect([bind.traffic.clientAborts, backend.traffic.serverAborts]).toEqual([clientAborts, serverAborts]);
  });

  it('delivers all of an answer whose server is gone when the client says more', async () => {
    const { client, server, connection, ends } = await setUp();
    const atClient = peer(client);
    client.pause();
    server.end(Buffer.alloc(100_000, 'a'));
    server.on('finish', () => server.destroy());
    await until(() => connection.bytesOut === 100_000 && server.destroyed);
    client.write('more');
    await until(() => connection.bytesIn === 4);
    client.write('and more');
    client.resume();
    client.on('end', () => client.end());
    await until(() => atClient.closed && ends.length === 1);
    expect([atClient.received().length, atClient.error, ends]).toEqual([100_000, undefined, ['-']]);
  });

  it('resets the client when the rest of an answer was lost with its server', async () => {
    const { client, server, ends } = await setUp();
    const atClient = peer(client);
    client.pause();
    server.end(Buffer.alloc(30_000_000, 'a'));
    await until(() => server.bytesWritten > 0);
    server.resetAndDestroy();
    await until(() => ends.length === 1);
    client.resume();
    await until(() => atClient.closed);
    expect([ends, atClient.ended]).toEqual([['S'], false]);
  });

  it.each([
    ['c', 'server'],
    ['s', 'client'],
  ] as const)('ends with %s after the tunnel timeout when the %s spoke last', async (end, last) => {
    const { client, server, clock, ends } = await setUp();
    const [atClient, atServer] = [peer(client), peer(server)];
    clock.advance(50_000);
    const [speaker, listener] = last === 'client' ? [client, atServer] : [server, atClient];
    speaker.write('x');
    await until(() => listener.received().length === 1);
    clock.advance(59_000);
    expect(ends).toEqual([]);
    clock.advance(1_100);
    expect(ends).toEqual([end]);
    await until(() => atClient.closed && atServer.closed);
    expect([atClient.error, atServer.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  });

  it('resets both when killed, and counts itself out', async () => {
    const { client, server, tunnel, ends, backend } = await setUp();
    const [atClient, atServer] = [peer(client), peer(server)];
    expect(backend.servers[0]!.tunnels).toBe(1);
    tunnel.kill();
    tunnel.kill();
    expect([ends, backend.servers[0]!.tunnels]).toEqual([['K'], 0]);
    await until(() => atClient.closed && atServer.closed);
    expect([atClient.error, atServer.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
  });
});
