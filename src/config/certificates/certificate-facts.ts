// One X.509 certificate → what the rest needs to know of it.

import { createHash, X509Certificate } from 'node:crypto';
import { certificateNames } from '../../domain/certificate-choice.ts';
import { derChildren, expectTag, oidText, readDer, tags } from './der.ts';
import { FileFault } from './fault.ts';
import type { PemBlock } from './pem.ts';

export interface CertificateFacts {
  /** Raw, lower case: what it is chosen by. */
  readonly names: readonly string[];
  /** One raw line, the most telling part first: "CN=shop.example.com, O=Example". */
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  /** Wall clock. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyKind: 'rsa' | 'ecdsa';
  /** "ECDSA P-256", "RSA 2048". */
  readonly keyType: string;
  readonly rsaBits?: number;
  /** "SHA-1" or "MD5", where its signature is by one that is broken. */
  readonly brokenHash?: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  /** Hex, upper case, without leading zeros. */
  readonly serialNumber: string;
  /** May it stand for a server? */
  readonly forServers: boolean;
}

export interface ReadCertificate {
  readonly x509: X509Certificate;
  readonly facts: CertificateFacts;
  readonly block: PemBlock;
}

/** @throws FileFault */
export function readCertificate(block: PemBlock): ReadCertificate {
  return undamaged(block, (x509) => ({ x509, facts: factsOf(x509), block }));
}

/** The little that is asked of an authority: bundles have hundreds, and their keys cost time. */
export interface AuthorityFacts {
  /** One raw line. */
  readonly subject: string;
  /** Wall clock. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** May others be verified by it? A certificate that names itself as its issuer may be pinned. */
  readonly certifies: boolean;
}

/** @throws FileFault */
export function readAuthority(block: PemBlock): AuthorityFacts {
  return undamaged(block, (x509) => ({
    subject: distinguishedName(x509.subject),
    ...datesOf(x509),
    certifies: x509.ca || x509.subject === x509.issuer,
  }));
}

function undamaged<T>(block: PemBlock, facts: (x509: X509Certificate) => T): T {
  try {
    return facts(new X509Certificate(block.der));
  } catch {
    // OpenSSL's own words ("wrong tag", "too long") help nobody, and vary by version.
    throw new FileFault(`the certificate in line ${block.line} is damaged`);
  }
}

function datesOf({ validFromDate, validToDate }: X509Certificate): { notBefore: number; notAfter: number } {
  const [notBefore, notAfter] = [validFromDate.getTime(), validToDate.getTime()];
  if (!Number.isFinite(notBefore) || !Number.isFinite(notAfter)) throw new FileFault('it has no dates');
  return { notBefore, notAfter };
}

function factsOf(x509: X509Certificate): CertificateFacts {
  const { publicKey } = x509;
  const kind = publicKey.asymmetricKeyType ?? 'unknown';
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const brokenHash = brokenHashes[signatureAlgorithm(x509.raw)];
  return {
    names: certificateNames(x509.subjectAltName, x509.subject),
    subject: distinguishedName(x509.subject),
    issuer: distinguishedName(x509.issuer),
    // Not checkIssued(): that wants the right to sign certificates, which such a leaf need not have.
    selfSigned: x509.subject === x509.issuer && x509.verify(publicKey),
    ...datesOf(x509),
    // Ed25519 and Ed448 are offered where ECDSA is.
    keyKind: kind.startsWith('rsa') ? 'rsa' : 'ecdsa',
    keyType: keyTypeText(kind, modulusLength, namedCurve),
    ...(kind.startsWith('rsa') && modulusLength !== undefined ? { rsaBits: modulusLength } : {}),
    ...(brokenHash === undefined ? {} : { brokenHash }),
    fingerprint: createHash('sha256').update(x509.raw).digest('hex'),
    serialNumber: x509.serialNumber.toUpperCase().replace(/^0+(?=.)/, ''),
    forServers:
      x509.keyUsage === undefined ||
      x509.keyUsage.some((usage) => usage === serverAuthentication || usage === anyUsage),
  };
}

/** RFC 5280 4.2.1.12. */
const serverAuthentication = '1.3.6.1.5.5.7.3.1';
const anyUsage = '2.5.29.37.0';

const brokenHashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

/** RFC 5280 4.1: the second field of a certificate. Node tells it only from 24.9 on. */
function signatureAlgorithm(der: Buffer): string {
  const [, algorithm] = derChildren(expectTag(readDer(der), tags.sequence));
  const [oid] = derChildren(expectTag(algorithm, tags.sequence));
  return oidText(expectTag(oid, tags.oid));
}

const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function keyTypeText(kind: string, bits: number | undefined, curve: string | undefined): string {
  if (kind === 'ec') return `ECDSA ${curves[curve ?? ''] ?? curve ?? ''}`.trim();
  if (kind.startsWith('rsa')) return `RSA ${bits ?? ''}`.trim();
  return kind === 'ed25519' ? 'Ed25519' : kind;
}

/** Node has a line for each part, the country first. */
function distinguishedName(text: string | undefined): string {
  return (text ?? '').split('\n').reverse().join(', ');
}
