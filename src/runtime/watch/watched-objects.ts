// What the texts of a watched folder come to. A file that is broken has the content that it had before, while it has been
// right once; a folder that is gone has all that was in it.

import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Imported } from '../../config/imported.ts';
import {
  type ContentFile,
  type FromKubernetes,
  fromKubernetes,
  type KubernetesFile,
  type KubernetesOptions,
  type NamedContent,
} from '../../config/kubernetes/from-kubernetes.ts';
import { ReadCache } from '../../config/kubernetes/read-cache.ts';
import type { Outline } from '../../config/load-plan.ts';
import type { Problem } from '../../config/problem.ts';
import { safe } from '../../domain/safe.ts';
import type { FolderReading } from './read-folder.ts';

export interface Watched {
  readonly imported: Imported;
  /** By path: what the configuration of the routes names. */
  readonly contents: ReadonlyMap<string, ContentFile>;
  readonly warnings: readonly Problem[];
  /** By name in the folder: what is served in the place of what cannot be read. */
  readonly held: ReadonlyMap<string, string>;
}

export interface WatchedObjects {
  update(reading: FolderReading, shards: Outline['shards']): Watched;
}

/**
 * @param folder as it is shown
 * @param filesFolder where contents of certificates and keys will stand
 * @param held of a runtime before: what files were when they were right
 */
export function createWatchedObjects(
  folder: string,
  filesFolder: string,
  held: ReadonlyMap<string, string> = new Map(),
): WatchedObjects {
  /** By shown name: what each file was when it was right. */
  let good: ReadonlyMap<string, string> = new Map(
    [...held].map(([name, text]) => [join(folder, name), text]),
  );
  const cache = new ReadCache();
  let last: { readonly key: string; readonly watched: Watched } | undefined;

  function make(reading: FolderReading, options: KubernetesOptions): Watched {
    const warnings: Problem[] = [];
    const inPlaceOf = new Map<string, string>();
    const warn = (file: string, text: string, line?: number): void => {
      const at = line === undefined ? {} : { line };
      warnings.push({ file, ...at, path: '', message: safe(text, 500), imported: true });
    };
    const inPlace = (file: string, fault: string, line?: number): KubernetesFile[] => {
      const text = good.get(file);
      warn(file, text === undefined ? fault : `${fault}: what it was before is served on`, line);
      if (text === undefined) return [];
      inPlaceOf.set(basename(file), text);
      return [{ file, text }];
    };
    const present = reading.files.map(({ name, text }) => ({ file: join(folder, name), text }));
    if (reading.fault !== undefined) {
      warn(folder, good.size === 0 ? reading.fault : `${reading.fault}: what was in it is served on`);
      for (const [file, text] of good) {
        present.push({ file, text });
        inPlaceOf.set(basename(file), text);
      }
    }
    const unread = reading.faults.flatMap(({ name, fault }) => inPlace(join(folder, name), fault));
    const asTheyAre = [...present, ...unread].sort((a, b) => (a.file < b.file ? -1 : 1));
    const first = fromKubernetes(asTheyAre, options);
    const broken = new Set(first.broken);
    const right = asTheyAre.flatMap((each) => {
      if (!broken.has(each.file)) return [each];
      const note = first.notes.find(({ file, severity }) => file === each.file && severity === 'error');
      return inPlace(each.file, note?.text ?? 'this file cannot be read', note?.line);
    });
    const made = broken.size === 0 ? first : fromKubernetes(right, options);
    good = new Map(right.map(({ file, text }) => [file, text]));
    for (const { file, line, severity, text } of made.notes) if (severity !== 'note') warn(file, text, line);
    return { imported: importedOf(made, folder), contents: contentsOf(made), warnings, held: inPlaceOf };
  }

  return {
    update(reading, shards) {
      const key = keyOf(reading, shards);
      if (last?.key === key) return last.watched;
      const pathOf = ({ name, hash }: NamedContent): string => join(filesFolder, fileName(name, hash));
      const watched = make(reading, { pathOf, shards, cache });
      last = { key, watched };
      return watched;
    },
  };
}

/** The texts themselves may be many: the same ones are known by their hash. */
function keyOf({ files, faults, fault }: FolderReading, shards: Outline['shards']): string {
  const hash = createHash('sha256').update(JSON.stringify([faults, fault, shards]));
  for (const { name, text } of files) hash.update(`${JSON.stringify(name)} ${text.length} `).update(text);
  return hash.digest('hex');
}

/** What it is first, so that a name of any length is cut where nothing is lost: a file's name has 255 bytes at most. */
function fileName(name: string, hash: string): string {
  return `${hash}-${name.replaceAll(/[^\w.-]/g, '_').slice(-200)}`;
}

export const ownFileName = /^[0-9a-f]{12}-[\w.-]+$/;

function importedOf({ configuration, places }: FromKubernetes, from: string): Imported {
  const { namespaces, routes, backends } = configuration;
  return { configuration: { namespaces, routes, backends }, places, from };
}

function contentsOf({ files }: FromKubernetes): ReadonlyMap<string, ContentFile> {
  return new Map(files.map((file) => [file.path, file]));
}
