// Child processes for system tests: ready when their output or a probe says so, and always ended, with their descendants.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** All that was written to standard output and standard error so far. */
  output(): string;
  stdout(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | NodeJS.Signals>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and after `graceMs` SIGKILL for it and its descendants. */
  stop(graceMs?: number): Promise<number | NodeJS.Signals>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Output that tells it is ready, or a probe that is asked until it says true. */
  readonly ready?: RegExp | (() => Promise<boolean>);
  readonly readyWithinMs?: number;
  readonly stdin?: 'pipe' | 'ignore';
}

export async function start(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Started> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  let all = '';
  let out = '';
  const heard = new Set<() => void>();
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    all += text;
    for (const listener of heard) listener();
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    all += text;
    for (const listener of heard) listener();
  });
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => {
      all += `${error.message}\n`;
      resolve(127);
    });
    // Its descendants may outlive it and keep its output open: what it wrote itself is read by then.
    child.once('exit', (code, signal) => {
      const settle = () => resolve(signal ?? code ?? 1);
      const latest = setTimeout(settle, 300);
      child.once('close', () => {
        clearTimeout(latest);
        settle();
      });
    });
  });
  const started: Started = {
    pid: child.pid ?? -1,
    child,
    output: () => all,
    stdout: () => out,
    exited,
    signal: (name) => void child.kill(name),
    async stop(graceMs = 5_000) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return exited;
      const tree = descendants(child.pid);
      child.kill('SIGTERM');
      const killer = setTimeout(() => {
        for (const pid of [child.pid!, ...tree]) endNow(pid);
      }, graceMs);
      const result = await exited;
      clearTimeout(killer);
      return result;
    },
  };
  if (options.ready !== undefined) {
    await untilReady(started, options.ready, heard, options.readyWithinMs ?? 20_000, [command, ...args]);
  }
  return started;
}

async function untilReady(
  started: Started,
  ready: RegExp | (() => Promise<boolean>),
  heard: Set<() => void>,
  withinMs: number,
  command: readonly string[],
): Promise<void> {
  let gone = false;
  void started.exited.then(() => {
    gone = true;
  });
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (ready instanceof RegExp ? ready.test(started.output()) : await ready()) return;
    if (gone || Date.now() > deadline) {
      await started.stop(0);
      throw new Error(`${command.join(' ')} ${gone ? 'ended' : 'was not ready'}:\n${started.output()}`);
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, 20);
      function done() {
        clearTimeout(timer);
        heard.delete(done);
        resolve();
      }
      heard.add(done);
    });
  }
}

/** Runs to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: Omit<StartOptions, 'ready'> = {},
): Promise<{ readonly code: number | NodeJS.Signals; readonly stdout: string; readonly output: string }> {
  const started = await start(command, args, options);
  const code = await started.exited;
  return { code, stdout: started.stdout(), output: started.output() };
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself: just what is wanted.
  }
}

export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.charAt(0) !== 'Z';
  } catch {
    return false;
  }
}

/** Children, their children, and so on, by /proc. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Ended while we looked.
    }
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [child, parent] of parents) {
      if (parent !== next) continue;
      found.push(child);
      open.push(child);
    }
  }
  return found;
}

/** A port that was free a moment ago, for peers that cannot listen on port 0 and tell. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Asks again and again until the answer is not undefined or false; the way to wait without guessing a time. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as T;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
