// Ends a socket so that its peer can tell it from a regular end.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** A TLSSocket has no reset of its own (Node: ERR_INVALID_HANDLE_TYPE): the TCP socket under it is what is reset. */
const carriers = new WeakMap<Socket, Socket>();

/** To be called for every TLSSocket made over a socket, so that `resetSocket` finds that one. */
export function carryOver(secure: TLSSocket, carrier: Socket): void {
  carriers.set(secure, carrier);
}

/**
 * RST on TCP. A unix socket knows no reset, and a connection still being made has no peer to tell: those just close.
 * Over TLS no close_notify precedes it, so that what came is known to be cut off (RFC 8446 6.1) even where it just closes.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const carrier = 'encrypted' in socket ? carriers.get(socket) : socket;
  if (carrier !== undefined && !carrier.connecting && carrier.remoteFamily !== undefined)
    carrier.resetAndDestroy();
  socket.destroy();
}
