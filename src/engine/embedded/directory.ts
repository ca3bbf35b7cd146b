// The directory that a runtime and its data plane meet in: what lies there, and who may look.

import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../engine.ts';

export const engineSocket = 'engine.sock';
export const acceptorPidFile = 'acceptor.pid';
/** What the kernel can name a unix socket by, less the ending zero. */
const longestSocketPath = 107;

/** Whoever can reach the socket can do all that a runtime can: the directory is the owner's alone. @throws EngineError */
export function prepareDirectory(directory: string): void {
  const path = join(directory, engineSocket);
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new EngineError(
      'instance-failed',
      `engine socket ${path}: a unix socket's path has at most ${longestSocketPath} bytes; choose a shorter directory`,
    );
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const there = lstatSync(directory);
    // Laid by somebody else it may lead to a directory of ours that is meant for something else.
    if (!there.isDirectory()) throw new Error('there is something that is not a directory');
    // Made beforehand by somebody else it would stay theirs, whatever its mode.
    if (there.uid !== process.getuid?.()) throw new Error('it belongs to another user');
    chmodSync(directory, 0o700);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('instance-failed', `engine directory ${directory}: ${text}`, { cause });
  }
}

/** After the data plane's end: takes away what only it needed, and the directory where nothing else lies in it. */
export function clearDirectory(directory: string): void {
  rmSync(join(directory, acceptorPidFile), { force: true });
  try {
    rmdirSync(directory);
  } catch {
    // Somebody else keeps something there.
  }
}

/** An acceptor was started here and did not tidy up: it was killed, or the machine went down. */
export function wasLeftBehind(directory: string): boolean {
  return existsSync(join(directory, acceptorPidFile));
}

/** The acceptor that was started here last, if a process with its number lives. It may be another one's by now. */
export function livingAcceptor(directory: string): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(join(directory, acceptorPidFile), 'utf8'), 10);
    process.kill(pid, 0);
  } catch {
    // No file, no such process, or not ours: nothing to adopt.
    return undefined;
  }
  return pid > 0 ? pid : undefined;
}
