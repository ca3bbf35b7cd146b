// Listeners on TCP: TLS, tokens, Origin and Host, over real sockets.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type AttachOptions, attach } from '../../../src/client/attach.ts';
import type { ControlListen } from '../../../src/domain/plan.ts';
import type { Limits } from '../../../src/protocol/limits.ts';
import { tokenLine } from '../../../src/runtime/control/tokens.ts';
import { type Runtime, startRuntime } from '../../../src/runtime/runtime.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { createScriptedEngine } from '../../support/scripted-engine.ts';
import { passing, plan } from '../fixture.ts';

let folder: string;
const open: (() => unknown)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-tcp-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function runtimeWith(listen: Partial<ControlListen>, limits: Partial<Limits> = {}): Promise<Runtime> {
  const runtime = await startRuntime({
    plan: plan({
      settings: {
        control: [{ address: { kind: 'ip', host: '127.0.0.1', port: 0 }, origins: [], ...listen }],
      },
    }),
    engine: createScriptedEngine({ clock: machineClock }),
    clock: machineClock,
    random: Math.random,
    version: '1.2.3',
    demo: false,
    probe: passing,
    limits,
  });
  open.push(() => runtime.close(0));
  return runtime;
}

function console(url: string, more: Partial<AttachOptions> = {}) {
  const client = attach({ url, name: 'test', clock: machineClock, retry: false, ...more });
  open.push(() => client.close());
  return client;
}

const certificates = join(import.meta.dirname, '../../support/certificates');
const pem = (name: string): string => readFileSync(join(certificates, name), 'utf8');
const ca = pem('ca.pem');
const wss = () => ({ cert: join(certificates, 'server.pem'), key: join(certificates, 'server.key') });

function tokensFile(name: string, lines: readonly string[], mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, `# tokens\n${lines.join('\n')}\n`, { mode });
  chmodSync(path, mode);
  return path;
}

/** The status line of the answer to an upgrade. */
function upgrade(url: string, headers: Readonly<Record<string, string>>, path = '/control'): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('\r\n')) return;
      socket.destroy();
      resolve(text.split('\r\n')[0]!);
    });
    socket.on('error', reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\n${Object.entries({
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    );
  });
}

describe('listening', () => {
  it.each<readonly [string, () => Partial<ControlListen>]>([
    ['without TLS', () => ({ tokens: tokensFile('t', []) })],
    ['without tokens or a client authority', () => ({ tls: wss() })],
  ])('AT12: off loopback %s is refused', async (_, listen) => {
    await expect(
      runtimeWith({ address: { kind: 'ip', host: '0.0.0.0', port: 0 }, ...listen() }),
    ).rejects.toMatchObject({ code: 'control-unsafe' });
  });

  it('AT13: a foreign Origin and a rebound Host are refused', async () => {
    const { urls } = await runtimeWith({ origins: ['https://ops.example.com'] });
    const url = urls[0]!;
    const host = new URL(url).host;
    const statuses = await Promise.all([
      upgrade(url, { host }),
      upgrade(url, { host, origin: 'https://ops.example.com' }),
      upgrade(url, { host: host.replace('127.0.0.1', 'localhost') }),
      upgrade(url, { host, origin: 'https://evil.example.com' }),
      upgrade(url, { host, origin: 'https://ops.example.com.evil.com' }),
      upgrade(url, { host, origin: 'null' }),
      upgrade(url, { host: 'rebound.example.net' }),
      upgrade(url, { host }, '/other'),
    ]);
    expect(statuses.map((line) => line.split(' ')[1])).toEqual([
      '101',
      '101',
      '101',
      '403',
      '403',
      '403',
      '421',
      '404',
    ]);
  });
});

describe('who is there', () => {
  it('ID1: on loopback without tokens nobody is believed by name', async () => {
    const { urls } = await runtimeWith({});
    const client = console(urls[0]!, { user: 'root' });
    await client.ready();
    expect(client.attach).toMatchObject({ state: 'live', role: 'operator', actor: 'local' });
  });

  it('ID2: a token decides name and role, in the header or in the hello', async () => {
    const tokens = tokensFile('two', [
      tokenLine('anna', 'operator', 'secret-of-anna'),
      tokenLine('wall', 'viewer', 'secret-of-wall'),
    ]);
    const { urls } = await runtimeWith({
      address: { kind: 'ip', host: '127.0.0.1', port: 0 },
      tls: wss(),
      tokens,
    });
    expect(urls[0]).toMatch(/^wss:/);
    const anna = console(urls[0]!, { token: 'secret-of-anna', user: 'root', ca });
    await anna.ready();
    expect(anna.attach).toMatchObject({ role: 'operator', actor: 'anna' });
    const wall = console(urls[0]!, { token: 'secret-of-wall', ca });
    await wall.ready();
    expect(wall.attach).toMatchObject({ role: 'viewer', actor: 'wall' });
    await expect(console(urls[0]!, { ca }).ready()).rejects.toMatchObject({
      code: 'not-permitted',
    });
    await expect(console(urls[0]!, { token: 'x' }).ready()).rejects.toThrow(/certificate/i);
  });

  it('ID3: a tokens file that others can read, or that is wrong, is refused', async () => {
    const line = tokenLine('anna', 'operator', 'secret');
    expect(line).not.toContain('secret');
    await expect(runtimeWith({ tokens: tokensFile('open', [line], 0o640) })).rejects.toMatchObject({
      code: 'bad-tokens',
      message: expect.stringContaining('chmod 600'),
    });
    await expect(runtimeWith({ tokens: tokensFile('raw', ['anna operator secret']) })).rejects.toThrow(
      /raw:2: not "NAME viewer\|operator SHA256-HEX"/,
    );
  });

  it('ID5: a token that is revoked ends what it opened', async () => {
    const tokens = tokensFile('revoked', [tokenLine('anna', 'operator', 'secret-of-anna')]);
    const { urls } = await runtimeWith({ tokens }, { pingMs: 20 });
    const client = console(urls[0]!, { token: 'secret-of-anna' });
    await client.ready();
    const closed = new Promise((resolve) =>
      client.attachChanges((state) => state.state === 'closed' && resolve(state)),
    );
    writeFileSync(tokens, '');
    expect(await closed).toMatchObject({ code: 'not-permitted' });
  });

  it('ID2: a client certificate of the right authority is an operator', async () => {
    const { urls } = await runtimeWith({ tls: { ...wss(), clientCa: join(certificates, 'ca.pem') } });
    const client = console(urls[0]!, {
      ca,
      certificate: { cert: pem('client.pem'), key: pem('client.key') },
    });
    await client.ready();
    expect(client.attach).toMatchObject({ role: 'operator', actor: 'anna.example.com' });
    await expect(console(urls[0]!, { ca }).ready()).rejects.toMatchObject({
      code: 'not-permitted',
    });
  });
});

/** Ended by the other side, and not only half: what is written afterwards meets nobody. */
function untilGone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('end', () => {
      const poke = setInterval(() => socket.write('x'), 50);
      socket.once('close', () => {
        clearInterval(poke);
        resolve();
      });
    });
  });
}

describe('limits', () => {
  it('LM1: a message over the limit ends the attachment before it is parsed', async () => {
    const { urls } = await runtimeWith({});
    const socket = new WebSocket(`${urls[0]}/control`);
    const code = await new Promise<number>((resolve) => {
      socket.on('open', () => socket.send(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(300_000)}"}`));
      socket.on('close', resolve);
    });
    expect(code).toBe(1009);
  });

  it('LM6: a runtime has so many attachments, and says so', async () => {
    const { urls } = await runtimeWith({}, { attachments: 1 });
    await console(urls[0]!).ready();
    await expect(console(urls[0]!).ready()).rejects.toThrow(/503: 1 consoles are attached already/);
  });

  const opened = (socket: WebSocket) => new Promise((resolve) => socket.on('open', resolve));
  const silent = (url: string, localAddress = '127.0.0.1') => {
    const socket = new WebSocket(`${url}/control`, { localAddress });
    open.push(() => socket.terminate());
    return socket;
  };

  it('LM6: strangers wait in few places, and leave them again', async () => {
    const { urls } = await runtimeWith({}, { unidentified: 2 });
    const sockets = ['127.0.0.2', '127.0.0.3'].map((from) => silent(urls[0]!, from));
    await Promise.all(sockets.map(opened));
    await expect(console(urls[0]!).ready()).rejects.toThrow(/503: 2 are waiting to be identified here/);
    await Promise.all(
      sockets.map((socket) => {
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.close();
        return closed;
      }),
    );
    await console(urls[0]!).ready();
    await console(urls[0]!).ready();
    await console(urls[0]!).ready();
  });

  it('LM6: one address has a quarter of the places of strangers, until they are known or gone', async () => {
    const { urls } = await runtimeWith({}, { unidentified: 8 });
    // Who is known takes no place of strangers.
    for (let known = 0; known < 3; known += 1) await console(urls[0]!).ready();
    const sockets = [silent(urls[0]!), silent(urls[0]!)];
    await Promise.all(sockets.map(opened));
    await expect(console(urls[0]!).ready()).rejects.toThrow(
      /503: 2 from this address are waiting to be identified here/,
    );
    await opened(silent(urls[0]!, '127.0.0.2'));
    const gone = new Promise((resolve) => sockets[0]!.on('close', resolve));
    sockets[0]!.close();
    await gone;
    await console(urls[0]!).ready();
  });

  it('LM6: a handshake that fails keeps no place', async () => {
    const { urls } = await runtimeWith({}, { unidentified: 4 });
    const host = new URL(urls[0]!).host;
    for (let time = 0; time < 3; time += 1)
      expect(await upgrade(urls[0]!, { host, 'sec-websocket-key': 'short' })).toContain('400');
    await console(urls[0]!).ready();
  });

  it('LM6: the last places are for consoles on the machine, however many are attached from elsewhere', async () => {
    const path = join(folder, 'kept.sock');
    const runtime = await startRuntime({
      plan: plan({
        settings: {
          control: [
            { address: { kind: 'ip', host: '127.0.0.1', port: 0 }, origins: [] },
            { address: { kind: 'unix', path }, origins: [] },
          ],
        },
      }),
      engine: createScriptedEngine({ clock: machineClock }),
      clock: machineClock,
      random: Math.random,
      version: '1.2.3',
      demo: false,
      probe: passing,
      limits: { attachments: 4, localAttachments: 2 },
    });
    open.push(() => runtime.close(0));
    const [tcp, unix] = runtime.urls as [string, string];
    await console(tcp).ready();
    await console(tcp).ready();
    await expect(console(tcp).ready()).rejects.toThrow(/503: 2 consoles are attached already/);
    await console(unix).ready();
    await expect(console(tcp).ready()).rejects.toThrow(/503/);
    const last = console(unix);
    await last.ready();
    await expect(console(unix).ready()).rejects.toThrow(/503: 4 consoles are attached already/);
  });

  it('LM6: a socket that asks for nothing is closed, and a refused one though it never closes', async () => {
    const { urls } = await runtimeWith({}, { helloMs: 100 });
    const port = Number(new URL(urls[0]!).port);
    const refused =
      'GET /control HTTP/1.1\r\nhost: evil.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    await Promise.all(
      ['', refused].map((asked) => {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        open.push(() => socket.destroy());
        socket.on('error', () => {}).resume();
        socket.write(asked);
        return untilGone(socket);
      }),
    );
  });

  it('LM6: a listener holds so many sockets', async () => {
    const { urls } = await runtimeWith({}, { sockets: 2 });
    const port = Number(new URL(urls[0]!).port);
    const from = (localAddress: string) => connect({ port, host: '127.0.0.1', localAddress });
    const first = [from('127.0.0.1'), from('127.0.0.2')];
    await Promise.all(first.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const third = from('127.0.0.3').on('error', () => {});
    open.push(() => [...first, third].forEach((socket) => void socket.destroy()));
    await new Promise((resolve) => third.once('close', resolve));
    expect(first.every(({ destroyed }) => !destroyed)).toBe(true);
  });

  it('LM6: one address holds a quarter of the sockets, of those that ask for nothing too', async () => {
    const { urls } = await runtimeWith({}, { sockets: 8 });
    const port = Number(new URL(urls[0]!).port);
    const from = (localAddress: string) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {});
      open.push(() => socket.destroy());
      return socket;
    };
    const first = [from('127.0.0.2'), from('127.0.0.2')];
    await Promise.all(first.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    await new Promise((resolve) => from('127.0.0.2').once('close', resolve));
    expect(first.every(({ destroyed }) => !destroyed)).toBe(true);
    await console(urls[0]!).ready();
  });

  it('LM1: a message in countless fragments ends the attachment', async () => {
    const { urls } = await runtimeWith({});
    const socket = new WebSocket(`${urls[0]}/control`);
    const code = await new Promise<number>((resolve) => {
      socket.on('open', () => {
        for (let sent = 0; sent < 300; sent++) socket.send('x', { fin: false });
      });
      socket.on('close', resolve);
    });
    expect(code).toBe(1008);
  });

  it('LM8: compression is not agreed to', async () => {
    const { urls } = await runtimeWith({});
    const socket = new WebSocket(`${urls[0]}/control`, { perMessageDeflate: true });
    await new Promise((resolve) => socket.on('open', resolve));
    expect(socket.extensions).toBe('');
    socket.terminate();
  });
});
