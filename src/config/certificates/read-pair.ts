// A certificate with its chain and its private key, from one file or two: read, put in order, and tried as the TLS library
// will have it.

import { createSecureContext } from 'node:tls';
import { spokenDuration } from '../../domain/units.ts';
import type { Path } from '../problem.ts';
import { type CertificateFacts, readCertificate } from './certificate-facts.ts';
import { type Chain, chainOf } from './chain.ts';
import { FileFault, faultOf } from './fault.ts';
import { type PemBlock, pemBlocks } from './pem.ts';
import { holdsInstead, isKey, readPrivateKey } from './private-key.ts';
import type { FileContents, ReadFile } from './read-file.ts';
import { problemOf, type TlsProblem, type TlsUnit, tlsFile } from './tls-unit.ts';

export interface PairPlace {
  readonly cert: string;
  readonly key: string;
  readonly at: { readonly cert: Path; readonly key: Path };
  /** `served`: to clients. `shown`: by us, to servers that ask. */
  readonly use: 'served' | 'shown';
}

const day = 86_400_000;
const soon = 7 * day;

export async function readPair(place: PairPlace, read: ReadFile, now: number): Promise<TlsUnit> {
  const { cert, key, at } = place;
  const problems: TlsProblem[] = [];
  const unit = {
    id: `pair ${cert} ${key}`,
    kind: 'pair',
    paths: cert === key ? [cert] : [cert, key],
  } as const;

  async function part<T>(file: string, where: Path, parse: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await parse();
    } catch (error) {
      problems.push(problemOf('error', file, where, faultOf(error)));
      return undefined;
    }
  }
  const certFile = await part(cert, at.cert, () => read(cert));
  const keyFile = cert === key ? certFile : await part(key, at.key, () => read(key));
  const certBlocks = certFile && (await part(cert, at.cert, () => pemBlocks(certFile.content)));
  const keyBlocks =
    cert === key ? certBlocks : keyFile && (await part(key, at.key, () => pemBlocks(keyFile.content)));
  const certificates =
    certBlocks && (await part(cert, at.cert, () => certificateBlocks(certBlocks).map(readCertificate)));
  const privateKey = keyBlocks && (await part(key, at.key, () => readPrivateKey(keyBlocks)));
  if (!certificates || !privateKey || !keyBlocks || !keyFile) return { ...unit, problems, files: [] };

  const chain = await part(key, at.key, () => chainOf(certificates, privateKey));
  if (!chain) return { ...unit, problems, files: [] };
  const certText = chain.certificates.map(({ block }) => block.text).join('');
  const keyText = keyBlocks.find(isKey)!.text;
  await part(cert, at.cert, () => tryOut(certText, keyText, chain.leaf.facts));
  if (problems.length > 0) return { ...unit, problems, files: [] };
  return {
    ...unit,
    problems: warnings(place, chain, keyFile, now),
    files:
      cert === key ? [tlsFile(cert, certText + keyText)] : [tlsFile(cert, certText), tlsFile(key, keyText)],
    leaf: { ...chain.leaf.facts, chain: chain.certificates.length },
  };
}

/** @throws FileFault where there is none */
export function certificateBlocks(blocks: readonly PemBlock[]): PemBlock[] {
  const found = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE');
  if (found.length > 0) return found;
  const request = blocks.some(({ label }) => label.endsWith('CERTIFICATE REQUEST'));
  throw new FileFault(
    request
      ? 'this is a request for a certificate, not a certificate'
      : `it holds no certificate${holdsInstead(blocks)}`,
  );
}

/** OpenSSL has rules of its own (its security level); what it refuses here it would refuse in every instance. */
function tryOut(cert: string, key: string, { rsaBits, brokenHash }: CertificateFacts): void {
  try {
    // An empty list spares it the system's authorities, which nothing is verified by here.
    createSecureContext({ cert, key, ca: [] });
  } catch (error) {
    if (rsaBits !== undefined && rsaBits < 2_048)
      throw new FileFault(
        `its RSA key has ${rsaBits} bits, which is too weak to be used`,
        'use 2048 bits or more, or ECDSA',
      );
    if (brokenHash !== undefined)
      throw new FileFault(
        `it is signed with ${brokenHash}, which is too weak to be used`,
        'have it issued anew',
      );
    // The code alone: it names no part of the files.
    throw new FileFault(`OpenSSL refuses it (${(error as NodeJS.ErrnoException).code ?? 'no reason given'})`);
  }
}

function warnings(
  { cert, key, at, use }: PairPlace,
  { leaf, strangers, reordered, missingIssuer, certificates }: Chain,
  keyFile: FileContents,
  now: number,
): TlsProblem[] {
  const { facts } = leaf;
  const found: TlsProblem[] = [];
  const warn = (message: string, remedy?: string) =>
    found.push(problemOf('warning', cert, at.cert, { message, ...(remedy === undefined ? {} : { remedy }) }));
  const lifetime = lifetimeText(facts, now);
  if (lifetime) warn(lifetime);
  for (const { facts: issuer } of certificates.slice(1)) {
    const text = lifetimeText(issuer, now);
    if (text) warn(`in its chain, ${issuer.subject}: ${text}`);
  }
  if (facts.rsaBits !== undefined && facts.rsaBits < 2_048)
    warn(`its RSA key has only ${facts.rsaBits} bits`);
  if (facts.brokenHash !== undefined && !facts.selfSigned)
    warn(`it is signed with ${facts.brokenHash}, which clients refuse`);
  if (use === 'served' && facts.names.length === 0) warn('it has no names, so every client refuses it');
  if (use === 'served' && !facts.forServers)
    warn('it is not for servers (extended key usage), so clients refuse it');
  if (reordered) warn('its certificates stand in another order; they are sent in the right one');
  if (missingIssuer !== undefined)
    warn(
      `the certificate of its issuer, ${missingIssuer}, is not in the file: not every client can verify it`,
      'append the intermediate certificate',
    );
  for (const { facts: stranger } of strangers.slice(0, 5))
    warn(`${stranger.subject} is no part of its chain, and is not sent`);
  if ((keyFile.mode & 0o007) !== 0)
    found.push(
      problemOf('warning', key, at.key, {
        message: 'everybody on this machine may read this private key',
        remedy: `chmod 600 ${key}`,
      }),
    );
  return found;
}

/** What is wrong with its dates, or soon will be; undefined where nothing is. */
export function lifetimeText(
  { notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>,
  now: number,
): string | undefined {
  if (now >= notAfter) return `expired ${roughly(now - notAfter)} ago, so clients refuse it`;
  if (now < notBefore) return `not valid yet for ${roughly(notBefore - now)}, so clients refuse it`;
  return notAfter - now <= soon ? `expires in ${roughly(notAfter - now)}` : undefined;
}

/** The largest unit alone: nobody asks after the seconds of a certificate. */
export function roughly(ms: number): string {
  const unit = [day, 3_600_000, 60_000, 1_000].find((size) => ms >= size) ?? 1_000;
  return spokenDuration(Math.floor(ms / unit) * unit);
}
