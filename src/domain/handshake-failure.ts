// Why no TLS connection to a server came about, in words: from the error that Node gives, which speaks to programmers.

import { safe } from './safe.ts';

/** An error of node:tls, as far as it tells why. */
export interface TlsError {
  readonly code?: string;
  readonly message: string;
  /** OpenSSL's words: "tlsv1 alert protocol version". */
  readonly reason?: string;
  /** Of ERR_TLS_CERT_ALTNAME_INVALID. */
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: unknown } };
}

/**
 * `certificate`: what the server showed cannot be trusted. `handshake`: it speaks TLS, but we do not come together.
 * `not-tls`: what came is no TLS. `broken`: the connection went away meanwhile.
 */
export type HandshakeFault = 'certificate' | 'handshake' | 'not-tls' | 'broken';

export interface HandshakeFailure {
  readonly fault: HandshakeFault;
  /** One safe line. */
  readonly text: string;
}

/** Whoever asks may know more authorities: the one fault that is not the certificate's own. */
export const unknownAuthority = 'its certificate is signed by an authority that is not trusted';

/** X509_verify_cert_error_string (OpenSSL 3), the ones that are met, and in our words. */
const certificateFaults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: 'its certificate has a wrong signature',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_REJECTED: 'its certificate is rejected for this use',
  CERT_REVOKED: 'its certificate is revoked',
  CERT_CHAIN_TOO_LONG: 'its chain of certificates is too long',
  INVALID_CA: 'a certificate of its chain is none of an authority',
  INVALID_PURPOSE: 'its certificate is not made for servers',
  PATH_LENGTH_EXCEEDED: 'its chain of certificates is longer than an authority in it allows',
  HOSTNAME_MISMATCH: 'its certificate has another name',
  EE_KEY_TOO_SMALL: 'the key of its certificate is too small',
  CA_KEY_TOO_SMALL: 'the key of an authority in its chain is too small',
  CA_MD_TOO_WEAK: 'a signature in its chain is too weak',
};

/** Alerts and refusals of OpenSSL by the end of their code, after ERR_SSL_ and the alert's TLSV1_ or SSLV3_. */
const handshakeFaults: Readonly<Record<string, string>> = {
  ALERT_PROTOCOL_VERSION: 'it accepts none of our TLS versions (1.2, 1.3)',
  UNSUPPORTED_PROTOCOL: 'it offers TLS older than 1.2 only',
  ALERT_HANDSHAKE_FAILURE:
    'no cipher in common, or it misses a certificate of ours (alert handshake_failure)',
  UNRECOGNIZED_NAME: 'it does not know the server name asked for (alert unrecognized_name)',
  ALERT_UNRECOGNIZED_NAME: 'it does not know the server name asked for (alert unrecognized_name)',
  ALERT_NO_APPLICATION_PROTOCOL: 'it does not speak HTTP/1.1 over TLS (alert no_application_protocol)',
  ALERT_CERTIFICATE_REQUIRED: 'it wants a certificate of ours (alert certificate_required)',
  ALERT_BAD_CERTIFICATE: 'it refuses our certificate (alert bad_certificate)',
  ALERT_UNKNOWN_CA: 'it does not trust the authority of our certificate (alert unknown_ca)',
  ALERT_CERTIFICATE_EXPIRED: 'it finds our certificate expired (alert certificate_expired)',
  ALERT_CERTIFICATE_UNKNOWN: 'it refuses our certificate (alert certificate_unknown)',
  ALERT_ACCESS_DENIED: 'it denies access (alert access_denied)',
  ALERT_INTERNAL_ERROR: 'it has an internal error (alert internal_error)',
};

const notTls = new Set([
  'WRONG_VERSION_NUMBER',
  'HTTP_REQUEST',
  'PACKET_LENGTH_TOO_LONG',
  'RECORD_TOO_SMALL',
]);

/** `name`: what its certificate had to have. */
export function handshakeFailure(error: TlsError, name: string | undefined): HandshakeFailure {
  const code = error.code ?? '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      fault: 'certificate',
      text: `its certificate is not for ${safe(name ?? '?', 100)} but for ${namesOf(error)}`,
    };
  const certificate = certificateFaults[code];
  if (certificate !== undefined) return { fault: 'certificate', text: certificate };
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return { fault: 'broken', text: 'it broke the connection off in the TLS handshake' };
  if (code.startsWith('ERR_SSL_')) {
    const words = code.slice('ERR_SSL_'.length);
    if (notTls.has(words))
      return { fault: 'not-tls', text: 'it does not speak TLS (plain text on this port?)' };
    const known = handshakeFaults[words.replace(/^(?:TLSV1[123]?|SSLV3)_/, '')];
    return {
      fault: 'handshake',
      text: known ?? `the TLS handshake failed: ${safe(error.reason ?? words, 100)}`,
    };
  }
  return { fault: 'broken', text: safe(error.message, 200) };
}

/** Told after the handshake: TLS 1.3 servers look at our certificate when for us it is already complete. */
export function isLateRefusal(error: TlsError): boolean {
  return /^ERR_SSL_TLSV13?_ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)|^ERR_SSL_SSLV3_ALERT_(?:BAD_)?CERTIFICATE/.test(
    error.code ?? '',
  );
}

function namesOf({ cert }: TlsError): string {
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .filter((entry) => /^(?:DNS|IP Address):/.test(entry))
    .map((entry) => entry.slice(entry.indexOf(':') + 1));
  const { CN } = cert?.subject ?? {};
  if (names.length === 0)
    return typeof CN === 'string' ? `${safe(CN, 80)} (common name, no alternative names)` : 'nobody';
  return `${safe(names.slice(0, 4).join(', '), 160)}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`;
}
