// How acceptor, instances and engine name a listening socket.

import type { NamedAddress } from '../../proxy/listener.ts';

/** An ephemeral port belongs to its bind: two binds on port 0 are two sockets, and each keeps its own over a replacement. */
export function socketKey({ address, name }: NamedAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const where = `${address.host} ${address.port}`;
  return address.port === 0 ? `${where} ${name}` : where;
}
