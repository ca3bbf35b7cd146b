// Who a client is by its certificate: what goes into the header fields for the server, once it was verified.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../plane.ts';

export type ClientIdentity =
  | { readonly is: 'none' }
  | { readonly is: 'verified'; readonly certificate: ClientCertificate }
  /** One was shown that the bind's authorities do not stand for: no mode of asking takes that for none (HAProxy, too). */
  | { readonly is: 'refused'; readonly cause: string };

const none: ClientIdentity = { is: 'none' };

/** Of a complete handshake in which a certificate was asked for. */
export function clientIdentity(socket: TLSSocket): ClientIdentity {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return none;
  return socket.authorized
    ? { is: 'verified', certificate: describe(certificate) }
    : { is: 'refused', cause: refusalOf(socket) };
}

/** OpenSSL's code in words as far as the code has them: "certificate has expired". */
export function refusalOf({ authorizationError }: Pick<TLSSocket, 'authorizationError'>): string {
  const code = `${authorizationError ?? 'unknown'}`.replaceAll('_', ' ').toLowerCase();
  return `the client's certificate was refused: ${code}`;
}

function describe({ subject, issuer, fingerprint256 }: X509Certificate): ClientCertificate {
  const commonName = /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    commonName,
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** RFC 4514 2.1: the last part first, commas between. Node puts each on a line of its own, its values escaped. */
function distinguishedName(lines: string | undefined): string {
  return (lines ?? '').split('\n').reverse().join(',');
}
