// Ends client connections by what they are: on a server, or come in under another TLS mode than a route has now.

import type { ServerKey } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { LiveConnection } from './live-connection.ts';

/** Those that came in by a route in another TLS mode than `present`; answers how many there were. */
export function endInOtherModes(
  connections: Iterable<LiveConnection>,
  route: string,
  present: Termination | undefined,
  how: 'retire' | 'kill',
): number {
  const others = [...connections].filter(
    ({ tlsRoute, tls }) => tlsRoute === route && tls?.termination !== present,
  );
  for (const connection of others) {
    if (how === 'kill') connection.kill();
    // What is passed through has no end of a request that we could see.
    else if (connection.tls?.termination !== 'passthrough') connection.retire();
  }
  return others.length;
}

/** Streams first, then idle connections whose cookie names it; answers how many were ended. */
export function endOnServer(connections: Iterable<LiveConnection>, server: ServerKey, count: number): number {
  const streams: LiveConnection[] = [];
  const sticky: LiveConnection[] = [];
  for (const connection of connections) {
    if (streams.length >= count) break;
    if (connection.server === server && hasStream(connection)) streams.push(connection);
    else if (connection.stickyTo === server && connection.phase === 'idle') sticky.push(connection);
  }
  const chosen = [...streams, ...sticky].slice(0, count);
  for (const connection of chosen) {
    // An idle connection has no stream to kill: it is closed like any whose time is over.
    if (connection.phase === 'idle') connection.retire();
    else connection.kill();
  }
  return chosen.length;
}

/** On a server. */
export function hasStream({ phase }: LiveConnection): boolean {
  return phase === 'connect' || phase === 'wait' || phase === 'data' || phase === 'tunnel';
}
