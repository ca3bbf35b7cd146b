// A change of protocol (RFC 9110 7.8): when it may be asked for, and the tunnel that follows a 101.

import type { Socket } from 'node:net';
import { startTunnel, type Tunnel, type TunnelEnd } from '../tunnel.ts';
import type { ClientStream } from './client-stream.ts';
import type { ExchangeClient } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import type { ServerConnection } from './server-connection.ts';
import { noteUpgrade } from './stream-fields.ts';

/** Not HTTP/2, which would carry further requests past routes and log; and only where no body is in the way. */
export function mayUpgrade(head: RequestHead, withoutBody: boolean): boolean {
  return (
    head.connectionUpgrade &&
    head.upgrade !== '' &&
    head.minor === 1 &&
    withoutBody &&
    !/(^|[\s,])h2c?([\s,]|$)/i.test(head.upgrade)
  );
}

export interface Switched {
  readonly protocol: string;
  readonly socket: Socket;
  readonly connection: ServerConnection;
  /** Read behind the request, and behind the 101. */
  readonly fromClient: Buffer | undefined;
  readonly fromServer: Buffer | undefined;
  readonly ended: (end: TunnelEnd) => void;
}

export function startUpgradeTunnel(
  { live, bind, timers }: Pick<ExchangeClient, 'live' | 'bind' | 'timers'>,
  stream: ClientStream,
  { protocol, socket, connection, fromClient, fromServer, ended }: Switched,
): Tunnel {
  stream.tunnelBegins();
  noteUpgrade(live, timers.mono(), protocol);
  // The tunnel counts it again as it passes.
  const again = fromClient?.length ?? 0;
  live.bytesIn -= again;
  bind.traffic.bytesIn -= again;
  return startTunnel({
    client: socket,
    server: connection.wire,
    connection: live,
    bind,
    backend: stream.backend!,
    serverRuntime: stream.server!,
    routeTraffic: stream.route?.traffic,
    timers,
    fromClient,
    fromServer,
    ended,
  });
}
