// The routes of a data plane: what each of its shards serves of a plan, the TLS modes in force, and what was counted.

import { admit } from '../domain/admission.ts';
import type { RouteSample } from '../domain/counters.ts';
import type { Plan, Route, Shard } from '../domain/plan.ts';
import { type RouteWish, type Termination, terminations } from '../domain/tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { RouteRuntime } from './bind-runtime.ts';
import { RouteTraffic } from './counters.ts';
import { compileRouteTables, noRoutes, type RouteTables } from './route-tables.ts';

/** What of a plan decides who serves which route. */
export type RoutePlan = Pick<Plan, 'shards' | 'namespaces' | 'routes'>;

export class RouteSet {
  #plan: RoutePlan = { shards: [], namespaces: [], routes: [] };
  /** Those whose binds are here. */
  #shards: readonly Shard[] = [];
  #backendOf: (name: string) => BackendRuntime | undefined = () => undefined;
  /** Of the present plan, and served here: made once, so that choices by weight go on when another table is made. */
  #runtimes = new Map<string, RouteRuntime>();
  #tables = new Map<string, RouteTables>();
  #terminations: ReadonlyMap<string, Termination> = new Map();
  readonly #wishes = new Map<string, Termination>();
  /** Of every route of the plan that was ever served here: it may come back. */
  readonly #traffic = new Map<string, RouteTraffic>();
  /** No longer in the plan, with connections that came in by them. */
  readonly #leaving = new Map<string, RouteTraffic>();

  /** Modes in force of the plan's routes with TLS. Never written to again: after a change it is another map. */
  get terminations(): ReadonlyMap<string, Termination> {
    return this.#terminations;
  }

  /** What the binds of a shard serve: the routes that it admits in the modes in force. */
  tablesOf(shard: string): RouteTables {
    return this.#tables.get(shard) ?? noRoutes;
  }

  /**
   * Takes over a plan's routes; `wishes` replace those that held, undefined keeps them.
   * @param shards of the plan, those whose tables are asked for
   */
  configure(
    plan: RoutePlan,
    shards: readonly Shard[],
    backendOf: (name: string) => BackendRuntime | undefined,
    wishes: readonly RouteWish[] | undefined,
  ): void {
    const { routes } = plan;
    this.#plan = plan;
    this.#shards = shards;
    this.#backendOf = backendOf;
    this.#runtimes = new Map();
    this.#leaveBut(new Set(routes.map(({ name }) => name)));
    if (wishes !== undefined) this.#wishes.clear();
    const secured = new Set(routes.filter(({ tls }) => tls !== undefined).map(({ name }) => name));
    for (const name of this.#wishes.keys()) if (!secured.has(name)) this.#wishes.delete(name);
    this.#setModes(wishes ?? []);
    this.#admit();
  }

  /**
   * Wishes for routes without TLS, or that the plan does not know, are passed over. Answers whether modes changed: then
   * other routes may be served, and every table is another one.
   */
  wish(wishes: readonly RouteWish[]): boolean {
    const changed = this.#setModes(wishes);
    if (changed) this.#admit();
    return changed;
  }

  /** Of every route of the plan that was served here, and of those gone that still have connections. */
  *traffic(): Iterable<readonly [name: string, traffic: RouteTraffic]> {
    yield* this.#traffic;
    yield* this.#leaving;
  }

  /** Forgets those that are gone and carry nothing any more: after they have said so. */
  forgetEnded(): void {
    for (const [name, { open }] of this.#leaving) if (!anyOpen(open)) this.#leaving.delete(name);
  }

  #setModes(wishes: readonly RouteWish[]): boolean {
    const modes = new Map<string, Termination>();
    const wished = new Map(wishes.map(({ route, termination }) => [route, termination]));
    for (const { name, tls } of this.#plan.routes) {
      if (tls === undefined) continue;
      const wish = wished.get(name);
      if (wish !== undefined) this.#wishes.set(name, wish);
      modes.set(name, this.#wishes.get(name) ?? tls.termination);
    }
    if (same(modes, this.#terminations)) return false;
    this.#terminations = modes;
    return true;
  }

  #admit(): void {
    const { served } = admit(this.#plan, ({ name }) => this.#terminations.get(name));
    this.#tables = new Map(
      this.#shards.map(({ name }) => [
        name,
        compileRouteTables((served.get(name) ?? []).map((route) => this.#runtimeOf(route))),
      ]),
    );
  }

  #runtimeOf(route: Route): RouteRuntime {
    let runtime = this.#runtimes.get(route.name);
    if (runtime === undefined) {
      runtime = new RouteRuntime(route, this.#backendOf, this.#trafficOf(route.name));
      this.#runtimes.set(route.name, runtime);
    }
    return runtime;
  }

  #trafficOf(name: string): RouteTraffic {
    const traffic = this.#traffic.get(name) ?? this.#leaving.get(name) ?? new RouteTraffic();
    this.#leaving.delete(name);
    this.#traffic.set(name, traffic);
    return traffic;
  }

  #leaveBut(known: ReadonlySet<string>): void {
    for (const [name, traffic] of this.#traffic) {
      if (known.has(name)) continue;
      this.#traffic.delete(name);
      if (anyOpen(traffic.open)) this.#leaving.set(name, traffic);
    }
  }
}

function anyOpen(open: RouteSample['open']): boolean {
  return terminations.some((each) => open[each] > 0);
}

function same(one: ReadonlyMap<string, Termination>, other: ReadonlyMap<string, Termination>): boolean {
  if (one.size !== other.size) return false;
  for (const [name, termination] of one) if (other.get(name) !== termination) return false;
  return true;
}
