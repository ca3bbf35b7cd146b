// Ends a socket so that its peer can tell it from a regular end.

import type { Socket } from 'node:net';

/** RST on TCP. A unix socket knows no reset, and a connection still being made has no peer to tell: those just close. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || socket.remoteFamily === undefined) socket.destroy();
  else if ('encrypted' in socket) resetUnderTls(socket);
  else socket.resetAndDestroy();
}

/** What Node calls of the TCP handle under a TLS socket. Not documented: whatever is missing leaves a plain close. */
interface TcpHandle {
  close(done?: () => void): void;
  /** 0, or an error's number: with a FIN on its way there is nothing to reset. */
  reset?(done?: () => void): number;
}

/**
 * `resetAndDestroy` is for TCP alone. A plain close would send FIN: it lacks the close_notify before it, but there are
 * peers that do not mind. So the handle below resets where it is told to close, and all else goes its usual way.
 */
function resetUnderTls(socket: Socket): void {
  const tcp = (socket as { _handle?: { _parent?: TcpHandle } | null })._handle?._parent;
  if (typeof tcp?.reset === 'function') {
    const close = tcp.close.bind(tcp);
    tcp.close = (done) => {
      if (tcp.reset!(done) !== 0) close(done);
    };
  }
  socket.destroy();
}
