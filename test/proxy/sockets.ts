// Real sockets on loopback, for tests of whatever passes bytes on: collected bytes, and conditions waited for.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens on an ephemeral port until the test ends; then every connection is cut, too. */
export async function listening(
  accepted: (socket: Socket) => void,
  at: { readonly host?: string; readonly path?: string } = {},
): Promise<{ readonly server: Server; readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    accepted(socket);
  });
  server.listen(at.path === undefined ? { host: at.host ?? '127.0.0.1', port: 0 } : { path: at.path });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

export interface Peer {
  readonly socket: Socket;
  received(): Buffer;
  /** Saw the other side's FIN. */
  readonly ended: boolean;
  readonly closed: boolean;
  /** Of the error that ended it: ECONNRESET where the other side reset. */
  readonly error: string | undefined;
}

/** Watches a socket and collects what arrives. */
export function peer(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  const state = { ended: false, closed: false, error: undefined as string | undefined };
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  socket.on('end', () => {
    state.ended = true;
  });
  socket.on('close', () => {
    state.closed = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    state.error = error.code;
  });
  return {
    socket,
    received: () => Buffer.concat(chunks),
    get ended() {
      return state.ended;
    },
    get closed() {
      return state.closed;
    },
    get error() {
      return state.error;
    },
  };
}

export async function dial(to: {
  readonly port?: number;
  readonly path?: string;
  readonly host?: string;
}): Promise<Socket> {
  const socket = connect({
    ...(to.path === undefined ? { host: to.host ?? '127.0.0.1', port: to.port! } : { path: to.path }),
    allowHalfOpen: true,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Both ends of one TCP connection. */
export async function socketPair(): Promise<[near: Socket, far: Socket]> {
  const accepted = Promise.withResolvers<Socket>();
  const { port } = await listening(accepted.resolve);
  const near = await dial({ port });
  return [near, await accepted.promise];
}

/** Waits until it is true: turns of the event loop, not a sleep. The test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
