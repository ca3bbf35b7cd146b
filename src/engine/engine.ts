// The seam between a runtime and what moves the bytes. One contract suite (test/contract) runs over every engine.

import type { ConnectionDetail, ConnectionOrder, ConnectionRow, StreamRecord } from '../domain/connection.ts';
import type { EngineSample } from '../domain/counters.ts';
import type { Disposer, Event } from '../domain/event.ts';
import type { Usable } from '../domain/kernel.ts';
import type { BindEntity, Capabilities, EngineKind, InstanceEntity } from '../domain/model.ts';
import type { Plan, ServerKey } from '../domain/plan.ts';
import type { ServerWish } from '../domain/server-state.ts';
import type { ObservedClients } from '../domain/shard-plan.ts';
import type { RouteWish, TlsMaterial } from '../domain/tls.ts';

export interface Engine {
  readonly kind: EngineKind;
  readonly capabilities: Capabilities;
  /**
   * Resolves once every bind accepts connections; adopts instances that are already serving.
   * @throws EngineError `bind-failed` (names the bind and who may hold its port), `instance-failed`
   */
  start(plan: Plan, wishes: readonly ServerWish[], tls?: TlsInForce): Promise<void>;
  /**
   * Swaps the plan in every instance, or in none: a refusal leaves the old one serving and no bind changed.
   * Open connections stay; streams under way finish under the plan they began with. Shards' numbers of instances are the
   * plan's: new ones serve before it resolves; those too many leave, and finish what they carry within the plan's grace.
   * @throws EngineError as `start`
   */
  apply(plan: Plan, wishes: readonly ServerWish[], tls?: TlsInForce): Promise<void>;
  /** Resolves once every instance has confirmed. @throws EngineError `unknown` when one went away before it did. */
  setServers(wishes: readonly ServerWish[]): Promise<void>;
  /**
   * Sets routes' TLS modes: the next ClientHello in each instance is decided by them, open connections keep theirs.
   * Wishes for routes without TLS, or that the plan does not know, are passed over.
   * Resolves once every instance has confirmed. @throws EngineError `unknown` when one went away before it did.
   */
  setRoutes(wishes: readonly RouteWish[]): Promise<void>;
  /** Other contents of the files that the plan names: served from the next handshake on. @throws as `setRoutes` */
  setTlsMaterial(material: TlsMaterial): Promise<void>;
  /**
   * Ends client connections of a route that are not carried in its present TLS mode; answers how many there were.
   * `retire`: HTTP ones after the request under way, passed-through ones not at all. `kill`: all of them, at once.
   */
  endInOtherModes(route: string, how: 'retire' | 'kill'): Promise<number>;
  /**
   * Replaces a shard's instances, one after another: a successor serves before its forerunner leaves.
   * Resolves once all have been replaced; forerunners may carry connections on. @throws EngineError `instance-failed`
   */
  renew(shard: string): Promise<void>;
  /** Clients carried now, or in the last minute, by every instance that answers. */
  clients(): Promise<ObservedClients>;
  /** Ends one client connection (termination state K). False where it is no longer there. */
  kill(connection: string): Promise<boolean>;
  /** Pooled connections to a server are not used for another request: what goes there next connects anew. Answers how many. */
  retirePool(server: ServerKey): Promise<number>;
  /** Ends up to `count` streams (and sticky idle connections) of a server; answers how many. */
  killOnServer(server: ServerKey, count: number): Promise<number>;
  snapshot(): EngineSnapshot;
  /** An instance or a bind changed. */
  readonly changes: Event<EngineChange>;
  /** Five times a second; holds only the entries that changed since the sample before. */
  readonly samples: Event<EngineSample>;
  /** A live window of the connection table; `listener` is called with every refresh, about twice a second. */
  watchConnections(query: ConnectionQuery, listener: (window: ConnectionWindow) => void): ConnectionWatch;
  connection(id: string): Promise<ConnectionDetail | undefined>;
  /** Streams as they end. Nothing is collected while nobody listens; too much is dropped and counted, never queued. */
  tail(filter: string, listener: (batch: TailBatch) => void): Disposer;
  /** Closes and reopens the access log (SIGUSR1). */
  reopenLogs(): void;
  /** No new connections; lets what is carried finish, at most `graceMs`; then ends everything. Asked again, the shorter time holds. */
  stop(graceMs: number): Promise<void>;
}

/** Not given to `start`: the plan's own modes, and no files. Not given to `apply`: what holds goes on. */
export interface TlsInForce {
  /** Routes that are not named are in their plan's own mode. */
  readonly routes: readonly RouteWish[];
  readonly material: TlsMaterial;
}

export interface EngineSnapshot {
  readonly instances: readonly InstanceEntity[];
  readonly binds: readonly BindEntity[];
  /** Of shards whose clients nft may steer; empty where none is. */
  readonly privatePorts: readonly PrivatePort[];
  /** By shard: how its clients find their instance now, where that is not plain `handoff` or `direct`. */
  readonly steering: readonly SteeringInForce[];
  /** Of servers that are services; missing where nobody translates their addresses. */
  readonly services?: readonly ServiceInForce[];
}

export type EngineChange =
  | { readonly kind: 'instance'; readonly instance: InstanceEntity }
  | { readonly kind: 'bind'; readonly bind: BindEntity }
  /** Read them anew from the snapshot. */
  | { readonly kind: 'private-ports' }
  | { readonly kind: 'steering'; readonly steering: SteeringInForce }
  | { readonly kind: 'service'; readonly service: ServiceInForce };

/** Where an instance accepts clients of a bind that the kernel sends to it. Outlives the instance: its successor has it, too. */
export interface PrivatePort {
  readonly shard: string;
  readonly bind: string;
  /** "default/2". */
  readonly instance: string;
  /** Of the bind. */
  readonly host: string;
  readonly port: number;
}

export interface SteeringInForce {
  readonly shard: string;
  readonly by: 'nft' | 'handoff';
  /** Where nft was wished and is not in force: why not. */
  readonly why?: string;
}

export interface ServiceInForce {
  readonly server: ServerKey;
  readonly inForce: Usable;
}

export interface ConnectionQuery {
  /** Filter expression as of domain/filter.ts; "" matches all. Already validated. */
  readonly filter: string;
  readonly order: ConnectionOrder;
  readonly offset: number;
  readonly limit: number;
  /** Keep rows of ended connections for some seconds. */
  readonly ended: boolean;
}

export interface ConnectionWindow {
  /** What it answers: after a change of query, windows of the one before may still be on their way. */
  readonly query: ConnectionQuery;
  readonly at: number;
  readonly total: number;
  readonly matched: number;
  readonly rows: readonly ConnectionRow[];
}

export interface ConnectionWatch {
  update(query: ConnectionQuery): void;
  close(): void;
}

export interface TailBatch {
  readonly records: readonly StreamRecord[];
  readonly dropped: number;
}

export type EngineErrorCode = 'bind-failed' | 'instance-failed' | 'unknown' | 'stopped';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
