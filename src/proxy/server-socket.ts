// A connection to a server whose bytes arrive in a buffer of our choice (`onread`), not in one made for each read.

import { connect, type Socket } from 'node:net';
import type { Address } from '../domain/plan.ts';
import { sharedSmallBuffer } from './relay-buffers.ts';

/**
 * What a tunnel needs of a server connection, whoever opened it. There are no 'data' events: whoever opened it hands the
 * bytes to `onBytes`. They stand in the first `length` bytes of `buffer`, which may be filled again once `onBytes` has
 * returned; false stops reading until `socket.resume()`.
 */
export interface ServerSocket {
  readonly socket: Socket;
  onBytes: (buffer: Buffer, length: number) => boolean;
  /** Where it can be done: reads go there from now on; undefined goes back to the shared one. */
  readInto?(buffer: Buffer | undefined): void;
}

/** Begins to connect. Nothing listens on `socket` yet. */
export function openServerSocket(address: Address): ServerSocket {
  let target: Buffer = sharedSmallBuffer;
  const socket = connect({
    ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
    allowHalfOpen: true,
    noDelay: true,
    onread: {
      buffer: () => target as Buffer<ArrayBuffer>,
      callback: (length, buffer) => opened.onBytes(buffer as Buffer, length),
    },
  });
  const opened: ServerSocket = {
    socket,
    onBytes: () => false,
    readInto(buffer) {
      target = buffer ?? sharedSmallBuffer;
    },
  };
  return opened;
}
