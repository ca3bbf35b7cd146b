// What becomes of a TLS handshake with a server: the facts and times that its stream shows, and why it failed.

import { handshakeFailure } from '../../domain/handshake-failure.ts';
import { tlsAddress } from '../../domain/server-tls.ts';
import type { RouteRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import type { ServerConnection } from './server-connection.ts';

/** A stream is carried by it from now on; `undefined`: by none yet. */
export function showCarrier(live: LiveConnection, connection: ServerConnection | undefined): void {
  live.serverSocket = connection?.transport;
  live.reusedServerConnection = connection?.reused ?? false;
  live.serverTls = connection?.tls;
  live.serverHandshakeMono = -1;
}

export function noteHandshake(live: LiveConnection, { tls }: ServerConnection, now: number): void {
  live.serverHandshakeMono = now;
  live.serverTls = { ...tls!, handshakeMs: now - live.connectedMono };
}

export function noteHandshakeFailure(
  live: LiveConnection,
  { key }: ServerRuntime,
  route: RouteRuntime | undefined,
  now: number,
  text: string,
): void {
  live.cause = `${key}: ${text}`;
  live.steps ??= [];
  live.steps.push({
    what: 'server-handshake-failed',
    atMs: now - live.acceptedMono,
    text: `${key}: ${text}`,
  });
  if (route !== undefined) route.traffic.serverHandshakeFailures += 1;
}

/** `lasting`: the same server would fail in the same way again. */
export function whyHandshakeFailed(
  error: Error,
  { settings }: ServerRuntime,
  { serverName }: ServerProfile,
): { readonly text: string; readonly lasting: boolean } {
  const address = tlsAddress(settings);
  const name = serverName ?? (address.kind === 'unix' ? 'localhost' : address.host);
  const { fault, text } = handshakeFailure(error, name);
  return { text, lasting: fault !== 'broken' };
}

/** Of a connection that could not be made, or whose server could not be reached. */
export function reasonOf(error: Error): string {
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}
