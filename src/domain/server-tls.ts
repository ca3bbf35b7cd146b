// How servers are spoken to: over TLS or plain, at which port, and what their certificate must be.

import type { Address, Backend, Route, Server } from './plan.ts';
import type { BackendTls, Termination } from './tls.ts';

/** Resolved for one route and backend. Equal ones may share connections. */
export interface ServerTls extends BackendTls {
  /** Undefined: no SNI, and the certificate must have the server's address. */
  readonly serverName?: string;
}

/** The route's destination CA before the backend's; the backend's server name before the route's host. */
export function serverTls(
  route: Pick<Route, 'host' | 'tls'> | undefined,
  backend: Pick<Backend, 'tls'>,
): ServerTls {
  const { verify = 'required', ca, serverName, certificate } = backend.tls ?? {};
  const authority = route?.tls?.destinationCACertificate ?? ca;
  const host = route?.host?.startsWith('*') ? undefined : route?.host;
  const name = serverName ?? host;
  return {
    verify,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(name === undefined ? {} : { serverName: name }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

/** Where a server speaks TLS. */
export function tlsAddress({ address, tlsPort }: Pick<Server, 'address' | 'tlsPort'>): Address {
  return tlsPort === undefined || address.kind === 'unix' ? address : { ...address, port: tlsPort };
}

/** Where a server is reached in a TLS mode; undefined is plain HTTP or TCP. */
export function addressFor(
  server: Pick<Server, 'address' | 'tlsPort'>,
  termination: Termination | undefined,
): Address {
  return overTls(termination) ? tlsAddress(server) : server.address;
}

/** Is TLS spoken on the way to the server (by us, or by the client through us)? */
export function overTls(termination: Termination | undefined): boolean {
  return termination === 'passthrough' || termination === 'reencrypt';
}

/**
 * Whether checks of a backend go over TLS: as its configuration says, else when every route that sends to it does.
 * `terminationOf`: the mode in force of a route; undefined where it has no TLS.
 */
export function checksOverTls(
  backend: Pick<Backend, 'name' | 'check'>,
  routes: readonly Route[],
  terminationOf: (route: Route) => Termination | undefined,
): boolean {
  if (backend.check?.tls !== undefined) return backend.check.tls;
  const using = routes.filter(({ to }) => to.some((target) => target.backend === backend.name));
  return using.length > 0 && using.every((route) => overTls(terminationOf(route)));
}
