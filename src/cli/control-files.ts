// The files that `runtime.control` names: there, readable, guarded, and what they should be. A runtime would refuse them
// as well, but one after another, and without saying where they are written.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { inOrder } from '../config/load-plan.ts';
import type { Finding, LoadResult, Path } from '../config/problem.ts';
import { readSource } from '../config/source.ts';
import type { ControlListen } from '../domain/plan.ts';
import { readTokens } from '../runtime/control/tokens.ts';

/** The same result, or the errors of the files with their places in the configuration, and warnings. */
export async function withControlFiles(file: string, result: LoadResult): Promise<LoadResult> {
  if (!result.ok) return result;
  const found = await controlFileFindings(result.plan.runtime.control);
  if (found.errors.length + found.warnings.length === 0) return result;
  const { problem } = readSource(result.source, file);
  const { source, plan, warnings } = result;
  return found.errors.length > 0
    ? { ok: false, errors: inOrder(found.errors.map(problem)), source }
    : { ok: true, plan, warnings: inOrder([...warnings, ...found.warnings.map(problem)]), source };
}

interface Findings {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

async function controlFileFindings(listens: readonly ControlListen[]): Promise<Findings> {
  // Every address has the same ones, as far as it needs them.
  const tls = listens.find((listen) => listen.tls !== undefined)?.tls;
  const tokens = listens.find((listen) => listen.tokens !== undefined)?.tokens;
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const control: Path = ['runtime', 'control'];

  async function look<T>(path: Path, what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      errors.push({ path, message: faultOf(error as NodeJS.ErrnoException, what) });
      return undefined;
    }
  }
  const certificateAt = (path: Path, file: string) =>
    look(path, `${file} holds no certificate (PEM)`, async () => new X509Certificate(await readFile(file)));

  if (tokens !== undefined) await look([...control, 'tokens'], tokens, () => readTokens(tokens));
  if (tls === undefined) return { errors, warnings };
  const { cert, key, clientCa } = tls;
  const certificate = await certificateAt([...control, 'tls', 'cert'], cert);
  const keyPath = [...control, 'tls', 'key'];
  const privateKey = await look(keyPath, `${key} holds no private key (PEM, not encrypted)`, async () =>
    createPrivateKey(await readFile(key)),
  );
  if (clientCa !== undefined) await certificateAt([...control, 'tls', 'clientCa'], clientCa);
  if (privateKey === undefined) return { errors, warnings };
  if (certificate?.checkPrivateKey(privateKey) === false)
    errors.push({ path: keyPath, message: `${key} is not the key of the certificate in ${cert}` });
  if (((await stat(key)).mode & 0o007) !== 0)
    warnings.push({ path: keyPath, message: `everybody may read ${key}`, remedy: `chmod 600 ${key}` });
  return { errors, warnings };
}

/** `otherwise`: what to say where the file could be read. */
function faultOf(
  { name, code, path, message }: NodeJS.ErrnoException & { path?: string },
  otherwise: string,
): string {
  // Says itself which line is wrong.
  if (name === 'RuntimeError') return message;
  switch (code) {
    case 'ENOENT':
      return `there is no file ${path}`;
    case 'EACCES':
      return `this user may not read ${path}`;
    case 'EISDIR':
      return `${path ?? otherwise} is a folder`;
    default:
      return otherwise;
  }
}
