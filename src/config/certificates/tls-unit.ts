// What is read and judged as one: a certificate with its key, a bundle of authorities, an OCSP response. A unit is good
// or it is not: its files are put in force together.

import type { TlsFile } from '../../domain/tls.ts';
import type { Path } from '../problem.ts';
import type { CertificateFacts } from './certificate-facts.ts';
import type { OcspResponse } from './ocsp-response.ts';

export interface TlsUnit {
  /** The same for the same files, whatever is in them. */
  readonly id: string;
  readonly kind: 'pair' | 'authorities' | 'ocsp';
  /** Absolute; a pair's certificate first. */
  readonly paths: readonly string[];
  readonly problems: readonly TlsProblem[];
  /** What may be put in force; none where a problem is an error, or where an OCSP response is not to be stapled. */
  readonly files: readonly TlsFile[];
  /** Of a pair that can be used. */
  readonly leaf?: Leaf;
  /** Of an OCSP response: the file of the certificate that it is for. */
  readonly certificate?: string;
  /** Of an OCSP response that could be read. */
  readonly ocsp?: OcspResponse;
}

export interface Leaf extends CertificateFacts {
  /** Certificates that are sent, itself included. */
  readonly chain: number;
}

export interface TlsProblem {
  /** An error refuses the unit; a warning is served nevertheless. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** Where sluice.yaml names it. */
  readonly at: Path;
  /** Without the file's name; holds nothing of what is in it but names and dates. Raw. */
  readonly message: string;
  readonly remedy?: string;
  /** There is no such file. */
  readonly missing?: true;
}

export function tlsFile(path: string, content: Buffer | string): TlsFile {
  return { path, content: Buffer.from(content).toString('base64') };
}

/** Each path once: what a pair has of a file is all of it, an authority's part of it has no key. */
export function materialFiles(units: readonly TlsUnit[]): TlsFile[] {
  const files = new Map<string, TlsFile>();
  for (const kind of ['pair', 'authorities', 'ocsp'] as const)
    for (const unit of units.filter((candidate) => candidate.kind === kind))
      for (const file of unit.files) if (!files.has(file.path)) files.set(file.path, file);
  return [...files.values()];
}

export function hasError({ problems }: Pick<TlsUnit, 'problems'>): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

export function problemOf(
  severity: TlsProblem['severity'],
  file: string,
  at: Path,
  fault: { readonly message: string; readonly remedy?: string | undefined; readonly missing?: boolean },
): TlsProblem {
  const { message, remedy, missing } = fault;
  return {
    severity,
    file,
    at,
    message,
    ...(remedy === undefined ? {} : { remedy }),
    ...(missing === true ? { missing } : {}),
  };
}
