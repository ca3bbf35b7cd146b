// The configuration's file, read as it is and replaced with its owner and mode kept. Where a link leads there, the file
// behind it is replaced, and the link stays.

import { readFile, realpath, stat } from 'node:fs/promises';
import { replaceFile } from './replace-file.ts';

/** With its byte order mark, if it has one: it is written again. */
export async function readConfiguration(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
}

/** @throws Error that says why the file is as it was */
export async function replaceConfiguration(path: string, expected: string, text: string): Promise<void> {
  const target = await realpath(path);
  const { mode, uid, gid, nlink } = await stat(target);
  if (nlink > 1) throw new Error(`it has ${nlink} names (hard links), and only one of them would change`);
  await replaceFile(target, text, 0o600, async (file) => {
    const made = await file.stat();
    if (made.uid !== uid || made.gid !== gid)
      await file.chown(uid, gid).catch(() => {
        throw new Error(`it belongs to uid ${uid}, gid ${gid}, which this runtime cannot keep`);
      });
    await file.chmod(mode & 0o7777);
    // As late as can be: somebody may sit in an editor.
    if ((await readConfiguration(target)) !== expected)
      throw new Error('somebody else has written it at this moment');
  });
}
