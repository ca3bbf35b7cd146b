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
  const carrier = carriers.get(socket) ?? socket;
  if (!carrier.connecting && carrier.remoteFamily !== undefined) {
    if ('encrypted' in carrier) resetWhenClosed(carrier);
    else carrier.resetAndDestroy();
  }
  socket.destroy();
}

/** What Node calls of the TCP handle under a TLS socket. Not documented: whatever is missing leaves a plain close. */
interface TcpHandle {
  close(done?: () => void): void;
  /** 0, or an error's number: with a FIN on its way there is nothing to reset. */
  reset?(done?: () => void): number;
}

/** Of a TLSSocket that connected by itself no socket is under it: its handle resets where it is told to close. */
function resetWhenClosed(socket: Socket): void {
  const tcp = (socket as { _handle?: { _parent?: TcpHandle } | null })._handle?._parent;
  if (typeof tcp?.reset !== 'function') return;
  const close = tcp.close.bind(tcp);
  tcp.close = (done) => {
    if (tcp.reset!(done) !== 0) close(done);
  };
}
