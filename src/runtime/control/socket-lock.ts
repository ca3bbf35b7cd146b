// One runtime at a time looks at a control socket, clears a dead one away and listens: of two that find the same dead
// socket, the slower would else unlink what the faster one listens on. Held for milliseconds, by a file beside the socket.

import { randomUUID } from 'node:crypto';
import { link, lstat, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import type { Clock } from '../../domain/clock.ts';
import { RuntimeError } from '../runtime-error.ts';

/** Nobody who lives holds it for so long: whatever process has its holder's number by now, it is not the holder. */
const staleMs = 5_000;
const againMs = 20;
const giveUpMs = 2 * staleMs;

/** Tells this process from an earlier one of the same number, which in a container is every one. */
const thisProcess = `${process.pid} ${randomUUID()}`;

/** Runs `work` while nobody else holds the lock of `path`. @throws RuntimeError where others keep it all the time */
export async function withSocketLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const own = `${lock}.${randomUUID().slice(0, 8)}`;
  const isStale = (file: string) => staleAt(file, clock.now());
  // Written before it gets its name: a lock without its holder's number is never seen.
  await writeFile(own, `${thisProcess}\n`, { mode: 0o600, flag: 'wx' });
  try {
    for (let waited = 0; !(await takes(own, lock)); waited += againMs) {
      if (waited >= giveUpMs)
        throw new RuntimeError('control-in-use', `${path}: other runtimes are starting there (${lock})`);
      if (await isStale(lock)) await clearAway(lock, `${own}.old`, isStale);
      await new Promise<void>((resolve) => void clock.after(againMs, resolve));
    }
    try {
      return await work();
    } finally {
      if (await same(own, lock)) await unlink(lock).catch(() => {});
    }
  } finally {
    await unlink(own).catch(() => {});
  }
}

/** A link is made for one of many, and says so. */
async function takes(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function same(own: string, lock: string): Promise<boolean> {
  try {
    return (await lstat(own)).ino === (await lstat(lock)).ino;
  } catch {
    return false;
  }
}

async function staleAt(file: string, now: number): Promise<boolean> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), lstat(file)]);
    return Math.abs(now - mtimeMs) > staleMs || !lives(holder.trim());
  } catch (error) {
    // Given back just now: there is nothing to clear away. What cannot be read is nobody's lock.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function lives(holder: string): boolean {
  const pid = Number.parseInt(holder, 10);
  if (pid === process.pid) return holder === thisProcess;
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Taken aside first: what two clear away at once is one's alone, and a lock that came in between is put back. */
async function clearAway(
  lock: string,
  aside: string,
  isStale: (file: string) => Promise<boolean>,
): Promise<void> {
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  if (!(await isStale(aside))) await link(aside, lock).catch(() => {});
  await unlink(aside).catch(() => {});
}
