import { createSecureContext } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerProfile } from '../../src/proxy/tls/server-profiles.ts';
import { SessionCache } from '../../src/proxy/tls/session-cache.ts';
import {
  openTlsServerSocket,
  openWatchedTlsServerSocket,
  type TlsServerSocket,
} from '../../src/proxy/tls-server-socket.ts';
import { authority, leaf, tlsServer } from '../support/tls-peers.ts';
import { loopback } from './plan-parts.ts';

async function profile(): Promise<ServerProfile> {
  return {
    serverName: 'web',
    verify: 'required',
    context: createSecureContext({ ca: (await authority()).cert }),
    fault: undefined,
    sessions: new SessionCache(),
    retired: false,
    checkName: () => undefined,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(test: () => boolean): Promise<void> {
  while (!test()) await turn();
}

type Open = typeof openTlsServerSocket;

async function opened(open: Open, answer: string, how: 'end' | 'cut') {
  const port = await tlsServer(await leaf({ names: ['web'] }), (socket) =>
    socket.once('data', () => {
      if (how === 'end') socket.end(answer);
      else socket.write(answer, () => setImmediate(() => socket.destroy()));
    }),
  );
  const wire: TlsServerSocket = open(loopback(port), await profile());
  onTestFinished(() => void wire.socket.destroy());
  wire.socket.on('error', () => {});
  await new Promise((resolve) => wire.socket.once('secureConnect', resolve));
  return wire;
}

const kinds: readonly (readonly [string, Open])[] = [
  ['as fast as can be', openTlsServerSocket],
  ['watched', openWatchedTlsServerSocket],
];

describe.each(kinds)('a server socket over TLS, %s', (_name, open) => {
  it('hands on nothing more after a false until it is resumed, and the end last', async () => {
    const answer = Array.from({ length: 20_000 }, (_, at) => `${at},`).join('');
    const wire = await opened(open, answer, 'end');
    let heard = '';
    let calls = 0;
    let ended = false;
    wire.onBytes = (buffer, length) => {
      expect(ended).toBe(false);
      calls += 1;
      heard += buffer.toString('latin1', 0, length);
      buffer.fill('!', 0, length);
      return false;
    };
    wire.socket.on('end', () => {
      ended = true;
    });
    wire.socket.write('go');
    for (let expected = 1; !ended; expected += 1) {
      await until(() => calls === expected || ended);
      for (let idle = 0; idle < 5; idle += 1) await turn();
      if (ended) break;
      expect(calls).toBe(expected);
      expect(ended).toBe(false);
      wire.socket.resume();
    }
    expect(heard === answer).toBe(true);
  });
});

describe('the end of a watched server socket', () => {
  it.each([
    ['end', true],
    ['cut', false],
  ] as const)('was said, or was not: %s', async (how, said) => {
    const wire = await opened(openWatchedTlsServerSocket, 'answer', how);
    let heard = '';
    wire.onBytes = (buffer, length) => {
      heard += buffer.toString('latin1', 0, length);
      return true;
    };
    wire.socket.write('go');
    await new Promise((resolve) => wire.socket.once('end', resolve));
    expect([heard, wire.endWasSaid]).toEqual(['answer', said]);
  });
});
