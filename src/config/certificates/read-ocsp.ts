// An OCSP response that is to be stapled: only one that is about the certificate, says good, and has not run out is. The
// rest are warnings, because responses run out by themselves, and a restart must not fail of that.

import type { Path } from '../problem.ts';
import { FileFault, faultOf } from './fault.ts';
import { type OcspResponse, parseOcspResponse } from './ocsp-response.ts';
import type { ReadFile } from './read-file.ts';
import { type Leaf, problemOf, type TlsUnit, tlsFile } from './tls-unit.ts';

export interface OcspPlace {
  readonly path: string;
  /** Of the certificate it is for. */
  readonly cert: string;
  readonly at: Path;
}

/** `leaf`: undefined where the certificate itself cannot be used. */
export async function readOcsp(
  { path, cert, at }: OcspPlace,
  leaf: Leaf | undefined,
  read: ReadFile,
  now: number,
): Promise<TlsUnit> {
  const unit = { id: `ocsp ${path} ${cert}`, kind: 'ocsp', paths: [path], certificate: cert } as const;
  try {
    const { content } = await read(path);
    const responses = parseOcspResponse(content);
    const about = responses.find(({ serialNumber }) => serialNumber === leaf?.serialNumber);
    const [response = about] = about ? [about] : responses;
    if (response === undefined) throw new FileFault('it is about no certificate at all');
    const unfit = unfitText(response, leaf, now);
    return {
      ...unit,
      problems:
        unfit === undefined ? [] : [problemOf('warning', path, at, { message: `not stapled: ${unfit}` })],
      files: unfit === undefined ? [tlsFile(path, content)] : [],
      ocsp: response,
    };
  } catch (error) {
    return { ...unit, problems: [problemOf('error', path, at, faultOf(error))], files: [] };
  }
}

/** Why it is not to be stapled; undefined where it is. */
export function unfitText(response: OcspResponse, leaf: Leaf | undefined, now: number): string | undefined {
  const { status, serialNumber, thisUpdate, nextUpdate } = response;
  if (leaf !== undefined && serialNumber !== leaf.serialNumber) return 'it is about another certificate';
  if (status === 'revoked') return 'the authority has revoked the certificate';
  if (status === 'unknown') return 'the authority does not know the certificate';
  // Clocks differ by some minutes.
  if (thisUpdate > now + 5 * 60_000) return `it holds only from ${moment(thisUpdate)} on`;
  if (nextUpdate !== undefined && now >= nextUpdate) return `it ran out at ${moment(nextUpdate)}`;
  return undefined;
}

/** Not how long ago: the same fact is told in the same words at any time. "2026-11-22 10:00 UTC". */
function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
