// One client connection on a bind of mode tls: its ClientHello is read before anything is decided, then it is passed
// through to a server, or its TLS is ended here and an HTTP session takes over.

import type { Serve, ServeHttp } from '../plane.ts';

export function serveTls(_serveHttp: ServeHttp): Serve {
  return (socket) => {
    socket.destroy();
  };
}
