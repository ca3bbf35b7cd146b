// One check of one server, over real sockets: connects, asks, reads no more than the head, and says what came of it.

import { request } from 'node:http';
import { connect } from 'node:net';
import type { Address, Check, HttpCheck } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { CheckCode } from '../../domain/server-state.ts';

export interface ProbeResult {
  readonly code: CheckCode;
  readonly ok: boolean;
  readonly status?: number;
  /** Without the time taken; safe to show. */
  readonly what: string;
}

/** Ends by itself within the check's timeout; `abort` ends it sooner and then the result is of no interest. */
export type Probe = (check: Check, address: Address, abort: AbortSignal) => Promise<ProbeResult>;

const maxHeadBytes = 16 * 1024;

export const probe: Probe = (check, address, abort) => {
  const target = checked(address, check.port);
  return check.kind.type === 'tcp'
    ? tcpProbe(target, check.timeout, abort)
    : httpProbe(check.kind, target, check.timeout, abort);
};

function checked(address: Address, port: number | undefined): Address {
  return port === undefined || address.kind === 'unix' ? address : { ...address, port };
}

function tcpProbe(address: Address, timeoutMs: number, abort: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect(socketOptions(address));
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      abort.removeEventListener('abort', stop);
      // An RST rather than a FIN: no TIME_WAIT, and the server need not read a connection that says nothing.
      socket.resetAndDestroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(timedOut(false, timeoutMs)), timeoutMs);
    // Taken off in the end: the signal lives as long as the server is in the plan, thousands of checks.
    const stop = (): void => finish(aborted);
    abort.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => finish({ code: 'L4OK', ok: true, what: 'connected' }));
    socket.on('error', (error) => finish(connectFailure(error)));
  });
}

function httpProbe(
  { method, path, host, headers, expect }: HttpCheck,
  address: Address,
  timeoutMs: number,
  abort: AbortSignal,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let connected = false;
    let settled = false;
    const finish = (result: ProbeResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      abort.removeEventListener('abort', stop);
      asked.destroy();
      resolve(result);
    };
    const asked = request({
      ...(address.kind === 'unix'
        ? { socketPath: address.path }
        : { host: address.host, port: address.port }),
      method,
      path,
      agent: false,
      maxHeaderSize: maxHeadBytes,
      setHost: false,
      headers: [
        ...(headers.some(([name]) => name.toLowerCase() === 'host')
          ? []
          : [['Host', host ?? hostOf(address)]]),
        ['User-Agent', 'sluice-check'],
        ['Connection', 'close'],
        ...headers,
      ].flat(),
    });
    const timer = setTimeout(() => finish(timedOut(connected, timeoutMs)), timeoutMs);
    // Taken off in the end: the signal lives as long as the server is in the plan, thousands of checks.
    const stop = (): void => finish(aborted);
    abort.addEventListener('abort', stop, { once: true });
    asked.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
      }),
    );
    // The status is the answer; the body is never read.
    asked.on('response', (response) => finish(statusResult(response.statusCode ?? 0, expect)));
    asked.on('upgrade', (response) => finish(statusResult(response.statusCode ?? 101, expect)));
    asked.on('error', (error) => finish(connected ? answerFailure(error) : connectFailure(error)));
    asked.on('close', () => finish({ code: 'L7RSP', ok: false, what: 'closed without an answer' }));
    asked.end();
  });
}

function statusResult(status: number, expect: HttpCheck['expect']): ProbeResult {
  const ok = expect.some(([from, to]) => status >= from && status <= to);
  return { code: ok ? 'L7OK' : 'L7STS', ok, status, what: String(status) };
}

function socketOptions(address: Address): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
}

function hostOf(address: Address): string {
  if (address.kind === 'unix') return 'localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return address.port === 80 ? host : `${host}:${address.port}`;
}

const aborted: ProbeResult = { code: 'L4TOUT', ok: false, what: 'not finished' };

function timedOut(connected: boolean, timeoutMs: number): ProbeResult {
  return connected
    ? { code: 'L7TOUT', ok: false, what: `no answer within ${timeoutMs} ms` }
    : { code: 'L4TOUT', ok: false, what: `not connected within ${timeoutMs} ms` };
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
