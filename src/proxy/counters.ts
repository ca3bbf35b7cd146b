// Counters as the hot path bumps them, and the tests whether a sample says anything new.

import type { TrafficCounters } from '../domain/counters.ts';
import type { Termination } from '../domain/tls.ts';
import { FailingClients } from './failing-clients.ts';

/** Plain numbers, written in place by whoever moves the bytes. */
export class Traffic implements TrafficCounters {
  total = 0;
  status: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  bytesIn = 0;
  bytesOut = 0;
  clientAborts = 0;
  serverAborts = 0;
  requestErrors = 0;
  connectErrors = 0;
  retries = 0;
  redispatches = 0;
}

export class BindTraffic extends Traffic {
  /** Client connections open now. */
  connections = 0;
  /** Of them between two requests. */
  idle = 0;
  requests = 0;
  tlsConnections = 0;
  handshakes = 0;
  resumed = 0;
  handshakeFailures = 0;
}

export class RouteTraffic extends Traffic {
  readonly open: Record<Termination, number> = { passthrough: 0, edge: 0, reencrypt: 0 };
  handshakes = 0;
  resumed = 0;
  handshakeFailures = 0;
  passedHandshakes = 0;
  passedHandshakeFailures = 0;
  readonly failingClients = new FailingClients();
  serverHandshakeFailures = 0;
}

export function countStatus(traffic: Traffic, status: number): void {
  const kind = Math.floor(status / 100) - 1;
  if (kind >= 0 && kind < 5) traffic.status[kind]! += 1;
}

/** A copy that later counting does not change. */
export function copyTraffic(traffic: Traffic): TrafficCounters {
  return {
    total: traffic.total,
    status: [...traffic.status],
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    clientAborts: traffic.clientAborts,
    serverAborts: traffic.serverAborts,
    requestErrors: traffic.requestErrors,
    connectErrors: traffic.connectErrors,
    retries: traffic.retries,
    redispatches: traffic.redispatches,
  };
}
