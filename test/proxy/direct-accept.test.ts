import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions, Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptDirectly, directAcceptWorks } from '../../src/proxy/direct-accept.ts';
import { dial, peer, until } from './sockets.ts';

async function accepting(at: ListenOptions): Promise<{ server: Server; accepted: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(at);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const direct = acceptDirectly(server, (socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    resolve(socket);
  });
  expect(direct).toBe(true);
  return { server, accepted: promise };
}

async function pair(): Promise<[far: Socket, near: Socket]> {
  const { server, accepted } = await accepting({ port: 0, host: '127.0.0.1' });
  const address = server.address();
  const far = await dial({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  return [far, await accepted];
}

describe('accepting directly', () => {
  it('works on this Node, or nothing here is worth testing', async () => {
    expect(await directAcceptWorks()).toBe(true);
  });

  it('says so where a server has no handle, and changes nothing', () => {
    expect(acceptDirectly(new Server(), () => {})).toBe(false);
  });

  it('keeps what comes before anybody listens, to the octet', async () => {
    const [far, near] = await pair();
    const sent = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
    far.end(sent);
    await until(() => near.readableLength > 0);
    const heard = peer(near);
    await until(() => heard.ended);
    expect(heard.received().equals(sent)).toBe(true);
  });

  it('hands nothing over in a pause, and all of it afterwards', async () => {
    const [far, near] = await pair();
    const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 11 + (i >> 7)) & 255));
    let inPause = 0;
    let pauses = 0;
    near.on('data', () => {
      if (near.isPaused()) inPause += 1;
      near.pause();
      pauses += 1;
      setImmediate(() => setImmediate(() => near.resume()));
    });
    const heard = peer(near);
    far.end(sent);
    await until(() => heard.ended);
    expect(heard.received().equals(sent)).toBe(true);
    expect([inPause, pauses > 1]).toEqual([0, true]);
  });

  it('lets each side end for itself, and closes when both have', async () => {
    const [far, near] = await pair();
    const [client, server] = [peer(far), peer(near)];
    far.end('question');
    await until(() => server.ended);
    expect(server.closed).toBe(false);
    near.end('answer');
    await until(() => client.closed && server.closed);
    expect([`${server.received()}`, `${client.received()}`]).toEqual(['question', 'answer']);
  });

  it.each([
    ['with a reader', true],
    ['before there is one', false],
  ])('tells of a reset %s', async (_name, reads) => {
    const [far, near] = await pair();
    const error = once(near, 'error');
    const closed = new Promise((resolve) => near.once('close', resolve));
    if (reads) near.on('data', () => {});
    far.resetAndDestroy();
    const [reason] = await error.catch((thrown: unknown) => [thrown]);
    expect(reason).toMatchObject({ code: 'ECONNRESET' });
    await closed;
  });

  it('knows both addresses of a connection, and can reset it', async () => {
    const [far, near] = await pair();
    const client = peer(far);
    expect([near.remoteAddress, near.remotePort, near.localPort]).toEqual([
      '127.0.0.1',
      far.localPort,
      far.remotePort,
    ]);
    near.resetAndDestroy();
    await until(() => client.closed);
    expect(client.error).toBe('ECONNRESET');
  });

  it('accepts on a unix socket as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-direct-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 's');
    const { accepted } = await accepting({ path });
    const far = await dial({ path });
    const [near, client] = [await accepted, peer(far)];
    near.on('data', (bytes) => near.write(bytes));
    near.on('end', () => near.end());
    far.end('x'.repeat(100_000));
    await until(() => client.ended);
    expect(client.received().length).toBe(100_000);
  });
});
