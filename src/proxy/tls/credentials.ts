// What handshakes with clients are done with: certificates of one or both types of key, the versions and ciphers we
// speak, the bind's wish for client certificates, ticket keys, and OCSP responses to staple.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsVersion } from '../../domain/tls.ts';
import type { Identity } from './identity.ts';

/** The one that is spoken above TLS here. */
export const alpnProtocol = 'http/1.1';

export interface CredentialsOptions {
  readonly minVersion: TlsVersion;
  readonly clientCertificates: { readonly required: boolean; readonly ca: string } | undefined;
  readonly sessionIdContext: string;
  readonly ticketKey: Buffer;
}

export interface HandshakeEvents {
  /** The handshake is complete; a client certificate, if one was asked for, is verified where `authorized`. */
  secured(socket: TLSSocket): void;
  /** Its socket says more where a client certificate was refused. */
  failed(error: Error, socket: TLSSocket): void;
}

/** Forward secrecy and authenticated encryption alone; the same order for both types of key. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Whose handshake each accepted socket is in, until it is over. */
const underWay = new WeakMap<Socket, HandshakeEvents>();

export class Credentials {
  readonly #server: Server;
  /** For clients that are shown the certificate with an ECDSA key, where there are both, with a response of its own. */
  readonly #ecdsaServer: Server;

  constructor(identities: readonly Identity[], options: CredentialsOptions) {
    const rsa = identities.find(({ keyType }) => keyType === 'rsa');
    const ecdsa = identities.find(({ keyType }) => keyType === 'ecdsa');
    this.#server = serverOf(identities, options, (rsa ?? ecdsa)?.ocsp);
    const stapled = identities.some(({ ocsp }) => ocsp !== undefined);
    this.#ecdsaServer =
      rsa !== undefined && ecdsa !== undefined && stapled
        ? serverOf(identities, options, ecdsa.ocsp)
        : this.#server;
  }

  /** Nothing was read from the socket but what was put back. One of the events comes, once, unless it is destroyed before. */
  handshake(socket: Socket, ecdsa: boolean, events: HandshakeEvents): void {
    underWay.set(socket, events);
    // A handshake knows no half-closed connection: who ends its side in the middle of it is gone.
    socket.allowHalfOpen = false;
    // What node:http does with a socket that came in some other way.
    (ecdsa ? this.#ecdsaServer : this.#server).emit('connection', socket);
  }

  setTicketKey(key: Buffer): void {
    this.#server.setTicketKeys(key);
    if (this.#ecdsaServer !== this.#server) this.#ecdsaServer.setTicketKeys(key);
  }
}

function serverOf(
  identities: readonly Identity[],
  { minVersion, clientCertificates, sessionIdContext, ticketKey }: CredentialsOptions,
  ocsp: Buffer | undefined,
): Server {
  const server = createServer({
    cert: identities.map(({ cert }) => cert),
    key: identities.map(({ key }) => key),
    minVersion,
    ciphers,
    honorCipherOrder: true,
    ecdhCurve: 'X25519:P-256:P-384',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: [alpnProtocol],
    // An empty list spares a context the system's authorities, by which clients are never verified.
    ca: clientCertificates === undefined ? [] : clientCertificates.ca,
    requestCert: clientCertificates !== undefined,
    rejectUnauthorized: clientCertificates?.required ?? false,
    sessionIdContext,
    ticketKeys: ticketKey,
  });
  server.on('secureConnection', (secured) => {
    secured.allowHalfOpen = true;
    over(secured)?.secured(secured);
  });
  server.on('tlsClientError', (error, failed) => over(failed)?.failed(error, failed));
  if (ocsp !== undefined) server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, ocsp));
  return server;
}

/**
 * A TLSSocket keeps the socket it was made of in `_parent`. It is the one undocumented field that is read here; were it
 * gone, handshakes would end at their deadline, and the tests with them.
 */
function over(socket: TLSSocket): HandshakeEvents | undefined {
  const parent = (socket as { readonly _parent?: Socket })._parent;
  if (parent === undefined) return undefined;
  const events = underWay.get(parent);
  underWay.delete(parent);
  return events;
}
