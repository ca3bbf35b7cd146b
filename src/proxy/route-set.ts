// The routes of a data plane: what a plan says of them, the TLS modes in force, and what was counted for each.

import type { RouteSample } from '../domain/counters.ts';
import type { Route } from '../domain/plan.ts';
import { type RouteWish, type Termination, terminations } from '../domain/tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { RouteRuntime } from './bind-runtime.ts';
import { RouteTraffic } from './counters.ts';
import { compileRouteTables, noRoutes, type RouteTables } from './route-tables.ts';

export class RouteSet {
  tables: RouteTables = noRoutes;
  #terminations: ReadonlyMap<string, Termination> = new Map();
  #routes: readonly Route[] = [];
  readonly #wishes = new Map<string, Termination>();
  readonly #traffic = new Map<string, RouteTraffic>();
  /** No longer in the plan, with connections that came in by them. */
  readonly #leaving = new Map<string, RouteTraffic>();

  /** Modes in force of the routes with TLS. Never written to again: after a change it is another map. */
  get terminations(): ReadonlyMap<string, Termination> {
    return this.#terminations;
  }

  /** Takes over a plan's routes; `wishes` replace those that held, undefined keeps them. */
  configure(
    routes: readonly Route[],
    backendOf: (name: string) => BackendRuntime | undefined,
    wishes: readonly RouteWish[] | undefined,
  ): void {
    this.#routes = routes;
    this.#leaveBut(new Set(routes.map(({ name }) => name)));
    this.tables = compileRouteTables(
      routes.map((route) => new RouteRuntime(route, backendOf, this.#trafficOf(route.name))),
    );
    if (wishes !== undefined) this.#wishes.clear();
    const secured = new Set(routes.filter(({ tls }) => tls !== undefined).map(({ name }) => name));
    for (const name of this.#wishes.keys()) if (!secured.has(name)) this.#wishes.delete(name);
    this.wish(wishes ?? []);
  }

  /** Wishes for routes without TLS, or that the plan does not know, are passed over. */
  wish(wishes: readonly RouteWish[]): void {
    const modes = new Map<string, Termination>();
    const wished = new Map(wishes.map(({ route, termination }) => [route, termination]));
    for (const { name, tls } of this.#routes) {
      if (tls === undefined) continue;
      const wish = wished.get(name);
      if (wish !== undefined) this.#wishes.set(name, wish);
      modes.set(name, this.#wishes.get(name) ?? tls.termination);
    }
    if (!same(modes, this.#terminations)) this.#terminations = modes;
  }

  /** Of every route of the plan, and of those gone that still have connections. */
  *traffic(): Iterable<readonly [name: string, traffic: RouteTraffic]> {
    yield* this.#traffic;
    yield* this.#leaving;
  }

  /** Forgets those that are gone and carry nothing any more: after they have said so. */
  forgetEnded(): void {
    for (const [name, { open }] of this.#leaving) if (!anyOpen(open)) this.#leaving.delete(name);
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
