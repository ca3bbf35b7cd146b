// Asks a port in plain HTTP, with a request that changes nothing, and tells what came back: at most a few KiB, then RST.

import { connect } from 'node:net';
import type { Address } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';

export type PlainAnswer =
  /** `line`: "HTTP/1.1 400 Bad Request", safe. `wantsTls`: its text says that TLS is spoken here. */
  | { readonly kind: 'http'; readonly status: number; readonly line: string; readonly wantsTls: boolean }
  /** A TLS alert, as TLS servers answer to what is no ClientHello. */
  | { readonly kind: 'tls' }
  | { readonly kind: 'other'; readonly text: string }
  /** It took the request and closed, or said nothing in time. */
  | { readonly kind: 'silent'; readonly text: string }
  | { readonly kind: 'unreachable'; readonly text: string };

export interface AskOptions {
  readonly address: Address;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly timeoutMs: number;
  readonly abort: AbortSignal;
}

const maxBytes = 4_096;

export function requestText({ method, path, host }: Pick<AskOptions, 'method' | 'path' | 'host'>): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: sluice-preflight\r\nConnection: close\r\n\r\n`;
}

export function askPlain({ address, timeoutMs, abort, ...asked }: AskOptions): Promise<PlainAnswer> {
  return new Promise((resolve) => {
    let heard: Buffer = Buffer.alloc(0);
    let connected = false;
    const socket = connect(
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
    );
    const finish = (answer: PlainAnswer): void => {
      clearTimeout(timer);
      abort.removeEventListener('abort', stop);
      // A unix socket knows no reset.
      if (socket.connecting || address.kind === 'unix') socket.destroy();
      else socket.resetAndDestroy();
      resolve(answer);
    };
    const nothing = (why: string): PlainAnswer =>
      heard.length > 0
        ? (plainAnswer(heard, true) ?? { kind: 'silent', text: why })
        : connected
          ? { kind: 'silent', text: why }
          : { kind: 'unreachable', text: why };
    const timer = setTimeout(() => finish(nothing(`nothing came within ${timeoutMs} ms`)), timeoutMs);
    const stop = (): void => finish({ kind: 'unreachable', text: 'not finished' });
    abort.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      connected = true;
      socket.write(requestText(asked), 'latin1');
    });
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      const answer = plainAnswer(heard, heard.length >= maxBytes);
      if (answer !== undefined) finish(answer);
    });
    socket.on('end', () => finish(nothing('it closed the connection without an answer')));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(nothing(reasonOf(error, connected))));
  });
}

/** Undefined: more must come. A head is waited for as a whole, unless `all` there is. */
export function plainAnswer(heard: Buffer, all: boolean): PlainAnswer | undefined {
  const text = heard.toString('latin1');
  // Record type 21, version 3.x (RFC 8446 5.1).
  if (heard[0] === 21 && (heard[1] === 3 || heard.length === 1))
    return heard.length > 1 || all ? { kind: 'tls' } : undefined;
  const begun = 'HTTP/'.startsWith(text.slice(0, 5));
  if (begun && !all && !text.includes('\r\n\r\n')) return undefined;
  const [line = ''] = text.split(/\r?\n/, 1);
  const status = /^HTTP\/\d\.\d ([1-9]\d\d)(?: |$)/.exec(line)?.[1];
  if (status === undefined)
    return { kind: 'other', text: `${heard.length} bytes that are no HTTP: ${safe(line, 60)}` };
  // nginx, Apache, Node and Go say so in one way or another.
  const wantsTls =
    status === '400' && /https? ?(?:port|server|request)|plain http|speaking plain/i.test(text);
  return { kind: 'http', status: Number(status), line: safe(line, 60), wantsTls };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'network unreachable',
  ENOENT: 'no such socket',
  EACCES: 'not permitted',
  ETIMEDOUT: 'connection timed out',
};

export function reasonOf(error: NodeJS.ErrnoException, connected: boolean): string {
  if (error.code === 'ECONNRESET')
    return connected ? 'it broke the connection off without an answer' : 'connection reset';
  return reasons[error.code ?? ''] ?? safe(error.message, 120);
}
