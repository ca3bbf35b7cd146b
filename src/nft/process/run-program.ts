// Runs one of the kernel's programs to its end: no shell, bounded output, bounded time, and ended by its pid where it hangs.

import { spawn } from 'node:child_process';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import type { LastWord } from './last-word.ts';

export interface ProgramRun {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Read from its standard input. */
  readonly input?: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly lastWord?: LastWord;
  /** Bytes of its standard output; default `outputLimit`. */
  readonly limit?: number;
  /** Gets its output as it comes, instead of it being kept. False: enough, it is ended. Errors thrown here are the caller's. */
  readonly output?: (chunk: string) => boolean | undefined;
}

export type ProgramEnd =
  /** `code` is null where a signal ended it. */
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** `output` said that it was enough. */
  | { readonly kind: 'enough' }
  | { readonly kind: 'not-started'; readonly code: string; readonly message: string }
  | { readonly kind: 'timeout' }
  /** The runtime ends: `lastWord` is over. */
  | { readonly kind: 'runtime-ends' }
  | { readonly kind: 'too-long'; readonly limit: number };

/** A ruleset of a hundred thousand rules is some 40 MB. */
export const outputLimit = 128 * 1024 * 1024;
const errorLimit = 64 * 1024;
/** From the signal to the end: longer only where the kernel itself holds it. */
const lastMs = 1_000;

const systemPath = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/**
 * The programs are in /usr/sbin, which a user's own path lacks; and speak English. The system's come first: this may be root with
 * a user's path, of which nothing counts that depends on the working directory.
 */
export function programEnv(): NodeJS.ProcessEnv {
  const own = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return { ...process.env, PATH: [...new Set([...systemPath, ...own])].join(':'), LC_ALL: 'C' };
}

/** Never rejects, but with what the input's file was refused with. */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  if (run.lastWord?.isOver) return { kind: 'runtime-ends' };
  const input = run.input === undefined ? undefined : await inputFile(run.input);
  try {
    return await running(run, input?.fd);
  } finally {
    await input?.close();
  }
}

/**
 * Without a name: gone with its last descriptor. Not a pipe, because Node's are sockets, and what opens /dev/stdin by its name
 * is refused that.
 */
async function inputFile(text: string): Promise<FileHandle> {
  const path = join(tmpdir(), `sluice-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  try {
    // At a position: the descriptor, which the program shares, stays at the beginning.
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; )
      at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function running(
  { words, clock, timeoutMs, lastWord, limit = outputLimit, output }: ProgramRun,
  input: number | undefined,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(words[0]!, words.slice(1), {
      env: programEnv(),
      stdio: [input ?? 'ignore', 'pipe', 'pipe'],
    });
    const stdout: string[] = [];
    let read = 0;
    let stderr = '';
    let decided: (() => void) | undefined;
    const stopTimer = clock.after(timeoutMs, () => give(() => resolve({ kind: 'timeout' })));
    const stopListening = lastWord?.over(() => give(() => resolve({ kind: 'runtime-ends' })));
    const stop = (): void => {
      stopTimer();
      stopListening?.();
    };

    /** It is to end, and then this is the answer. */
    function give(answer: () => void): void {
      if (decided !== undefined) return;
      decided = answer;
      stop();
      child.stdout!.destroy();
      child.stderr!.destroy();
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
        answer();
        return;
      }
      // Its successor must not meet it half done. What it started itself may hold its output open: so not until "close".
      const late = clock.after(lastMs, answer);
      child.once('exit', () => {
        late();
        answer();
      });
      child.kill('SIGKILL');
    }

    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      if (decided !== undefined) return;
      if (output === undefined) {
        // In UTF-16 units, which are no more than its bytes.
        read += chunk.length;
        if (read > limit) give(() => resolve({ kind: 'too-long', limit }));
        else stdout.push(chunk);
        return;
      }
      try {
        if (output(chunk) === false) give(() => resolve({ kind: 'enough' }));
      } catch (error) {
        give(() => reject(error));
      }
    });
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < errorLimit) stderr += chunk;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (decided !== undefined || child.pid !== undefined) return;
      give(() => resolve({ kind: 'not-started', code: error.code ?? '', message: error.message }));
    });
    child.once('close', (code, signal) => {
      if (decided !== undefined) return;
      stop();
      decided = () => {};
      resolve({ kind: 'ended', code, signal, stdout: stdout.join(''), stderr });
    });
  });
}
