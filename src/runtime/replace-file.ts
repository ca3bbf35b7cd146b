// Replaces a file as a whole, in one step: a crash leaves the old one or the new one, never half of one.

import { type FileHandle, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** @param prepare gives the new file what else it must have before it takes the old one's place */
export async function replaceFile(
  path: string,
  text: string,
  mode: number,
  prepare: (file: FileHandle) => Promise<void> = async () => {},
): Promise<void> {
  const temporary = `${path}.new-${process.pid}`;
  // Ours alone: whatever lies there (of a crash, or a link that somebody laid) is neither written to nor followed.
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(text);
    await prepare(file);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  }
  // The rename itself is safe only once the folder is.
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}
