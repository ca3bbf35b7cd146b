// What broken files of a watched folder were when they were right, kept for a runtime that is started again meanwhile: it
// serves on what its forerunner served.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keepFiles } from './private-files.ts';

const fileName = 'held.json';

/** Never rejects: without it the files are as if they had never been right. @param folder the watched one, absolute */
export async function readHeld(filesFolder: string, folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    const held: unknown = JSON.parse(await readFile(join(filesFolder, fileName), 'utf8'));
    const { of, texts } = held as { readonly of?: unknown; readonly texts?: unknown };
    if (of !== folder || !Array.isArray(texts)) return new Map();
    return new Map(texts.filter((entry): entry is [string, string] => isPair(entry)));
  } catch {
    return new Map();
  }
}

function isPair(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string');
}

/** @param texts by name in the folder @throws Error that says why they cannot be kept */
export async function keepHeld(
  filesFolder: string,
  folder: string,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const path = join(filesFolder, fileName);
  if (texts.size === 0) await rm(path, { force: true });
  else
    await keepFiles(filesFolder, [
      { path, content: JSON.stringify({ of: folder, texts: [...texts] }), secret: true },
    ]);
}
