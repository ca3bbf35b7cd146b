// A bind as it serves: its settings, where its requests go, and what it counted. Outlives reloads that keep its name.

import { smoothChoice } from '../domain/balance/smooth-choice.ts';
import type { Bind, Route } from '../domain/plan.ts';
import { compileRoutes, type RouteTable } from '../domain/route-table.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { BindTraffic } from './counters.ts';

export class BindRuntime {
  readonly name: string;
  readonly traffic = new BindTraffic();
  /** The present plan's, all three: a session reads them at the start of each request. */
  settings: Bind;
  /** mode http. */
  routes: RouteTable<RouteRuntime> = compileRoutes<RouteRuntime>([]);
  /** mode tcp: where connections go. mode http: where no route matches. */
  backend: BackendRuntime | undefined = undefined;

  constructor(settings: Bind) {
    this.name = settings.name;
    this.settings = settings;
  }

  configure(settings: Bind, routes: RouteTable<RouteRuntime>, backend: BackendRuntime | undefined): void {
    this.settings = settings;
    this.routes = routes;
    this.backend = backend;
  }
}

/** A route of the present plan with its backends resolved. */
export class RouteRuntime {
  readonly name: string;
  readonly host: string | undefined;
  readonly path: string;
  readonly #backends: readonly BackendRuntime[];
  readonly #choose: () => number;

  constructor(route: Route, backendOf: (name: string) => BackendRuntime | undefined) {
    this.name = route.name;
    this.host = route.host;
    this.path = route.path;
    const choices = route.to.flatMap(({ backend, weight }) => {
      const runtime = backendOf(backend);
      return runtime === undefined ? [] : [{ runtime, weight }];
    });
    this.#backends = choices.map(({ runtime }) => runtime);
    this.#choose = smoothChoice(choices.map(({ weight }) => weight));
  }

  /** The next request's backend, by weight, evenly interleaved; undefined where every weight is 0. */
  choose(): BackendRuntime | undefined {
    return this.#backends[this.#choose()];
  }
}
