// A certificate of ours with its key, as handshakes use it: read and checked once, when its files are given.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificateNames } from '../../domain/certificate-choice.ts';
import type { CertificateFiles } from '../../domain/tls.ts';

export interface Identity {
  /** PEM: the chain, leaf first. */
  readonly cert: string;
  readonly key: string;
  /** DER (RFC 6960). */
  readonly ocsp: Buffer | undefined;
  readonly names: readonly string[];
  readonly keyType: 'ecdsa' | 'rsa';
}

/** The contents of a path; undefined where there are none. */
export type Contents = (path: string) => Buffer | undefined;

/** @throws Error of one line, naming the file */
export function readIdentity(files: CertificateFiles, contents: Contents): Identity {
  const { cert, key, ocsp } = files;
  const certText = textOf(cert, contents);
  const keyText = textOf(key, contents);
  const leaf = parse(cert, 'no certificate', () => new X509Certificate(certText));
  // OpenSSL's own words may quote what they stumble over: they are not passed on.
  const privateKey = parse(key, 'no private key', () => createPrivateKey(keyText));
  if (!leaf.checkPrivateKey(privateKey)) throw new Error(`${key}: not the key of ${cert}`);
  return {
    cert: certText,
    key: keyText,
    // A response that ran out, or is about another certificate, is not given.
    ocsp: ocsp === undefined ? undefined : contents(ocsp),
    names: certificateNames(leaf.subjectAltName, leaf.subject),
    keyType: privateKey.asymmetricKeyType?.startsWith('rsa') ? 'rsa' : 'ecdsa',
  };
}

export function bytesOf(path: string, contents: Contents): Buffer {
  const bytes = contents(path);
  if (bytes === undefined) throw new Error(`${path}: its contents were not given`);
  return bytes;
}

export function textOf(path: string, contents: Contents): string {
  return bytesOf(path, contents).toString('latin1');
}

function parse<T>(path: string, what: string, make: () => T): T {
  try {
    return make();
  } catch {
    throw new Error(`${path}: holds ${what} that can be read`);
  }
}
