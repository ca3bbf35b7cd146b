// The control socket in the file system: its folder, its mode, and what a dead runtime left there.

import { lstat, mkdir, stat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import { RuntimeError } from '../runtime-error.ts';
import { withSocketLock } from './socket-lock.ts';

/** @throws RuntimeError where somebody answers there, or others could replace it */
export async function listenAlone(server: Server, path: string, clock: Clock): Promise<void> {
  await prepareFolder(path);
  await withSocketLock(path, clock, async () => {
    await clearDeadSocket(path);
    await listenPrivately(server, path);
  });
}

async function prepareFolder(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(folder);
  const own = process.getuid?.();
  // A sticky folder such as /tmp lets nobody else remove the socket; its own mode keeps others out.
  if (((mode & 0o022) !== 0 && (mode & 0o1000) === 0) || (own !== undefined && uid !== own && uid !== 0))
    throw new RuntimeError(
      'control-unsafe',
      `${folder}: others may replace files there (mode ${(mode & 0o777).toString(8)}); choose a folder of your own for the control socket, mode 700`,
    );
}

async function clearDeadSocket(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (!there) return;
  if (!there.isSocket())
    throw new RuntimeError('control-unsafe', `${path}: there is a file that is not a socket`);
  if (await answers(path))
    throw new RuntimeError('control-in-use', `${path}: another runtime is serving there`);
  await unlink(path).catch(() => {});
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Refused: nobody holds it. Anything else (a full backlog, no permission) means that somebody may.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/** Listens with mode 0600 from the first moment: a chmod afterwards would leave a gap. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
