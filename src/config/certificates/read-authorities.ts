// A bundle of authorities that somebody's certificate is verified against.

import type { Path } from '../problem.ts';
import { readCertificate } from './certificate-facts.ts';
import { faultOf } from './fault.ts';
import { pemBlocks } from './pem.ts';
import { isKey } from './private-key.ts';
import type { ReadFile } from './read-file.ts';
import { certificateBlocks, lifetimeText } from './read-pair.ts';
import { problemOf, type TlsProblem, type TlsUnit, tlsFile } from './tls-unit.ts';

export interface AuthoritiesPlace {
  readonly path: string;
  readonly at: Path;
}

export async function readAuthorities(
  { path, at }: AuthoritiesPlace,
  read: ReadFile,
  now: number,
): Promise<TlsUnit> {
  const unit = { id: `authorities ${path}`, kind: 'authorities', paths: [path] } as const;
  try {
    const blocks = pemBlocks((await read(path)).content);
    const certificates = certificateBlocks(blocks).map(readCertificate);
    const problems: TlsProblem[] = [];
    const warn = (message: string) => problems.push(problemOf('warning', path, at, { message }));
    // Of a bundle with all public authorities some have always expired: only where none is left does anybody suffer.
    const expired = certificates.filter(({ facts }) => now >= facts.notAfter);
    if (expired.length === certificates.length)
      warn(`${expired[0]!.facts.subject} ${lifetimeText(expired[0]!.facts, now)}`);
    // A server's own certificate may be pinned so; nothing else is verified by it.
    if (certificates.every(({ facts }) => !facts.isAuthority && !facts.selfSigned))
      warn('it holds no authority: only the very certificates in it are taken');
    if (blocks.some(isKey)) warn('it holds a private key, which is not needed here');
    return {
      ...unit,
      problems,
      files: [tlsFile(path, certificates.map(({ block }) => block.text).join(''))],
    };
  } catch (error) {
    return { ...unit, problems: [problemOf('error', path, at, faultOf(error))], files: [] };
  }
}
