// Ends a socket so that its peer can tell it from a regular end.

import type { Socket } from 'node:net';

/** RST on TCP. A unix socket knows no reset, and a connection still being made has no peer to tell: those just close. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
