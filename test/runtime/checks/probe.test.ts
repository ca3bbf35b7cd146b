import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Address, Check, HttpCheck } from '../../../src/domain/plan.ts';
import { probe } from '../../../src/runtime/checks/probe.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serverThat(act: (socket: Socket) => void, path?: string): Promise<Address> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    act(socket);
  });
  await new Promise<void>((resolve) =>
    path ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve),
  );
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  return bound !== null && typeof bound === 'object'
    ? { kind: 'ip', host: '127.0.0.1', port: bound.port }
    : { kind: 'unix', path: path! };
}

const answering = (text: string) => (socket: Socket) => socket.once('data', () => socket.write(text));

function check(kind: Check['kind'], timeout = 2_000): Check {
  return {
    kind,
    timeout,
    interval: 1_000,
    fastInterval: 1_000,
    downInterval: 1_000,
    rise: 1,
    fall: 1,
    jitter: 0,
  };
}
const http = (over: Partial<HttpCheck> = {}): HttpCheck => ({
  type: 'http',
  method: 'GET',
  path: '/healthz',
  headers: [],
  expect: [[200, 399]],
  ...over,
});
const run = (of: Check, address: Address) => probe(of, address, new AbortController().signal);

async function closedPort(): Promise<Address> {
  const address = await serverThat(() => {});
  for (const close of open.splice(0)) close();
  await new Promise((resolve) => setImmediate(resolve));
  return address;
}

describe('a TCP check', () => {
  it('connects', async () => {
    expect(await run(check({ type: 'tcp' }), await serverThat(() => {}))).toEqual({
      code: 'L4OK',
      ok: true,
      what: 'connected',
    });
  });

  it('says that nobody listens', async () => {
    expect(await run(check({ type: 'tcp' }), await closedPort())).toEqual({
      code: 'L4CON',
      ok: false,
      what: 'connection refused',
    });
  });

  it('checks another port where it should', async () => {
    const real = await serverThat(() => {});
    const elsewhere = await closedPort();
    const port = real.kind === 'ip' ? real.port : 0;
    open.length = 0;
    const again = await serverThat(() => {});
    expect(
      await run({ ...check({ type: 'tcp' }), port: again.kind === 'ip' ? again.port : port }, elsewhere),
    ).toMatchObject({
      code: 'L4OK',
    });
  });
});

describe('an HTTP check', () => {
  it.each<readonly [string, string, object]>([
    [
      '200',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      { code: 'L7OK', ok: true, status: 200, what: '200' },
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { code: 'L7OK', ok: true, status: 204, what: '204' }],
    ['503', 'HTTP/1.1 503 Busy\r\n\r\n', { code: 'L7STS', ok: false, status: 503, what: '503' }],
    [
      'a head without its body',
      'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n',
      { code: 'L7OK', ok: true },
    ],
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', { code: 'L7RSP', ok: false }],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`, { code: 'L7RSP', ok: false }],
    ['escape sequences', '\u001b]0;x\u0007\r\n\r\n', { code: 'L7RSP', ok: false }],
  ])('takes %s for what it is', async (_, answer, result) => {
    const found = await run(check(http()), await serverThat(answering(answer)));
    expect(found).toMatchObject(result);
    expect(found.what).toMatch(/^[\x20-\x7e]+$/);
  });

  it.each<readonly [string, (socket: Socket) => void, string]>([
    ['ends without an answer', (socket) => socket.once('data', () => socket.end()), 'L7RSP'],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), 'L7RSP'],
    ['never answers', () => {}, 'L7TOUT'],
  ])('says of a server that %s: %s', async (_, act, code) => {
    expect(await run(check(http(), 100), await serverThat(act))).toMatchObject({ code, ok: false });
  });

  it('says that nobody listens', async () => {
    expect(await run(check(http()), await closedPort())).toMatchObject({
      code: 'L4CON',
      what: 'connection refused',
    });
  });

  it('sends the method, path, Host and headers of its configuration, over a unix socket as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-probe-'));
    open.push(() => rmSync(folder, { recursive: true }));
    for (const path of [undefined, join(folder, 'server.sock')]) {
      let asked = '';
      const address = await serverThat((socket) => {
        socket.once('data', (chunk) => {
          asked = String(chunk);
          socket.write('HTTP/1.1 418 x\r\n\r\n');
        });
      }, path);
      const kind = http({
        method: 'HEAD',
        path: '/up?x=1',
        host: 'shop.example.com',
        headers: [['X-Check', '1']],
        expect: [[418, 418]],
      });
      expect(await run(check(kind), address)).toMatchObject({ code: 'L7OK', status: 418 });
      expect(
        asked
          .split('\r\n')
          .filter((line) => line !== '')
          .sort(),
      ).toEqual([
        'Connection: close',
        'HEAD /up?x=1 HTTP/1.1',
        'Host: shop.example.com',
        'User-Agent: sluice-check',
        'X-Check: 1',
      ]);
    }
  });
});

it.each<[string, Check]>([
  ['http', check(http())],
  ['tcp', check({ type: 'tcp' })],
])('leaves nothing on the signal of its series, a %s check', async (_, of) => {
  const { signal } = new AbortController();
  const up = await serverThat(answering('HTTP/1.1 200 OK\r\n\r\n'));
  const down = await closedPort();
  for (const address of [up, down, up]) await probe(of, address, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
