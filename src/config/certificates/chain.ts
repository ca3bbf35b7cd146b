// Which certificate of a file is the one for its key, and the way from it to an authority, in the order in which it is
// sent (RFC 8446 4.4.2): leaf first, each certified by the next.

import { type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { ReadCertificate } from './certificate-facts.ts';
import { FileFault } from './fault.ts';

export interface Chain {
  readonly leaf: ReadCertificate;
  /** The leaf first. */
  readonly certificates: readonly ReadCertificate[];
  /** In the file, but no part of the way. */
  readonly strangers: readonly ReadCertificate[];
  /** Do they stand in the file in another order? */
  readonly reordered: boolean;
  /** The issuer that clients look for and cannot find, as far as can be told; undefined where nothing is missing. */
  readonly missingIssuer?: string;
}

/** @throws FileFault where none of them is for this key */
export function chainOf(certificates: readonly ReadCertificate[], key: KeyObject): Chain {
  const leaf = certificates.find(({ x509 }) => x509.checkPrivateKey(key));
  if (leaf === undefined)
    throw new FileFault(
      certificates.length > 1
        ? 'the key is not the key of any certificate in the file'
        : 'the key is not the key of this certificate',
    );
  const chain = [leaf];
  const rest = certificates.filter((certificate) => certificate !== leaf);
  for (let last = leaf; !last.facts.selfSigned; ) {
    const next = rest.findIndex((candidate) => certifies(candidate.x509, last.x509));
    if (next < 0) break;
    last = rest.splice(next, 1)[0]!;
    chain.push(last);
  }
  const missing = missingIssuer(chain.at(-1)!);
  return {
    leaf,
    certificates: chain,
    strangers: rest,
    reordered: chain.some((certificate, index) => certificates[index] !== certificate),
    ...(missing === undefined ? {} : { missingIssuer: missing }),
  };
}

function certifies(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

/**
 * Roots are not sent, so a chain may end before one, and which root a client has is not known here. But who names a place
 * to fetch the issuer from, and is not certified by a well-known root, has an intermediate that was forgotten.
 */
function missingIssuer({ x509, facts }: ReadCertificate): string | undefined {
  if (facts.selfSigned || !/CA Issuers/.test(x509.infoAccess ?? '')) return undefined;
  wellKnown ??= new Set(rootCertificates.map((pem) => new X509Certificate(pem).subject));
  return wellKnown.has(x509.issuer) ? undefined : facts.issuer;
}

let wellKnown: Set<string> | undefined;
