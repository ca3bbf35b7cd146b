// The data plane of one process: binds, backends and servers of a plan, and every client connection on them.

import type { Socket } from 'node:net';
import type { Random } from '../domain/clock.ts';
import type { EngineSample, ProcessSample } from '../domain/counters.ts';
import type { BindEntity } from '../domain/model.ts';
import type { Plan, ServerKey } from '../domain/plan.ts';
import type { ServerWish } from '../domain/server-state.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { LiveConnection } from './live-connection.ts';
import type { Plane, Serve, StreamEndHook } from './plane.ts';
import type { PlaneClock, Timers } from './timers.ts';

export interface DataPlaneOptions {
  readonly clock: PlaneClock;
  readonly random: Random;
  readonly connections: ConnectionTable;
  /** How sessions of mode http are served (http/client-session.ts). */
  readonly serveHttp: Serve;
  /** Only this shard's binds are opened; undefined opens all. */
  readonly shard: string | undefined;
  /** Changes whenever counters start again from zero. */
  readonly life: string;
  /** False in a node:cluster worker, whose sockets the acceptor holds. */
  readonly exclusive: boolean;
  readonly processSample: () => ProcessSample;
}

export declare class DataPlane implements Plane {
  constructor(options: DataPlaneOptions);
  readonly connections: ConnectionTable;
  readonly timers: Timers;
  /** The plan that serves; undefined before the first `apply`. */
  readonly plan: Plan | undefined;
  /** The binds as they listen, for the engine's snapshot. */
  readonly binds: readonly BindEntity[];
  onStreamEnd: StreamEndHook | undefined;
  readonly openConnections: number;
  readonly stopping: boolean;
  wall(): number;
  backend(name: string): BackendRuntime | undefined;

  /** All or nothing. @throws BindError naming the bind, its address and who may hold it; the old plan then still serves. */
  apply(plan: Plan, wishes: readonly ServerWish[]): Promise<void>;
  setServers(wishes: readonly ServerWish[]): void;
  /** By LiveConnection.serial. False where it is no longer there. */
  kill(serial: number): boolean;
  /** Streams first, then idle connections whose cookie names it; answers how many were ended. */
  killOnServer(server: ServerKey, count: number): number;
  /** `full`: every entry; else those that changed since the sample before. */
  sample(full: boolean): EngineSample;
  /** No new connections; idle ones close; resolves when the last has finished, or was ended after `graceMs`. */
  stop(graceMs: number): Promise<void>;

  begin(socket: Socket, bind: BindRuntime, kill: () => void, retire: () => void): LiveConnection;
  streamEnded(
    connection: LiveConnection,
    backend: BackendRuntime | undefined,
    server: import('./server-runtime.ts').ServerRuntime | undefined,
  ): void;
  end(connection: LiveConnection, bind: BindRuntime): void;
}
