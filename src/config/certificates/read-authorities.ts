// A bundle of authorities that somebody's certificate is verified against.

import type { Path } from '../problem.ts';
import { readAuthority } from './certificate-facts.ts';
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
    const found = certificateBlocks(blocks);
    const authorities = found.map(readAuthority);
    const problems: TlsProblem[] = [];
    const warn = (message: string) => problems.push(problemOf('warning', path, at, { message }));
    // Of a bundle with all public authorities some have always expired: only where none is left does anybody suffer.
    const [first] = authorities;
    if (first && authorities.every(({ notAfter }) => now >= notAfter))
      warn(`${first.subject} ${lifetimeText(first, now)}`);
    // A server's own certificate may be pinned so; nothing else is verified by it.
    if (authorities.every(({ certifies }) => !certifies))
      warn('it holds no authority: only the very certificates in it are taken');
    if (blocks.some(isKey)) warn('it holds a private key, which is not needed here');
    return {
      ...unit,
      problems,
      files: [tlsFile(path, found.map(({ text }) => text).join(''))],
    };
  } catch (error) {
    return { ...unit, problems: [problemOf('error', path, at, faultOf(error))], files: [] };
  }
}
