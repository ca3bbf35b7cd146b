// A bind and a route as they serve: settings, where requests go, and what was counted. Both outlive reloads that keep their name.

import { smoothChoice } from '../domain/balance/smooth-choice.ts';
import type { Bind, Route } from '../domain/plan.ts';
import type { RouteTls } from '../domain/tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { BindTraffic, RouteTraffic } from './counters.ts';
import { noRoutes, type RouteTables } from './route-tables.ts';

export class BindRuntime {
  readonly name: string;
  readonly traffic = new BindTraffic();
  /** The present plan's, all four: a session reads them at the start of each request. */
  settings: Bind;
  /** mode http and tls. */
  routes: RouteTables = noRoutes;
  /** mode tcp: where connections go. mode http and tls: where no route matches. */
  backend: BackendRuntime | undefined = undefined;
  /** Really listened on; a client that the kernel sent to an instance came by another. Undefined of a unix socket. */
  port: number | undefined = undefined;
  /** Port of the bind of mode tls that plain HTTP is redirected to; undefined where its shard has none. */
  tlsPort: number | undefined = undefined;

  constructor(settings: Bind) {
    this.name = settings.name;
    this.settings = settings;
  }

  configure(settings: Bind, routes: RouteTables, backend: BackendRuntime | undefined): void {
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
  readonly tls: RouteTls | undefined;
  /** Goes on over reloads that keep the route's name. */
  readonly traffic: RouteTraffic;
  readonly #backends: readonly BackendRuntime[];
  readonly #choose: () => number;

  constructor(
    route: Route,
    backendOf: (name: string) => BackendRuntime | undefined,
    traffic: RouteTraffic = new RouteTraffic(),
  ) {
    this.name = route.name;
    this.host = route.host;
    this.path = route.path;
    this.tls = route.tls;
    this.traffic = traffic;
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
