// `nft -j monitor`: that something changed, not what. A packet path that adds to a set can make it write a million lines a
// minute, so none of them is kept or understood.

import { spawn } from 'node:child_process';
import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import { programEnv } from './run-program.ts';

export interface MonitorOptions {
  readonly command: readonly string[];
  readonly clock: Clock;
  /** From the first line of a burst to the call. Default: 150 ms. */
  readonly quietMs?: number;
}

/** It does not say when it begins to listen: what changed until then is told of by one call without a cause. */
const listeningMs = 500;

export function monitorNft(
  { command, clock, quietMs = 150 }: MonitorOptions,
  changed: () => void,
  ended: (why: string) => void,
): Disposer {
  let over = false;
  let waiting: Disposer | undefined = clock.after(listeningMs, tell);
  const child = spawn(command[0]!, [...command.slice(1), '-j', 'monitor'], {
    env: programEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';

  function end(why: string): void {
    if (over) return;
    over = true;
    waiting?.();
    ended(why);
  }

  function tell(): void {
    waiting = undefined;
    if (!over) changed();
  }

  child.stdout.on('data', (chunk: Buffer) => {
    // Half a line is no change yet; its other half is.
    if (over || waiting !== undefined || !chunk.includes(10)) return;
    waiting = clock.after(quietMs, tell);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (stderr.length < 4_096) stderr += chunk;
  });
  child.once('error', (error) => {
    if (child.pid === undefined) end(`nft could not be started: ${error.message}`);
  });
  // Not "close", which what it started itself could hold up.
  child.once('exit', (code, signal) => {
    const words = stderr.split('\n').find((line) => line.trim() !== '');
    end(
      `nft monitor ended${words === undefined ? ` (${signal ?? code})` : `: ${words.trim().slice(0, 300)}`}`,
    );
  });
  return () => {
    over = true;
    waiting?.();
    child.kill('SIGKILL');
  };
}
