// The files of a watched folder: *.yaml, *.yml and *.json that lie in it, links followed, bounded in number and size. What
// begins with a dot is passed over: editors' own files, and the ..data folders behind the links of a mounted ConfigMap.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '../../config/certificates/read-file.ts';
import { signature } from './look-watch.ts';

export interface FolderLimits {
  readonly files: number;
  /** Octets: of one file, and of all together. */
  readonly file: number;
  readonly together: number;
}

const mebibyte = 1024 * 1024;
/** Some 20,000 routes with their services, as `oc get -o yaml` prints them. */
const usual: FolderLimits = { files: 1_000, file: 32 * mebibyte, together: 64 * mebibyte };

export interface FolderReading {
  /** By name. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Files that are there, and could not be read. */
  readonly faults: readonly { readonly name: string; readonly fault: string }[];
  /** Why the folder itself could not be read. */
  readonly fault?: string;
}

/** Never rejects. */
export async function readFolder(folder: string, limits: FolderLimits = usual): Promise<FolderReading> {
  const found = await namesIn(folder);
  if ('fault' in found) return { files: [], faults: [], fault: found.fault };
  const files: { name: string; text: string }[] = [];
  const faults: { name: string; fault: string }[] = [];
  let rest = limits.together;
  for (const [index, name] of found.names.entries()) {
    if (index >= limits.files) {
      faults.push({ name, fault: `the folder has more than ${limits.files} files` });
      continue;
    }
    try {
      const { content } = await readRegularFile(join(folder, name), limits.file);
      if (content.length > rest)
        throw new Error(`the files of the folder have more than ${limits.together / mebibyte} MiB together`);
      rest -= content.length;
      files.push({ name, text: new TextDecoder('utf-8', { fatal: true }).decode(content) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      faults.push({
        name,
        fault: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'this is not UTF-8 text' : message,
      });
    }
  }
  return { files, faults };
}

/** Differs when a file came, went or was written. Never rejects. */
export async function folderSignature(folder: string): Promise<string> {
  const found = await namesIn(folder);
  if ('fault' in found) return found.fault;
  const names = found.names.slice(0, usual.files);
  return `${found.names.length}\n${names.join('\n')}\n${await signature(names.map((name) => join(folder, name)))}`;
}

async function namesIn(
  folder: string,
): Promise<{ readonly names: readonly string[] } | { readonly fault: string }> {
  try {
    const names = await readdir(folder);
    return {
      names: names.filter((name) => !name.startsWith('.') && /\.(ya?ml|json)$/.test(name)).sort(),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { fault: 'there is no such folder' };
    if (code === 'ENOTDIR') return { fault: 'this is not a folder' };
    return { fault: code === 'EACCES' ? 'this user may not read the folder' : message };
  }
}
