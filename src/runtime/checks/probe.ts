// One check of one server, over real sockets: connects, shakes hands where TLS is spoken, asks, reads no more than the head,
// and says what came of it.

import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { handshakeFailure } from '../../domain/handshake-failure.ts';
import type { Address, Check, HttpCheck } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { CheckCode } from '../../domain/server-state.ts';
import { expectedName, type ServerTrust, tlsSettings } from './server-trust.ts';

export interface ProbeResult {
  readonly code: CheckCode;
  readonly ok: boolean;
  readonly status?: number;
  /** Without the time taken; safe to show. */
  readonly what: string;
}

/**
 * Ends by itself within the check's timeout; `abort` ends it sooner and then the result is of no interest.
 * `tls`: the check goes over TLS, and `address` is where that is spoken.
 */
export type Probe = (
  check: Check,
  address: Address,
  abort: AbortSignal,
  tls?: ServerTrust,
) => Promise<ProbeResult>;

const maxHeadBytes = 16 * 1024;

type Phase = 'connect' | 'handshake' | 'answer';

export const probe: Probe = (check, address, abort, tls) =>
  new Promise((resolve) => {
    const target = checked(address, check.port);
    const { kind, timeout } = check;
    let phase: Phase = 'connect';
    let settled = false;
    let asked: ClientRequest | undefined;
    let socket: Socket | undefined;

    const finish = (result: ProbeResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      abort.removeEventListener('abort', stop);
      if (asked !== undefined) asked.destroy();
      else if (tls !== undefined || target.kind === 'unix') socket?.destroy();
      // An RST rather than a FIN: no TIME_WAIT, and the server need not read a connection that says nothing.
      else socket?.resetAndDestroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(timedOut(phase, timeout)), timeout);
    // Taken off in the end: the signal lives as long as the server is in the plan, thousands of checks.
    const stop = (): void => finish(aborted);
    abort.addEventListener('abort', stop, { once: true });

    const failed = (error: NodeJS.ErrnoException): void => {
      if (phase === 'connect') finish(connectFailure(error));
      else if (phase === 'answer') finish(answerFailure(error));
      else
        finish({ code: 'L6RSP', ok: false, what: handshakeFailure(error, expectedName(tls!, target)).text });
    };
    const ready = (established: Socket, result: ProbeResult): void => {
      if (settled) return;
      if (kind.type === 'tcp') {
        finish(result);
        return;
      }
      phase = 'answer';
      asked = ask(kind, target, tls !== undefined, established, failed, finish);
    };

    if (tls === undefined) {
      socket = connect(socketOptions(target));
      socket.once('connect', () => ready(socket!, { code: 'L4OK', ok: true, what: 'connected' }));
      socket.on('error', failed);
      return;
    }
    const settings = tlsSettings(tls, target);
    if ('fault' in settings) {
      finish({ code: 'L6RSP', ok: false, what: settings.fault });
      return;
    }
    const secure = connectTls({ ...socketOptions(target), ...settings });
    socket = secure;
    secure.once('connect', () => {
      phase = 'handshake';
    });
    secure.once('secureConnect', () =>
      ready(secure, { code: 'L6OK', ok: true, what: `${secure.getProtocol() ?? 'TLS'} handshake` }),
    );
    secure.on('error', failed);
  });

function checked(address: Address, port: number | undefined): Address {
  return port === undefined || address.kind === 'unix' ? address : { ...address, port };
}

function ask(
  { method, path, host, headers, expect }: HttpCheck,
  address: Address,
  tls: boolean,
  socket: Socket,
  failed: (error: NodeJS.ErrnoException) => void,
  finish: (result: ProbeResult) => void,
): ClientRequest {
  const asked = request({
    createConnection: () => socket,
    method,
    path,
    maxHeaderSize: maxHeadBytes,
    setHost: false,
    headers: [
      ...(headers.some(([name]) => name.toLowerCase() === 'host')
        ? []
        : [['Host', host ?? hostOf(address, tls ? 443 : 80)]]),
      ['User-Agent', 'sluice-check'],
      ['Connection', 'close'],
      ...headers,
    ].flat(),
  });
  // The status is the answer; the body is never read.
  asked.on('response', (response) => finish(statusResult(response.statusCode ?? 0, expect)));
  asked.on('upgrade', (response) => finish(statusResult(response.statusCode ?? 101, expect)));
  asked.on('error', failed);
  asked.on('close', () => finish({ code: 'L7RSP', ok: false, what: 'closed without an answer' }));
  asked.end();
  return asked;
}

function statusResult(status: number, expect: HttpCheck['expect']): ProbeResult {
  const ok = expect.some(([from, to]) => status >= from && status <= to);
  return { code: ok ? 'L7OK' : 'L7STS', ok, status, what: String(status) };
}

function socketOptions(address: Address): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
}

function hostOf(address: Address, defaultPort: number): string {
  if (address.kind === 'unix') return 'localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return address.port === defaultPort ? host : `${host}:${address.port}`;
}

const aborted: ProbeResult = { code: 'L4TOUT', ok: false, what: 'not finished' };

function timedOut(phase: Phase, timeoutMs: number): ProbeResult {
  switch (phase) {
    case 'connect':
      return { code: 'L4TOUT', ok: false, what: `not connected within ${timeoutMs} ms` };
    case 'handshake':
      return { code: 'L6TOUT', ok: false, what: `no TLS handshake within ${timeoutMs} ms` };
    case 'answer':
      return { code: 'L7TOUT', ok: false, what: `no answer within ${timeoutMs} ms` };
  }
}

const connectFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'network unreachable',
  ENOENT: 'no such socket',
  EACCES: 'not permitted',
  ETIMEDOUT: 'connection timed out',
  EADDRNOTAVAIL: 'no local address left',
  EMFILE: 'no file descriptor left in the runtime',
};

function connectFailure(error: NodeJS.ErrnoException): ProbeResult {
  const what = connectFaults[error.code ?? ''] ?? safe(error.message, 200);
  return { code: error.code === 'ETIMEDOUT' ? 'L4TOUT' : 'L4CON', ok: false, what };
}

/** It accepted the connection, and then did not speak HTTP or went away. */
function answerFailure(error: NodeJS.ErrnoException): ProbeResult {
  const what = error.code?.startsWith('HPE_')
    ? `not an HTTP answer (${safe(error.code, 60)})`
    : error.code === 'ECONNRESET'
      ? 'connection reset before an answer'
      : safe(error.message, 200);
  return { code: 'L7RSP', ok: false, what };
}
