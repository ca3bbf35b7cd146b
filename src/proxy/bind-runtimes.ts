// The binds of a data plane as they serve, by name: those of its plan, and those gone that still have connections.

import type { BindEntity } from '../domain/model.ts';
import type { Shard } from '../domain/plan.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { BindRuntime } from './bind-runtime.ts';
import type { OpenBind } from './bind-set.ts';
import type { RouteTables } from './route-tables.ts';

/** What a bind serves, by its shard. */
export type TablesOf = (shard: string) => RouteTables;

export class BindRuntimes {
  #shards: readonly Shard[] = [];
  #present = new Map<string, BindRuntime>();
  /** No longer in the plan, with connections. */
  readonly #leaving = new Set<BindRuntime>();
  #requestsOfGone = 0;

  /** In the plan. */
  get(name: string): BindRuntime | undefined {
    return this.#present.get(name);
  }

  /** Of every bind of the plan, and of those gone that still have connections. */
  *[Symbol.iterator](): Iterator<BindRuntime> {
    yield* this.#present.values();
    yield* this.#leaving;
  }

  /** Requests of all binds there ever were. */
  get requests(): number {
    let sum = this.#requestsOfGone;
    for (const { traffic } of this) sum += traffic.requests;
    return sum;
  }

  /** Takes over a plan's binds; those it does not have any more are to be told to `leave`. */
  configure(
    shards: readonly Shard[],
    tablesOf: TablesOf,
    backendOf: (name: string) => BackendRuntime | undefined,
  ): void {
    this.#shards = shards;
    this.#present = new Map(
      shards.flatMap((shard) =>
        shard.binds.map((settings) => {
          const { name } = settings;
          const runtime = this.get(name) ?? this.#revived(name) ?? new BindRuntime(settings);
          const backend = settings.backend === undefined ? undefined : backendOf(settings.backend);
          runtime.configure(settings, tablesOf(shard.name), backend);
          return [name, runtime];
        }),
      ),
    );
  }

  /** From the next request on. Streams under way keep the route that they have. */
  serve(tablesOf: TablesOf): void {
    for (const { name, binds } of this.#shards)
      for (const bind of binds) this.get(bind.name)!.routes = tablesOf(name);
  }

  /** Plain HTTP is redirected to its shard's first bind of mode tls, at the port that it really has. */
  pointToTls(open: readonly OpenBind[]): void {
    const listening = new Map(open.map(({ runtime, address }) => [runtime.name, address]));
    for (const { binds } of this.#shards) {
      const secure = binds.find(({ mode, address }) => mode === 'tls' && address.kind === 'ip');
      const address = secure && listening.get(secure.name);
      const port = address === undefined ? undefined : Number(address.slice(address.lastIndexOf(':') + 1));
      for (const { name } of binds) this.get(name)!.tlsPort = port;
    }
  }

  /** As they listen. */
  entities(open: readonly OpenBind[]): BindEntity[] {
    const shardOf = new Map(
      this.#shards.flatMap(({ name, binds }) => binds.map((bind) => [bind.name, name] as const)),
    );
    return open.map(({ runtime: { name, settings }, address }) => ({
      name,
      shard: shardOf.get(name) ?? '',
      address,
      mode: settings.mode,
      ...(settings.backend === undefined ? {} : { backend: settings.backend }),
      maxConnections: settings.maxConnections,
      state: 'open' as const,
    }));
  }

  leave(binds: readonly BindRuntime[]): void {
    for (const bind of binds) this.#leaving.add(bind);
  }

  /** Forgets those that are gone and carry nothing any more: after they have said so. */
  forgetEnded(): void {
    for (const bind of this.#leaving) {
      if (bind.traffic.connections > 0) continue;
      this.#leaving.delete(bind);
      this.#requestsOfGone += bind.traffic.requests;
    }
  }

  #revived(name: string): BindRuntime | undefined {
    for (const bind of this.#leaving) {
      if (bind.name !== name) continue;
      this.#leaving.delete(bind);
      return bind;
    }
    return undefined;
  }
}
