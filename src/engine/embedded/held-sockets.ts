// Listening sockets that outlive who accepts on them. The acceptor binds each TCP address once, keeps it, and gives
// instances a copy: while an instance is replaced, clients wait in the kernel's queue and an ephemeral port stays the same.
//
// Not node:cluster: its primary drops a socket as soon as no worker has it, which with one instance is every replacement.

import type { ChildProcess } from 'node:child_process';
import * as net from 'node:net';

/** Bound, not listening: whoever gets it listens. */
interface BoundHandle {
  close(): void;
  /** 0, or a negative error number. */
  getsockname(out: object): number;
}

/** What node:cluster itself binds with; answers a negative error number where it cannot. In every Node since 0.10. */
const bindHandle = (
  net as unknown as {
    _createServerHandle(host: string, port: number, addressType: 4 | 6): BoundHandle | number;
  }
)._createServerHandle;

/** Instance → acceptor, over the IPC channel of child_process: the only one that carries sockets. */
export interface SocketRequest {
  readonly ask: number;
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** Instance → acceptor: it listens there no more. */
export interface SocketRelease {
  readonly release: string;
}

/** Instance → acceptor: all that it listens on: what its forerunner had besides is let go. */
export interface SocketsKept {
  readonly keep: readonly string[];
}

/** Acceptor → instance: the message that a socket comes with, or why there is none. */
export type SocketAnswer = { readonly socket: number } | { readonly socket: number; readonly errno: number };

export interface SocketHolder {
  /** Serves an instance until it is gone. */
  serve(id: string, child: ChildProcess): void;
  close(): void;
}

export function createSocketHolder(): SocketHolder {
  const held = new Map<string, { readonly handle: BoundHandle; readonly users: Set<string> }>();

  /** A negative error number where the address cannot be had. */
  function bind({ host, port }: SocketRequest): BoundHandle | number {
    const bound = bindHandle(host, port, net.isIPv6(host) ? 6 : 4);
    if (typeof bound === 'number') return bound;
    // An address in use is only told at the next call on the socket. That has to be made here: the copy an instance gets
    // would know nothing of it, and listen anywhere.
    const error = bound.getsockname({});
    if (error === 0) return bound;
    bound.close();
    return error;
  }

  function give(id: string, child: ChildProcess, request: SocketRequest): void {
    let entry = held.get(request.key);
    if (entry === undefined) {
      const bound = bind(request);
      if (typeof bound === 'number') {
        child.send({ socket: request.ask, errno: bound } satisfies SocketAnswer);
        return;
      }
      entry = { handle: bound, users: new Set() };
      held.set(request.key, entry);
    }
    entry.users.add(id);
    child.send({ socket: request.ask } satisfies SocketAnswer, entry.handle as unknown as net.Server, {
      keepOpen: true,
    });
  }

  function release(id: string, key: string): void {
    const entry = held.get(key);
    if (entry === undefined || !entry.users.delete(id) || entry.users.size > 0) return;
    entry.handle.close();
    held.delete(key);
  }

  return {
    serve(id, child) {
      child.on('message', (message) => {
        if (!isSocketRequest(message)) return;
        if ('release' in message) release(id, message.release);
        else if ('keep' in message)
          for (const key of [...held.keys()]) message.keep.includes(key) || release(id, key);
        else give(id, child, message);
      });
    },
    close() {
      for (const { handle } of held.values()) handle.close();
      held.clear();
    },
  };
}

function isSocketRequest(message: unknown): message is SocketRequest | SocketRelease | SocketsKept {
  if (typeof message !== 'object' || message === null) return false;
  if ('release' in message) return typeof message.release === 'string';
  if ('keep' in message) return Array.isArray(message.keep);
  return 'ask' in message && 'key' in message && 'host' in message && 'port' in message;
}
