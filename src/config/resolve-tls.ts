// What a checked configuration says of TLS → the plan: paths absolute, a key that is not named in its certificate's file,
// the text of Strict-Transport-Security made. Cannot fail.

import type { BackendTls, BindTls, CertificateFiles, RouteTls } from '../domain/tls.ts';
import type { Configuration } from './schema.ts';

export type ToFile = (path: string) => string;

type BindSettings = Configuration['shards'][number]['binds'][number];
type RouteSettings = Configuration['routes'][number]['tls'] & {};
type BackendSettings = Configuration['backends'][number]['tls'] & {};

export function certificateFiles(
  { cert, key = cert, ocsp }: Configuration['certificates'][number],
  file: ToFile,
): CertificateFiles {
  return { cert: file(cert), key: file(key), ...(ocsp === undefined ? {} : { ocsp: file(ocsp) }) };
}

export function bindTlsOf({ minVersion, clientTLS }: BindSettings, file: ToFile): BindTls {
  return {
    minVersion,
    ...(clientTLS === undefined ? {} : { clientTLS: { ...clientTLS, clientCA: file(clientTLS.clientCA) } }),
  };
}

export function routeTlsOf(tls: RouteSettings, file: ToFile): RouteTls {
  const { termination, insecureEdgeTerminationPolicy, certificate, key, ocsp, hsts } = tls;
  const authority = tls.destinationCACertificate;
  return {
    termination,
    insecureEdgeTerminationPolicy,
    ...(certificate === undefined
      ? {}
      : { certificate: certificateFiles({ cert: certificate, key, ocsp }, file) }),
    ...(authority === undefined ? {} : { destinationCACertificate: file(authority) }),
    ...(hsts === undefined ? {} : { hsts: hstsText(hsts) }),
  };
}

export function backendTlsOf(
  { verify, ca, serverName, certificate, key = certificate }: BackendSettings,
  file: ToFile,
): BackendTls {
  return {
    verify,
    ...(ca === undefined ? {} : { ca: file(ca) }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { certificate: { cert: file(certificate), key: file(key) } }),
  };
}

/** RFC 6797 6.1: "max-age=31536000; includeSubDomains; preload". */
function hstsText({ maxAge, includeSubDomains, preload }: RouteSettings['hsts'] & {}): string {
  return `max-age=${maxAge}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}
