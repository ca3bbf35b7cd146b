// Certificates and keys that stood inside routes, as files: in a folder that is its owner's alone, named by what is in
// them, so that a file in force is never written again.

import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ContentFile } from '../../config/kubernetes/from-kubernetes.ts';
import { ownFileName } from './watched-objects.ts';

/** @throws Error that says why they cannot be kept there */
export async function keepFiles(folder: string, files: readonly ContentFile[]): Promise<void> {
  if (files.length === 0) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const there = await lstat(folder);
  // Laid or made by somebody else, they would read along.
  if (!there.isDirectory()) throw new Error(`${folder} is not a folder`);
  if (there.uid !== process.getuid?.()) throw new Error(`${folder} belongs to another user`);
  await chmod(folder, 0o700);
  for (const { path, content } of files) if (!(await isSame(path, content))) await write(path, content);
}

async function isSame(path: string, content: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile() && (await readFile(path, 'utf8')) === content;
  } catch {
    return false;
  }
}

async function write(path: string, content: string): Promise<void> {
  const temporary = `${path}.new-${process.pid}`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Takes away those that nobody names any more. Never rejects: at worst they lie there. */
export async function sweepFiles(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const names = new Set([...kept].map((path) => basename(path)));
  const found = await readdir(folder).catch(() => []);
  for (const name of found)
    if (ownFileName.test(name) && !names.has(name))
      await rm(join(folder, name), { force: true }).catch(() => {});
}

/** All of ours, and the folder where nothing else lies in it. Never rejects. */
export async function clearFolder(folder: string): Promise<void> {
  await sweepFiles(folder, new Set());
  await rmdir(folder).catch(() => {});
}
