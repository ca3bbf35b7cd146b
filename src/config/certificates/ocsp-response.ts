// An OCSP response as a file has it (RFC 6960, DER): what it says of which certificate, and for how long. Its signature
// is for clients to verify: they alone trust nobody.

import { derChildren, expectTag, generalizedTime, oidText, readDer, tags } from './der.ts';
import { FileFault } from './fault.ts';

export interface OcspResponse {
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Of the certificate that it is about: hex, upper case, without leading zeros. */
  readonly serialNumber: string;
  /** Wall clock. */
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
}

/** RFC 6960 4.2.1, OCSPResponseStatus. */
const refusals: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};
const basicResponse = '1.3.6.1.5.5.7.48.1.1';

/** One for each certificate that it is about. @throws FileFault */
export function parseOcspResponse(content: Buffer): OcspResponse[] {
  if (content.length === 0) throw new FileFault('the file is empty');
  if (content[0] !== tags.sequence) throw new FileFault('this is not an OCSP response in DER');
  const [statusValue, bytes] = derChildren(expectTag(readDer(content), tags.sequence));
  const status = expectTag(statusValue, tags.enumerated).content[0];
  if (status !== 0)
    throw new FileFault(
      `the authority answered ${refusals[status ?? -1] ?? 'an unknown status'}, not a response`,
    );
  const [type, response] = derChildren(only(expectTag(bytes, 0xa0).content));
  if (oidText(expectTag(type, tags.oid)) !== basicResponse)
    throw new FileFault('it is of a kind that nobody knows, not id-pkix-ocsp-basic');
  const [signed] = derChildren(
    expectTag(readDer(expectTag(response, tags.octetString).content), tags.sequence),
  );
  const fields = derChildren(expectTag(signed, tags.sequence));
  // [0] version, which is left out where it is 1; responderID; producedAt; responses.
  if (fields[0]?.tag === 0xa0) fields.shift();
  return derChildren(expectTag(fields[2], tags.sequence)).map((single) =>
    singleResponse(expectTag(single, tags.sequence).content),
  );
}

function singleResponse(content: Buffer): OcspResponse {
  const [id, status, thisUpdate, ...rest] = derChildren({ content });
  const serial = expectTag(derChildren(expectTag(id, tags.sequence))[3], tags.integer).content;
  const nextUpdate = rest.find(({ tag }) => tag === 0xa0);
  return {
    status: statusOf(status?.tag),
    serialNumber: serial
      .toString('hex')
      .toUpperCase()
      .replace(/^0+(?=.)/, ''),
    thisUpdate: generalizedTime(expectTag(thisUpdate, tags.generalizedTime)),
    ...(nextUpdate && {
      nextUpdate: generalizedTime(expectTag(readDer(nextUpdate.content), tags.generalizedTime)),
    }),
  };
}

/** CertStatus: [0] good, [1] revoked with when and why, [2] unknown. */
function statusOf(tag: number | undefined): OcspResponse['status'] {
  if (tag === 0x80) return 'good';
  if (tag === 0xa1) return 'revoked';
  if (tag === 0x82) return 'unknown';
  throw new FileFault('it is damaged: it says neither good nor revoked nor unknown');
}

function only(content: Buffer): { content: Buffer } {
  return expectTag(readDer(content), tags.sequence);
}
