// How the runtime itself speaks TLS to a server, for checks and preflights: trusting whom the traffic would trust.

import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, getCACertificates } from 'node:tls';
import type { Address, Backend, Route } from '../../domain/plan.ts';
import { checksOverTls, overTls, type ServerTls, serverTls } from '../../domain/server-tls.ts';
import type { Termination } from '../../domain/tls.ts';

/** The contents of a file that the plan in force names; undefined where there are none. */
export type FileContent = (path: string) => Buffer | undefined;

export interface ServerTrust extends ServerTls {
  readonly content: FileContent;
}

/** What the certificate must be for. */
export function expectedName({ serverName }: Pick<ServerTls, 'serverName'>, address: Address): string {
  return serverName ?? (address.kind === 'unix' ? 'localhost' : address.host);
}

/** `fault`: a file cannot be used; one line, naming it. */
export function tlsSettings(
  trust: ServerTrust,
  address: Address,
): ConnectionOptions | { readonly fault: string } {
  const { verify, ca, serverName, certificate, content } = trust;
  const files = [ca, certificate?.cert, certificate?.key].filter((path) => path !== undefined);
  const missing = files.find((path) => content(path) === undefined);
  if (missing !== undefined) return { fault: `${missing}: its contents are not there` };
  const authorities = ca === undefined ? systemAuthorities() : content(ca)!;
  if (ca !== undefined && !authorities.includes('-----BEGIN '))
    return { fault: `${ca}: holds no certificate` };
  const name = expectedName(trust, address);
  return {
    ca: authorities,
    ...(certificate === undefined ? {} : { cert: content(certificate.cert), key: content(certificate.key) }),
    // An address is no server name (RFC 6066 3).
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: verify === 'required',
    checkServerIdentity: (_host, shown) => checkServerIdentity(name, shown),
  };
}

/**
 * How a backend's servers are checked: undefined for plain. As its re-encrypted traffic would verify them; where all of it
 * is passed through it is the clients who do, and a check only finds out whether TLS is spoken.
 */
export function checkTls(
  backend: Backend,
  routes: readonly Route[],
  terminationOf: (route: Route) => Termination | undefined,
): ServerTls | undefined {
  if (backend.check === undefined || !checksOverTls(backend, routes, terminationOf)) return undefined;
  const using = routes.filter(({ to }) => to.some((target) => target.backend === backend.name));
  const secured = using.find((route) => terminationOf(route) === 'reencrypt');
  if (secured !== undefined) return serverTls(secured, backend);
  const passed = using.find((route) => overTls(terminationOf(route)));
  const tls = serverTls(passed, backend);
  return passed === undefined || backend.tls !== undefined ? tls : { ...tls, verify: 'none' };
}

let authorities: string | undefined;

/** What the machine trusts; where it has no list of its own, the one that comes with Node. */
function systemAuthorities(): string {
  if (authorities === undefined) {
    const system = typeof getCACertificates === 'function' ? getCACertificates('system') : [];
    authorities = (system.length > 0 ? system : getCACertificates('default')).join('\n');
  }
  return authorities;
}
