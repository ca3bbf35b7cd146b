// A request's first octets on their way to a server: its head, and what of the body was read before there was a connection.

import type { Socket } from 'node:net';

/** As few writes as can be: over TLS each is a record of its own. False: the server takes no more now. */
export function sendFirst(socket: Socket, head: string, held: readonly (string | Buffer)[]): boolean {
  if (held.length === 0) return socket.write(head, 'latin1');
  let out = head;
  let free = true;
  socket.cork();
  for (const part of held) {
    if (typeof part === 'string') out += part;
    else {
      if (out !== '') socket.write(out, 'latin1');
      out = '';
      free = socket.write(part);
    }
  }
  if (out !== '') free = socket.write(out, 'latin1');
  socket.uncork();
  return free;
}
