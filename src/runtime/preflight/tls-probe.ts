// Shakes hands with a port and tells what it showed, whoever signed it: whether that can be trusted is found out beside
// it, not by failing. Sends at most one request that changes nothing.

import { checkServerIdentity, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { certificateNames } from '../../domain/certificate-choice.ts';
import { type HandshakeFailure, handshakeFailure, isLateRefusal } from '../../domain/handshake-failure.ts';
import { expectedName, type ServerTrust, tlsSettings } from '../checks/server-trust.ts';
import { type AskOptions, plainAnswer, reasonOf, requestText } from './plain-probe.ts';

/** What a server showed. Names are raw. */
export interface ShownCertificate {
  readonly names: readonly string[];
  readonly commonName: string | undefined;
  readonly issuer: string;
  /** Wall clock. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly fingerprint: string;
}

export type TlsAnswer =
  | {
      readonly kind: 'tls';
      readonly version: string;
      readonly cipher: string;
      readonly alpn: string | undefined;
      readonly certificate: ShownCertificate;
      /** Why the chain is not to be trusted; undefined: it is. */
      readonly chainFault: string | undefined;
      /** Why the name does not match; undefined: it does. */
      readonly nameFault: string | undefined;
      /** Status line of its answer over TLS, where it was asked; `undefined`: not asked. */
      readonly answer:
        | { readonly status: number; readonly line: string }
        | { readonly fault: string }
        | undefined;
      /** It asked for a certificate of ours in the end. */
      readonly lateRefusal: string | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: HandshakeFailure }
  | { readonly kind: 'unreachable'; readonly text: string }
  /** What we would show or trust ourselves cannot be used. */
  | { readonly kind: 'fault'; readonly text: string };

export type ShownTls = Extract<TlsAnswer, { kind: 'tls' }>;

const maxBytes = 4_096;

/** `ask`: also sends the request, to see whether HTTP is spoken over TLS. */
export function askTls(
  trust: ServerTrust,
  { address, timeoutMs, abort, ...asked }: AskOptions,
  ask: boolean,
): Promise<TlsAnswer> {
  const settings = tlsSettings(trust, address);
  if ('fault' in settings) return Promise.resolve({ kind: 'fault', text: settings.fault });
  return new Promise((resolve) => {
    const name = expectedName(trust, address);
    let connected = false;
    let shown: ShownTls | undefined;
    let heard: Buffer = Buffer.alloc(0);
    const socket = connect({
      ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
      ...settings,
      rejectUnauthorized: false,
      // Looked at beside the chain: the first fault must not hide the second.
      checkServerIdentity: () => undefined,
    });
    const finish = (answer: TlsAnswer): void => {
      clearTimeout(timer);
      abort.removeEventListener('abort', stop);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      if (shown !== undefined) finish({ ...shown, answer: { fault: `no answer within ${timeoutMs} ms` } });
      else if (!connected) finish({ kind: 'unreachable', text: `not connected within ${timeoutMs} ms` });
      else
        finish({
          kind: 'failed',
          failure: { fault: 'broken', text: `it did not answer the TLS handshake within ${timeoutMs} ms` },
        });
    }, timeoutMs);
    const stop = (): void => finish({ kind: 'unreachable', text: 'not finished' });
    abort.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('secureConnect', () => {
      const complete = shownBy(socket, name);
      shown = complete;
      if (!ask) finish(complete);
      else socket.write(requestText(asked), 'latin1');
    });
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      const answer = plainAnswer(heard, heard.length >= maxBytes);
      if (answer === undefined || shown === undefined) return;
      if (answer.kind === 'http') finish({ ...shown, answer: { status: answer.status, line: answer.line } });
      else finish({ ...shown, answer: { fault: answer.kind === 'other' ? answer.text : 'no HTTP' } });
    });
    socket.on('end', () => {
      if (shown !== undefined)
        finish({ ...shown, answer: { fault: 'it closed the connection without an answer' } });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (shown !== undefined && isLateRefusal(error))
        finish({ ...shown, lateRefusal: handshakeFailure(error, name).text });
      else if (shown !== undefined) finish({ ...shown, answer: { fault: reasonOf(error, true) } });
      else if (connected) finish({ kind: 'failed', failure: handshakeFailure(error, name) });
      else finish({ kind: 'unreachable', text: reasonOf(error, false) });
    });
  });
}

function shownBy(socket: TLSSocket, name: string): ShownTls {
  const certificate = socket.getPeerCertificate(true);
  const mismatch = checkServerIdentity(name, certificate);
  const code = socket.authorizationError as unknown as string | null;
  return {
    kind: 'tls',
    version: socket.getProtocol() ?? '?',
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol,
    certificate: shownCertificate(certificate),
    chainFault:
      code === null || code === undefined ? undefined : handshakeFailure({ code, message: code }, name).text,
    nameFault: mismatch === undefined ? undefined : handshakeFailure(mismatch, name).text,
    answer: undefined,
    lateRefusal: undefined,
  };
}

function shownCertificate(certificate: DetailedPeerCertificate): ShownCertificate {
  const commonName = first(certificate.subject?.CN);
  return {
    names: certificateNames(
      certificate.subjectaltname,
      commonName === undefined ? undefined : `CN=${commonName}`,
    ),
    commonName,
    issuer: first(certificate.issuer?.CN) ?? first(certificate.issuer?.O) ?? '?',
    notBefore: Date.parse(certificate.valid_from),
    notAfter: Date.parse(certificate.valid_to),
    fingerprint: certificate.fingerprint256,
  };
}

/** Node gives a list where a name has a part more than once. */
function first(part: string | string[] | undefined): string | undefined {
  return Array.isArray(part) ? part[0] : part;
}
