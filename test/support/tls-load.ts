// TLS load for scenarios, which judges each connection: in which mode was it carried, was that the mode in force when it
// was opened, and did it stay so to its end? No retries: what fails, counts.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { Termination } from '../../src/domain/tls.ts';

export interface TlsLoadOptions {
  readonly port: number;
  readonly host: string;
  readonly ca: string;
  /** Common name of the certificate that the proxy shows; any other is a server's. */
  readonly proxyName: string;
  /** In force when it begins. */
  readonly termination: Termination;
  /** Each opens one connection after another. */
  readonly clients: number;
  /** Each keeps its one connection to the end. */
  readonly stayers: number;
}

export interface TlsLoadResult {
  connections: number;
  requests: number;
  resumed: number;
  readonly byMode: Record<Termination, number>;
  readonly failed: string[];
  /** Opened in a mode that was not in force. */
  readonly wrongMode: string[];
  /** Carried in another mode than it began with. */
  readonly flipped: string[];
}

export interface RunningTlsLoad {
  readonly result: TlsLoadResult;
  /** From now on connections may come up in this mode, too; answers the call for: only in this one. */
  switching(to: Termination): () => void;
  stop(): Promise<TlsLoadResult>;
}

export function startTlsLoad(options: TlsLoadOptions): RunningTlsLoad {
  const result: TlsLoadResult = {
    connections: 0,
    requests: 0,
    resumed: 0,
    byMode: { passthrough: 0, edge: 0, reencrypt: 0 },
    failed: [],
    wrongMode: [],
    flipped: [],
  };
  let allowed: ReadonlySet<Termination> = new Set([options.termination]);
  /** Modes that connections under way may come up in: whatever was allowed at any time since they began. */
  const opening = new Set<Set<Termination>>();
  let going = true;

  async function client(stays: boolean): Promise<void> {
    let session: Session | undefined;
    while (going) session = await connection(stays, session);
  }

  async function connection(stays: boolean, session: Session | undefined): Promise<Session | undefined> {
    const modes = new Set(allowed);
    opening.add(modes);
    let given: Buffer | undefined;
    let byProxy = false;
    try {
      const socket = await open(session?.ticket, (next) => {
        given = next;
      });
      opening.delete(modes);
      result.connections += 1;
      if (socket.isSessionReused()) result.resumed += 1;
      // Whoever resumes a session is who gave it, and shows no certificate again.
      byProxy = socket.isSessionReused()
        ? session?.byProxy === true
        : socket.getPeerCertificate().subject?.CN === options.proxyName;
      try {
        await converse(socket, stays, byProxy, modes);
      } finally {
        socket.destroy();
      }
    } catch (error) {
      result.failed.push((error as Error).message);
      await pause(20);
    } finally {
      opening.delete(modes);
    }
    return given && { ticket: given, byProxy };
  }

  async function converse(
    socket: TLSSocket,
    stays: boolean,
    byProxy: boolean,
    modes: ReadonlySet<Termination>,
  ): Promise<void> {
    const exchange = exchangesOn(socket, options.host);
    let mode: Termination | undefined;
    for (let turn = 0; going && (stays || turn < 5); turn += 1) {
      const over = await exchange(turn % 3 === 2 ? 'x'.repeat(3_000) : undefined);
      result.requests += 1;
      const now: Termination = byProxy ? (over === 'tls' ? 'reencrypt' : 'edge') : 'passthrough';
      if (mode === undefined) {
        mode = now;
        result.byMode[now] += 1;
        if (!modes.has(now))
          result.wrongMode.push(`${now}, when it should have been ${[...modes].join(' or ')}`);
      } else if (mode !== now) {
        result.flipped.push(`${mode} became ${now}`);
        mode = now;
      }
      await pause(stays ? 100 : Math.random() * 20);
    }
  }

  function open(session: Buffer | undefined, gave: (session: Buffer) => void): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: options.port,
        servername: options.host,
        ca: options.ca,
        ALPNProtocols: ['http/1.1'],
        ...(session === undefined ? {} : { session }),
      });
      socket.on('session', gave);
      socket.once('error', (error) => reject(new Error(`handshake: ${error.message}`)));
      socket.once('end', () => reject(new Error('handshake: ended')));
      socket.once('secureConnect', () => {
        socket.removeAllListeners('error').removeAllListeners('end');
        resolve(socket);
      });
    });
  }

  const running = [
    ...Array.from({ length: options.clients }, () => client(false)),
    ...Array.from({ length: options.stayers }, () => client(true)),
  ];
  return {
    result,
    switching(to) {
      allowed = new Set([...allowed, to]);
      for (const modes of opening) modes.add(to);
      return () => {
        allowed = new Set([to]);
      };
    },
    async stop() {
      going = false;
      await Promise.all(running);
      return result;
    },
  };
}

interface Session {
  readonly ticket: Buffer;
  readonly byProxy: boolean;
}

/** One request after another on a connection; each answers the way it came to the server (`x-over`). */
function exchangesOn(socket: TLSSocket, host: string): (body: string | undefined) => Promise<string> {
  let text = '';
  let waiting: { resolve(over: string): void; reject(error: Error): void; id: string } | undefined;
  const fail = (why: string) => {
    waiting?.reject(new Error(why));
    waiting = undefined;
  };
  socket.setEncoding('latin1');
  socket.on('error', (error) => fail(`broken off: ${error.message}`));
  socket.on('close', () => fail('closed before the answer was complete'));
  socket.on('data', (part: string) => {
    text += part;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0 || waiting === undefined) return;
    const field = (name: string) =>
      new RegExp(`^${name}: (.*)$`, 'im').exec(text.slice(0, head))?.[1]?.trim();
    if (text.length < head + 4 + Number(field('content-length'))) return;
    const { resolve, id } = waiting;
    const status = text.slice(9, 12);
    if (status !== '200') fail(`status ${status}`);
    else if (field('x-request-id') !== id) fail('the answer to another request');
    else {
      waiting = undefined;
      resolve(field('x-over') ?? '');
    }
    text = '';
  });
  return (body) =>
    new Promise((resolve, reject) => {
      const id = randomUUID();
      waiting = { resolve, reject, id };
      const method = body === undefined ? 'GET' : 'POST';
      const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
      socket.write(
        `${method} /x?size=500 HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: ${id}\r\n${length}\r\n${body ?? ''}`,
      );
      setTimeout(() => fail('no answer in 20 s'), 20_000).unref();
    });
}
