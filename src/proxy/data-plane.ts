// The data plane of one process: binds, backends and servers of a plan, and every client connection on them.

import type { Socket } from 'node:net';
import { hostPort, plainHost } from '../domain/address-text.ts';
import type { Random } from '../domain/clock.ts';
import type { EngineSample, InstanceSample, ProcessSample } from '../domain/counters.ts';
import type { BindEntity } from '../domain/model.ts';
import type { Plan, ServerKey } from '../domain/plan.ts';
import type { ServerWish } from '../domain/server-state.ts';
import type { RouteWish, Termination, TlsMaterial } from '../domain/tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { BackendSet } from './backend-set.ts';
import type { BindRuntime } from './bind-runtime.ts';
import { BindRuntimes } from './bind-runtimes.ts';
import { BindSet } from './bind-set.ts';
import { ClientLedger, type LedgerClient, type LedgerClients, wholeSecond } from './client-ledger.ts';
import { endInOtherModes, endOnServer, hasStream } from './connection-ends.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { HeldSockets } from './listener.ts';
import { LiveConnection } from './live-connection.ts';
import type { Plane, Serve, ServeHttp, StreamEndHook } from './plane.ts';
import { Sampler } from './plane-sample.ts';
import { RouteSet } from './route-set.ts';
import type { ServerRuntime } from './server-runtime.ts';
import { serveTcp } from './tcp-session.ts';
import { type PlaneClock, Timer, type Timers, TimerWheel } from './timers.ts';
import { MaterialInForce } from './tls/material-in-force.ts';

export interface DataPlaneOptions {
  readonly clock: PlaneClock;
  readonly random: Random;
  readonly connections: ConnectionTable;
  /** How connections on binds of mode http are served (http/client-session.ts). */
  readonly serveHttp: ServeHttp;
  /** How connections on binds of mode tls are served (tls/tls-session.ts). */
  readonly serveTls: (serveHttp: ServeHttp) => Serve;
  /** Only this shard's binds are opened; undefined opens all. A bind serves the routes that its own shard admits. */
  readonly shard: string | undefined;
  /** "default/2": its name. */
  readonly instance: string;
  /** Changes whenever counters start again from zero. */
  readonly life: string;
  /** False in a node:cluster worker, whose listening sockets the primary holds. */
  readonly exclusive: boolean;
  /** Where listening TCP sockets come from, when they are to outlive this process. */
  readonly heldSockets?: HeldSockets;
  readonly processSample: () => ProcessSample;
}

/** What comes with a plan: wishes for the TLS modes of its routes (the others are in the plan's own), and its files. */
export interface TlsOfPlane {
  readonly routes: readonly RouteWish[];
  readonly material: TlsMaterial;
}

export class DataPlane implements Plane {
  readonly connections: ConnectionTable;
  readonly timers: Timers;
  readonly #tls = new MaterialInForce();
  readonly certificates = this.#tls.certificates;
  readonly serverProfiles = this.#tls.serverProfiles;
  onStreamEnd: StreamEndHook | undefined = undefined;
  readonly #options: DataPlaneOptions;
  readonly #serveTls: Serve;
  readonly #binds: BindSet;
  readonly #sampler = new Sampler();
  #plan: Plan | undefined;
  readonly #routes = new RouteSet();
  readonly #tablesOf = (shard: string) => this.#routes.tablesOf(shard);
  readonly #bindRuntimes = new BindRuntimes();
  readonly #backends: BackendSet;
  readonly #ledger: ClientLedger;
  #applying: Promise<void> = Promise.resolve();
  #serial = 0;
  #open = 0;
  #stopping = false;
  #lastEnded: (() => void) | undefined;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#serveTls = options.serveTls(options.serveHttp);
    this.connections = options.connections;
    this.timers = new TimerWheel(options.clock);
    this.#ledger = new ClientLedger(() => options.clock.mono());
    this.#backends = new BackendSet({
      timers: this.timers,
      random: options.random,
      wall: () => options.clock.now(),
    });
    this.#binds = new BindSet(
      options.exclusive,
      (socket, bind) => this.#accepted(socket, bind),
      options.heldSockets,
    );
  }

  /** The plan that serves; undefined before the first `apply`. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** The binds as they listen. */
  get binds(): readonly BindEntity[] {
    return this.#bindRuntimes.entities(this.#binds.open);
  }

  get openConnections(): number {
    return this.#open;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get terminations(): ReadonlyMap<string, Termination> {
    return this.#routes.terminations;
  }

  /** What of the TLS files in force cannot be used, one line each: handshakes that need it fail. */
  get tlsProblems(): readonly string[] {
    return this.#tls.problems;
  }

  wall(): number {
    return this.#options.clock.now();
  }

  backend(name: string): BackendRuntime | undefined {
    return this.#backends.get(name);
  }

  bind(name: string): BindRuntime | undefined {
    return this.#bindRuntimes.get(name);
  }

  /**
   * All or nothing; one at a time, in the order of the calls. Without `tls` the TLS modes and files in force go on.
   * @throws BindError naming the bind, its address and who may hold it: the old plan then serves on, unchanged.
   */
  apply(plan: Plan, wishes: readonly ServerWish[], tls?: TlsOfPlane): Promise<void> {
    const applied = this.#applying.then(() => this.#apply(plan, wishes, tls));
    this.#applying = applied.catch(() => {});
    return applied;
  }

  /** Wishes for servers that the plan does not know are passed over. */
  setServers(wishes: readonly ServerWish[]): void {
    for (const backend of this.#backends.wish(wishes)) backend.refresh();
  }

  /** TLS modes from the next ClientHello on. Wishes for routes without TLS, or that the plan does not know, are passed over. */
  setRoutes(wishes: readonly RouteWish[]): void {
    if (this.#routes.wish(wishes)) this.#bindRuntimes.serve(this.#tablesOf);
  }

  /** Other contents of the files that the plan names, from the next handshake on. */
  setTlsMaterial(material: TlsMaterial): void {
    this.#tls.use(this.#plan, material);
  }

  /** Ends connections that came in by a route in another TLS mode than its present one; answers how many there were. */
  endInOtherModes(route: string, how: 'retire' | 'kill'): number {
    return endInOtherModes(this.connections, route, this.terminations.get(route), how);
  }

  /** By LiveConnection.serial. False where it is no longer there. */
  kill(serial: number): boolean {
    const connection = this.connections.get(serial);
    if (connection === undefined || connection.phase === 'ended') return false;
    connection.kill();
    return true;
  }

  /** Streams first, then idle connections whose cookie names it; answers how many were ended. */
  killOnServer(server: ServerKey, count: number): number {
    return endOnServer(this.connections, server, count);
  }

  /** What goes to the server from now on goes over connections that are made from now on. Answers how many were kept. */
  retirePool(key: ServerKey): number {
    return this.#backends.server(key)?.retire() ?? 0;
  }

  /** Client addresses that have connections, or had some in the last minute. */
  clients(): LedgerClients {
    return this.#ledger.observed(this.#streamsUnderWay());
  }

  /** `full`: every entry; else those that changed since the sample before. */
  sample(full: boolean): EngineSample {
    const { life, clock, instance, shard = '' } = this.#options;
    const sample = this.#sampler.take(this.#bindRuntimes, this.#backends.all(), this.#routes.traffic(), full);
    // Said once more with nothing left on it, then forgotten.
    this.#backends.forgetEnded();
    this.#routes.forgetEnded();
    this.#bindRuntimes.forgetEnded();
    const process = this.#options.processSample();
    const ofInstance: InstanceSample = {
      ...process,
      id: instance,
      shard,
      life,
      connections: this.#open,
      clients: this.#ledger.present,
      newConnections: this.#serial,
      requests: this.#bindRuntimes.requests,
    };
    return { at: clock.now(), life, ...sample, process, instances: [ofInstance] };
  }

  /**
   * No new connections; idle ones close; resolves when the last has finished, or was ended after `graceMs`.
   * `succeeded`: somebody else goes on with the binds, and clients should not notice: an idle connection is closed with its
   * next answer, since a request may be on its way on it already (HAProxy: option idle-close-on-response), or when it
   * had nothing to say for half of the time.
   */
  async stop(graceMs: number, succeeded = false): Promise<void> {
    await this.#applying;
    this.#stopping = true;
    this.#binds.close();
    const retireAll = new Timer(() => {
      for (const connection of [...this.connections]) connection.retire();
    });
    const deadline = new Timer(() => {
      for (const connection of [...this.connections]) connection.kill();
    });
    if (!succeeded) for (const connection of [...this.connections]) connection.retire();
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      this.#lastEnded = resolve;
      if (succeeded) this.timers.arm(retireAll, graceMs / 2);
      this.timers.arm(deadline, graceMs);
    });
    this.timers.cancel(retireAll);
    this.timers.cancel(deadline);
  }

  begin(socket: Socket, bind: BindRuntime, kill: () => void, retire: () => void): LiveConnection {
    const { clock, instance } = this.#options;
    this.#serial += 1;
    this.#open += 1;
    bind.traffic.connections += 1;
    bind.traffic.total += 1;
    const host = plainHost(socket.remoteAddress ?? '');
    const client = host === '' ? 'unix:' : hostPort(host, socket.remotePort ?? 0);
    const { name, settings } = bind;
    const connection = new LiveConnection(
      this.#serial,
      client,
      name,
      settings.mode === 'http' ? 'http' : 'tcp',
      clock.now(),
      clock.mono(),
      kill,
    );
    if (settings.mode === 'tls') connection.phase = 'handshake';
    connection.clientHost = host;
    connection.instance = instance;
    connection.ledger = this.#ledger.came(host);
    connection.retire = retire;
    this.connections.add(connection);
    return connection;
  }

  streamEnded(
    connection: LiveConnection,
    backend: BackendRuntime | undefined,
    server: ServerRuntime | undefined,
  ): void {
    if (backend !== undefined) connection.ledger?.used(backend.name, wholeSecond(connection.endMono));
    this.onStreamEnd?.(connection, backend, server);
  }

  end(connection: LiveConnection, bind: BindRuntime): void {
    this.connections.ended(connection);
    // Ended rows stay for some seconds, but not all that carried them.
    connection.kill = connection.retire = alreadyEnded;
    if (connection.ledger !== undefined) this.#ledger.left(connection.ledger);
    connection.ledger = undefined;
    bind.traffic.connections -= 1;
    this.#open -= 1;
    if (this.#open === 0) this.#lastEnded?.();
  }

  #accepted(socket: Socket, bind: BindRuntime): void {
    const { traffic, settings } = bind;
    // Node cannot leave a connection in the kernel's queue, so one too many is closed, and counted.
    if (traffic.connections >= settings.maxConnections) {
      traffic.requestErrors += 1;
      socket.destroy();
    } else if (settings.mode === 'tcp') serveTcp(socket, bind, this);
    else if (settings.mode === 'tls') this.#serveTls(socket, bind, this);
    else this.#options.serveHttp(socket, bind, this);
  }

  async #apply(plan: Plan, wishes: readonly ServerWish[], tls: TlsOfPlane | undefined): Promise<void> {
    const { shard } = this.#options;
    const shards = plan.shards.filter(({ name }) => shard === undefined || name === shard);
    const binds = shards.flatMap((entry) => entry.binds);
    const prepared = await this.#binds.prepare(binds);
    if (this.#stopping) {
      await prepared.rollback();
      throw new Error('the data plane is stopping');
    }

    // From here to the end nothing waits and nothing fails: no request sees half a plan.
    this.#plan = plan;
    this.#backends.configure(plan.backends);
    this.#backends.wish(wishes);
    const backendOf = (name: string) => this.backend(name);
    this.#routes.configure(plan, shards, backendOf, tls?.routes);
    this.#tls.use(plan, tls?.material);
    this.#bindRuntimes.configure(shards, this.#tablesOf, backendOf);
    this.#backends.refresh();
    const left = prepared.commit(({ name }) => this.#bindRuntimes.get(name)!);
    this.#bindRuntimes.pointToTls(this.#binds.open);
    this.#retire(left);
  }

  /** With whom a client's stream is now, of those that did not end yet. */
  *#streamsUnderWay(): Iterable<readonly [LedgerClient, string]> {
    for (const connection of this.connections) {
      const { ledger, backend } = connection;
      if (ledger !== undefined && backend !== undefined && hasStream(connection)) yield [ledger, backend];
    }
  }

  /** What was asked over connections of a bind that is gone is still answered; another request is not. */
  #retire(left: readonly BindRuntime[]): void {
    if (left.length === 0) return;
    const names = new Set(left.map(({ name }) => name));
    this.#bindRuntimes.leave(left);
    for (const connection of [...this.connections]) if (names.has(connection.bind)) connection.retire();
  }
}

function alreadyEnded(): void {}
