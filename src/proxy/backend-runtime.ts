// A backend as it serves: chooses a server for each stream, holds its place there, queues when all places are taken,
// and hands places on. Outlives reloads that keep its name, as do its servers.

import { type Balancer, createBalancer } from '../domain/balance/balancer.ts';
import { hashClient } from '../domain/balance/client-hash.ts';
import type { Random } from '../domain/clock.ts';
import { LatencyRecorder } from '../domain/latency.ts';
import type { Backend, Server } from '../domain/plan.ts';
import { Traffic } from './counters.ts';
import { type Waiter, WaiterQueue } from './queue.ts';
import { ServerRuntime } from './server-runtime.ts';
import type { Timers } from './timers.ts';

export interface BackendContext {
  readonly timers: Timers;
  readonly random: Random;
  /** Wall clock, milliseconds since 1970. */
  wall(): number;
}

export class BackendRuntime {
  readonly name: string;
  /** The present plan's. */
  settings: Backend;
  readonly traffic = new Traffic();
  /** Time from sending a request to its answer's last byte (TCP: connect time), microseconds. */
  readonly latency = new LatencyRecorder();
  /** Streams on its servers now. */
  streams = 0;
  /** Streams that wait for any server. */
  readonly queue = new WaiterQueue();
  /** In the plan's order. */
  servers: readonly ServerRuntime[] = [];
  /** Servers no longer in the plan that still carry streams. */
  readonly leaving = new Set<ServerRuntime>();
  readonly #context: BackendContext;
  readonly #byName = new Map<string, ServerRuntime>();
  #balancer: Balancer<ServerRuntime>;
  #order = 0;

  constructor(context: BackendContext, settings: Backend) {
    this.#context = context;
    this.name = settings.name;
    this.settings = settings;
    this.#balancer = createBalancer(settings.algorithm, context.random);
    this.configure(settings);
    this.refresh();
  }

  /** By name: what a cookie's value names. */
  server(name: string): ServerRuntime | undefined {
    return this.#byName.get(name);
  }

  /**
   * A server with a place held for this stream (release it once), or 'queued' (the owner is told later), or 'none'.
   * The cookie's server where it may be used, else the algorithm's choice.
   */
  acquire(waiter: Waiter): ServerRuntime | 'queued' | 'none' {
    const wanted = waiter.cookieServer;
    if (wanted !== undefined) {
      if (wanted.takesCookie && wanted.backend === this && wanted !== waiter.avoid) {
        if (wanted.isFull || wanted.queue.length > 0) return this.#enqueue(waiter, wanted.queue);
        return this.#take(wanted, waiter);
      }
      waiter.cookieServer = undefined;
    }
    const picked = this.#pick(waiter);
    if (picked === undefined) return this.#balancer.serving ? this.#enqueue(waiter, this.queue) : 'none';
    // Only `source` picks a full server: its clients wait for their own.
    if (picked.isFull) return this.#enqueue(waiter, picked.queue);
    return this.#take(picked, waiter);
  }

  /** The client went away while it waited. */
  cancel(waiter: Waiter): void {
    waiter.queue?.remove(waiter);
    this.#context.timers.cancel(waiter.timer);
  }

  /** See ServerRuntime.release. */
  release(server: ServerRuntime): void {
    server.streams -= 1;
    this.streams -= 1;
    if (server.removed) {
      if (server.streams === 0) this.leaving.delete(server);
      return;
    }
    this.#balancer.loadChanged(server);
    this.#serveWaiters(server);
  }

  /** Takes over a plan's settings. Servers are the same as long as their names are; `refresh` must follow. */
  configure(settings: Backend): void {
    if (settings.algorithm !== this.settings.algorithm) {
      this.#balancer.update([]);
      this.#balancer = createBalancer(settings.algorithm, this.#context.random);
    }
    this.settings = settings;
    const former = new Set(this.servers);
    this.#byName.clear();
    this.servers = settings.servers.map((server) => {
      const runtime = this.#keep(server, former) ?? new ServerRuntime(this, server);
      this.#byName.set(server.name, runtime);
      former.delete(runtime);
      return runtime;
    });
    for (const server of former) {
      server.removed = true;
      if (server.streams > 0) this.leaving.add(server);
      server.closeIdle();
      this.#unbind(server);
    }
  }

  /** After settings or wishes of servers changed: balances anew, frees waiters of servers that lost them, serves whom it can. */
  refresh(): void {
    this.#balancer.update(this.servers);
    for (const server of this.servers) {
      if (!server.takesCookie) server.closeIdle();
      if (!server.takesCookie || (server.admin === 'drain' && this.settings.redispatch)) this.#unbind(server);
    }
    for (const server of this.servers) {
      while (!server.isFull && server.queue.first !== undefined) this.#grant(server.queue.first, server);
    }
    this.#serveQueue();
  }

  /** The backend left the plan: it finishes its streams; whoever still waits gets no server. */
  remove(): void {
    this.configure({ ...this.settings, servers: [] });
    this.refresh();
    for (let waiter = this.queue.first; waiter !== undefined; waiter = this.queue.first) {
      this.cancel(waiter);
      waiter.owner.refused('none');
    }
  }

  #keep(settings: Server, former: Iterable<ServerRuntime>): ServerRuntime | undefined {
    for (const candidates of [former, this.leaving]) {
      for (const server of candidates) {
        if (server.name !== settings.name) continue;
        this.leaving.delete(server);
        server.configure(settings);
        return server;
      }
    }
    return undefined;
  }

  #pick(waiter: Waiter): ServerRuntime | undefined {
    if (this.settings.algorithm === 'source' && waiter.clientHash === -1) {
      waiter.clientHash = hashClient(waiter.clientHost);
    }
    return this.#balancer.pick(waiter.clientHash, waiter.avoid);
  }

  #take(server: ServerRuntime, waiter: Waiter): ServerRuntime {
    server.streams += 1;
    server.traffic.total += 1;
    server.lastArrivalAt = this.#context.wall();
    this.streams += 1;
    // A redispatched stream was counted when it was first sent.
    if (waiter.avoid === undefined) this.traffic.total += 1;
    this.#balancer.loadChanged(server);
    return server;
  }

  #enqueue(waiter: Waiter, queue: WaiterQueue): 'queued' {
    this.#order += 1;
    waiter.order = this.#order;
    queue.push(waiter);
    if (queue === this.queue) waiter.backendQueuePlace = queue.length;
    else waiter.serverQueuePlace = queue.length;
    // A waiter that is moved keeps the deadline it came with.
    if (!waiter.timer.armed) this.#context.timers.arm(waiter.timer, this.settings.timeouts.queue);
    return 'queued';
  }

  #grant(waiter: Waiter, server: ServerRuntime): void {
    this.cancel(waiter);
    waiter.owner.granted(this.#take(server, waiter));
  }

  /** One place came free: its own waiters and the backend's, whoever came first. */
  #serveWaiters(server: ServerRuntime): void {
    while (!server.isFull) {
      const own = server.takesCookie ? server.queue.first : undefined;
      const any = this.#balancer.serves(server) ? this.queue.first : undefined;
      const waiter = own !== undefined && (any === undefined || own.order < any.order) ? own : any;
      if (waiter === undefined) return;
      this.#grant(waiter, server);
    }
  }

  /** Many places may have come free: the algorithm spreads those that wait. */
  #serveQueue(): void {
    for (let waiter = this.queue.first; waiter !== undefined; waiter = this.queue.first) {
      const picked = this.#pick(waiter);
      if (picked === undefined) return;
      if (picked.isFull) {
        this.queue.remove(waiter);
        this.#enqueue(waiter, picked.queue);
      } else this.#grant(waiter, picked);
    }
  }

  /** Whoever waits for this server may go to any other; with none left it waits for one to come back, while its time lasts. */
  #unbind(server: ServerRuntime): void {
    for (let waiter = server.queue.first; waiter !== undefined; waiter = server.queue.first) {
      server.queue.remove(waiter);
      waiter.cookieServer = undefined;
      this.#enqueue(waiter, this.queue);
    }
  }
}
