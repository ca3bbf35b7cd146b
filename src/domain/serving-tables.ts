// Which route serves what comes in: by host and path on binds of mode http, by SNI before a TLS mode is known, and by
// host and path again for requests over TLS that was ended here. Compiled of the routes that a shard admits.

import { compileRoutes, type RouteTable } from './route-table.ts';
import type { RouteTls } from './tls.ts';

/** As much of a route as decides where it is served. */
export interface Servable {
  readonly host?: string | undefined;
  readonly path: string;
  readonly tls?: RouteTls | undefined;
}

export interface ServingTables<R> {
  /** Requests on a bind of mode http: routes without TLS, and those whose policy is Allow. */
  readonly insecure: RouteTable<R>;
  /**
   * Asked first on a bind of mode http: the route of any kind that is the closest match, for whether its policy is
   * Redirect (OpenShift's os_route_http_redirect lists every host). Undefined where no policy is.
   */
  readonly redirects: RouteTable<R> | undefined;
  /** Requests over TLS that we ended: routes with TLS, whatever their mode is now. */
  readonly secure: RouteTable<R>;
  /** Which one a ClientHello is for: exact names first, then wildcards, then routes of every host. */
  bySni(name: string | undefined): R | undefined;
}

export function compileServingTables<R extends Servable>(routes: readonly R[]): ServingTables<R> {
  const secured = routes.filter(({ tls }) => tls !== undefined);
  const policy = ({ tls }: R) => tls?.insecureEdgeTerminationPolicy ?? 'Allow';
  const redirecting = secured.some((route) => policy(route) === 'Redirect');
  // A host has one passthrough route or any number of others (admission refuses the rest), so its first one tells.
  const names = compileRoutes(secured.map((route) => ({ host: route.host, path: '/', route })));
  return {
    insecure: compileRoutes(routes.filter((route) => policy(route) === 'Allow')),
    redirects: redirecting ? compileRoutes(routes) : undefined,
    secure: compileRoutes(secured),
    bySni: (name) => names.match(name, '')?.route,
  };
}
