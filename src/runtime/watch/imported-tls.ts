// Imported routes whose certificates are not right: OpenShift's router serves none of them either
// (ExtendedValidationFailed). Left out before they could keep a whole configuration from being put in force.

import { FileFault } from '../../config/certificates/fault.ts';
import { type ReadFile, readTlsFile } from '../../config/certificates/read-file.ts';
import { readTlsFiles } from '../../config/certificates/read-tls-files.ts';
import type { Imported } from '../../config/imported.ts';
import type { ContentFile } from '../../config/kubernetes/from-kubernetes.ts';
import type { Problem } from '../../config/problem.ts';
import type { Plan } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';

/** As they will be read once they are files. */
export function readingOf(contents: ReadonlyMap<string, ContentFile>): ReadFile {
  return async (path) => {
    const own = contents.get(path);
    if (own) return { content: Buffer.from(own.content), mode: 0o600 };
    return readTlsFile(path);
  };
}

/** @param plan with the imported routes in it */
export async function withoutBadTls(
  plan: Plan,
  imported: Imported,
  contents: ReadonlyMap<string, ContentFile>,
  now: number,
): Promise<{ readonly imported: Imported; readonly warnings: readonly Problem[] }> {
  const routes = plan.routes.filter(({ name, tls }) => tls !== undefined && imported.places.has(name));
  const theirs = { ...plan, certificates: [], shards: [], backends: [], routes };
  // Only what is theirs: a file of the configuration that is wrong is an error of its own.
  const read: ReadFile = async (path) => {
    if (!contents.has(path)) throw new FileFault('there is no such content');
    return readingOf(contents)(path);
  };
  const { problems } = await readTlsFiles(theirs, { read, now });
  const bad = new Map<string, Problem>();
  for (const { severity, at, file: wrong, message } of problems) {
    if (severity !== 'error') continue;
    // A file that several routes name is judged once.
    for (const { name } of routes.filter((route) => filesOf(route).includes(wrong))) {
      const { file, line } = imported.places.get(name)!;
      const text = `route ${name}: ${String(at.at(-1))}: ${message}: it is left out`;
      bad.set(name, { file, line, path: '', message: safe(text, 500), imported: true });
    }
  }
  if (bad.size === 0) return { imported, warnings: [] };
  const { configuration } = imported;
  const kept = configuration.routes.filter(({ name }) => !bad.has(name));
  return {
    imported: { ...imported, configuration: { ...configuration, routes: kept } },
    warnings: [...bad.values()],
  };
}

export function filesOf({ tls }: Plan['routes'][number]): string[] {
  return [tls?.certificate?.cert, tls?.certificate?.key, tls?.destinationCACertificate].filter(
    (path) => path !== undefined,
  );
}
