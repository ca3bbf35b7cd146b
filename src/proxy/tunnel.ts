// A relay between two established sockets, for TCP streams and for HTTP connections after an upgrade.

import type { Socket } from 'node:net';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { LiveConnection } from './live-connection.ts';
import type { ServerRuntime } from './server-runtime.ts';
import type { Timers } from './timers.ts';

export interface TunnelOptions {
  /** Nothing listens on it any more; may be paused. */
  readonly client: Socket;
  readonly server: ServerSocket;
  readonly connection: LiveConnection;
  readonly bind: BindRuntime;
  readonly backend: BackendRuntime;
  readonly serverRuntime: ServerRuntime;
  readonly timers: Timers;
  /** Already read from the client (after the upgrade request), and from the server (after the 101): sent first. */
  readonly fromClient?: Buffer | undefined;
  readonly fromServer?: Buffer | undefined;
  readonly ended: (end: TunnelEnd) => void;
}

/**
 * The reading side of a server socket: `net.connect({ onread })` has no 'data' events, so whoever made the socket
 * hands its bytes on. `bytes` may be reused once `onBytes` returned; false stops reading until `resume`.
 */
export interface ServerSocket {
  readonly socket: Socket;
  onBytes: (bytes: Buffer) => boolean;
}

/** `-`: both sides ended. `C`, `S`: aborted by. `c`, `s`: silent too long. `K`: killed. */
export type TunnelEnd = '-' | 'C' | 'S' | 'c' | 's' | 'K';

export interface Tunnel {
  /** Resets both sides. */
  kill(): void;
}

export declare function startTunnel(options: TunnelOptions): Tunnel;
