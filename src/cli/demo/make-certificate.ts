// Makes certificates: an authority of its own and leaves signed by it, for the demo's hosts and for tests. The keys never
// leave the machine that made them.

// Before what needs it: @peculiar/x509 looks for its decorators when it is loaded.
import 'reflect-metadata';

import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export type KeyType = 'ecdsa' | 'rsa';

/** A certificate with its key, both PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends MadeCertificate {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface LeafOptions {
  /** DNS names and IP addresses; the first one is the common name. */
  readonly names: readonly string[];
  readonly keyType?: KeyType;
  /** Wall clock; default: from an hour ago for 90 days. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Of a client's certificate, which names a person or a program. */
  readonly client?: boolean;
}

const hour = 3_600_000;
const day = 24 * hour;

export async function makeAuthority(commonName: string, parent?: Authority): Promise<Authority> {
  const keys = await generateKeys('ecdsa');
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${commonName}`,
    issuer: parent?.certificate.subject ?? `CN=${commonName}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 3_650 * day),
    publicKey: keys.publicKey,
    signingKey: (parent?.keys ?? keys).privateKey,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys, cert: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** Signed by the authority; by itself without one. */
export async function makeCertificate(options: LeafOptions, authority?: Authority): Promise<MadeCertificate> {
  const keys = await generateKeys(options.keyType ?? 'ecdsa');
  const now = Date.now();
  const [first = 'localhost'] = options.names;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${first}`,
    issuer: authority?.certificate.subject ?? `CN=${first}`,
    notBefore: new Date(options.notBefore ?? now - hour),
    notAfter: new Date(options.notAfter ?? now + 90 * day),
    publicKey: keys.publicKey,
    signingKey: (authority?.keys ?? keys).privateKey,
    signingAlgorithm: authority === undefined && options.keyType === 'rsa' ? rsa : ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature |
          (options.keyType === 'rsa' ? x509.KeyUsageFlags.keyEncipherment : 0),
        true,
      ),
      new x509.ExtendedKeyUsageExtension([
        options.client ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
      ]),
      ...(options.client
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              options.names.map((name) => ({
                type: isAddress(name) ? ('ip' as const) : ('dns' as const),
                value: name,
              })),
            ),
          ]),
    ],
  });
  return { cert: pem(certificate), key: await keyPem(keys.privateKey) };
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;

function generateKeys(type: KeyType): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(type === 'rsa' ? rsa : ecdsa, true, ['sign', 'verify']);
}

function serialNumber(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
