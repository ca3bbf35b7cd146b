// Keeps the wanted instances running: starts them, replaces one that dies (with back-off), ends those not wanted.
//
//   wanted ──► running ──(dies)──► waiting ──(back-off)──► running
//                 ├──(says it is leaving)──► running beside its successor ──► gone
//                 └──(not wanted)──► told to leave ──► gone

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../domain/clock.ts';
import type { SocketHolder } from './held-sockets.ts';
import { siblingProgram } from './sibling-program.ts';

export interface WantedInstance {
  readonly id: string;
  readonly shard: string;
}

export interface InstanceKeeper {
  /** Exactly these from now on. */
  run(wanted: readonly WantedInstance[]): void;
  readonly running: readonly { readonly id: string; readonly pid: number }[];
  /** None wanted and none left: the runtime stopped them for good. */
  readonly idle: boolean;
  /** Tells all to leave, ends those still there after `killAfterMs`, and resolves when the last is gone. */
  close(killAfterMs?: number): Promise<void>;
}

export interface InstanceKeeperOptions {
  readonly clock: Clock;
  readonly socket: string;
  readonly exitWithRuntime: boolean;
  readonly holder: SocketHolder;
  readonly started: (id: string, pid: number) => void;
  readonly gone: (id: string, pid: number, text: string) => void;
}

const firstDelayMs = 50;
const longestDelayMs = 5_000;
/** Whoever lived this long was healthy: its successor starts at once. */
const healthyMs = 10_000;
/** The end of what it printed tells why it died. */
const keptOutput = 2_000;

export function createInstanceKeeper(options: InstanceKeeperOptions): InstanceKeeper {
  const { clock } = options;
  const program = fileURLToPath(siblingProgram(import.meta.url, 'instance'));
  let wanted = new Map<string, WantedInstance>();
  /** The one that serves under this name; a leaving one is in `children` only. */
  const current = new Map<string, ChildProcess>();
  const children = new Map<ChildProcess, string>();
  const delays = new Map<string, number>();
  let closing: (() => void) | undefined;

  function start({ id, shard }: WantedInstance): void {
    if (current.has(id)) return;
    const startedAt = clock.now();
    const child = fork(
      program,
      [
        ...['--socket', options.socket, '--id', id, '--shard', shard],
        ...(options.exitWithRuntime ? ['--exit-with-runtime'] : []),
      ],
      { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
    );
    const { pid } = child;
    let output = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptOutput);
      process.stderr.write(text);
    });
    current.set(id, child);
    children.set(child, id);
    options.holder.serve(id, child);
    child.on('message', (message) => {
      if (typeof message !== 'object' || message === null) return;
      // Stopped by the runtime: for good. Leaving by itself (SIGTERM): a successor takes over at once.
      if ('stopped' in message) wanted.delete(id);
      if (!('leaving' in message)) return;
      if (current.get(id) === child) current.delete(id);
      if (wanted.has(id) && closing === undefined) start({ id, shard });
    });
    // A program that cannot be started says so here, and never exits.
    child.once('error', (error) => ended(error.message));
    // `close` comes after all output was read.
    child.once('close', (code, signal) => ended(reasonOf(code, signal, output)));
    if (pid !== undefined) options.started(id, pid);

    function ended(reason: string): void {
      if (!children.delete(child)) return;
      const replace = current.get(id) === child;
      if (replace) current.delete(id);
      if (pid !== undefined) options.gone(id, pid, reason);
      if (closing !== undefined) {
        if (children.size === 0) closing();
        return;
      }
      if (replace && wanted.has(id)) restart({ id, shard }, clock.now() - startedAt);
    }
  }

  function restart(instance: WantedInstance, livedMs: number): void {
    const delay = livedMs > healthyMs ? 0 : (delays.get(instance.id) ?? firstDelayMs);
    delays.set(instance.id, Math.min(Math.max(delay, firstDelayMs) * 2, longestDelayMs));
    clock.after(delay, () => {
      if (wanted.has(instance.id) && closing === undefined) start(instance);
    });
  }

  return {
    run(next) {
      wanted = new Map(next.map((instance) => [instance.id, instance]));
      for (const [id, child] of current) {
        if (wanted.has(id)) continue;
        current.delete(id);
        child.kill('SIGTERM');
      }
      for (const instance of next) start(instance);
    },
    get running() {
      return [...children].flatMap(([{ pid }, id]) => (pid === undefined ? [] : [{ id, pid }]));
    },
    get idle() {
      return wanted.size === 0 && children.size === 0;
    },
    close(killAfterMs) {
      wanted.clear();
      if (children.size === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      closing = resolve;
      for (const child of children.keys()) child.kill('SIGTERM');
      if (killAfterMs !== undefined)
        clock.after(killAfterMs, () => {
          for (const child of children.keys()) child.kill('SIGKILL');
        });
      return promise;
    },
  };
}

function reasonOf(code: number | null, signal: NodeJS.Signals | null, output: string): string {
  if (signal !== null) return `killed by ${signal}`;
  if (code === 0) return 'left';
  // Node prints a stack; the line that names the error is what an operator can use.
  const line = output.split('\n').find((each) => /^\w*Error\b|: /.test(each.trim()));
  return `exit code ${code}${line === undefined ? '' : `: ${line.trim().slice(0, 200)}`}`;
}
