// What a client session, HTTP or TCP, may ask of the data plane that carries it. Implemented by DataPlane.

import type { Socket } from 'node:net';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { LiveConnection } from './live-connection.ts';
import type { ServerRuntime } from './server-runtime.ts';
import type { Timers } from './timers.ts';

/** Called at the end of each stream, with the connection's fields of that stream filled in; they are reused afterwards. */
export type StreamEndHook = (
  connection: LiveConnection,
  backend: BackendRuntime | undefined,
  server: ServerRuntime | undefined,
) => void;

export interface Plane {
  readonly timers: Timers;
  /** Wall clock, milliseconds since 1970. */
  wall(): number;
  /** Client connections open on all binds (HAProxy's actconn). */
  readonly openConnections: number;
  /** True once the plane is told to stop: answer with `Connection: close`. */
  readonly stopping: boolean;
  /**
   * A client connection just accepted: numbered, entered in the connection table, counted on its bind.
   * `kill` ends it at once (termination K…), `retire` takes no further request: closes now when idle, else after the
   * stream under way. Both may be called at any time until `end`.
   */
  begin(socket: Socket, bind: BindRuntime, kill: () => void, retire: () => void): LiveConnection;
  /** Calls `onStreamEnd`, where somebody listens, with the newest stream's fields of the connection. */
  streamEnded(
    connection: LiveConnection,
    backend: BackendRuntime | undefined,
    server: ServerRuntime | undefined,
  ): void;
  /** The client connection is gone (exactly once, after its last stream's end). */
  end(connection: LiveConnection, bind: BindRuntime): void;
  /** Set by who writes the log and the tails; undefined while there is neither. */
  onStreamEnd: StreamEndHook | undefined;
}

/** Takes over an accepted socket: allowHalfOpen, noDelay, nothing read yet, no listeners. */
export type Serve = (socket: Socket, bind: BindRuntime, plane: Plane) => void;
