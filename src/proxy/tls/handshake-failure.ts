// Why a handshake with a client came to nothing, in the operator's words: who gave up, and what it said.

import type { Who } from '../../domain/termination.ts';

export interface HandshakeFailure {
  readonly who: Who;
  readonly cause: string;
}

const known: Readonly<Record<string, string>> = {
  'no shared cipher': 'the client offers no cipher that is spoken here',
  'unsupported protocol': 'the client offers no TLS version that is spoken here',
  'peer did not return a certificate': 'the client sent no certificate, and this bind requires one',
  'no suitable signature algorithm': 'the client cannot verify a certificate of this type of key',
  'no suitable key share': 'the client offers no key exchange that is spoken here',
  'no application protocol': 'the client offers no protocol (ALPN) that is spoken here',
};

/** `error`: of tls.Server's 'tlsClientError', with OpenSSL's reason where it comes from there. */
export function handshakeFailure(
  error: Error & { readonly reason?: string; readonly code?: string },
): HandshakeFailure {
  const { reason, code, message } = error;
  if (reason === undefined) {
    return code === 'ECONNRESET' || code === 'EPIPE'
      ? { who: 'C', cause: 'the client closed the connection in the middle of the handshake' }
      : { who: 'P', cause: message };
  }
  // "tlsv1 alert unknown ca", "ssl/tls alert certificate expired", …
  const alert = /(?:^| )alert (.+)$/.exec(reason)?.[1];
  if (alert !== undefined)
    return { who: 'C', cause: `the client refused the handshake: alert ${alert.replaceAll(' ', '_')}` };
  return { who: 'P', cause: known[reason] ?? reason };
}
