// The contents of one file, bounded, and only where it is a file.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileFault } from './fault.ts';

export interface FileContents {
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** Rejects with a FileFault. */
export type ReadFile = (path: string) => Promise<FileContents>;

/** A bundle of every public authority has 0.25 MiB. */
export const maxFileBytes = 1024 * 1024;

export const readTlsFile: ReadFile = (path) => readRegularFile(path, maxFileBytes);

/** Rejects with a FileFault. */
export async function readRegularFile(path: string, mostBytes: number): Promise<FileContents> {
  try {
    // Without O_NONBLOCK a named pipe would keep us waiting for its other end.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new FileFault('this is a folder, not a file');
      if (!stats.isFile()) throw new FileFault('this is not a regular file');
      if (stats.size > mostBytes) throw new FileFault(`it is larger than ${mostBytes / 1024 / 1024} MiB`);
      // One octet more than there should be, so that its end is seen.
      const content = Buffer.alloc(stats.size + 1);
      let length = 0;
      while (length < content.length) {
        const { bytesRead } = await file.read(content, length, content.length - length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > stats.size) throw new FileFault('it grew while it was read');
      return { content: Buffer.from(content.subarray(0, length)), mode: stats.mode & 0o777 };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FileFault) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new FileFault(reasonOf(code), undefined, code === 'ENOENT');
  }
}

function reasonOf(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    case 'ENOTDIR':
      return 'a part of its path is not a folder';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    default:
      return `it cannot be read (${code ?? 'unknown error'})`;
  }
}
