// Starts the demo's child processes, tied to this one: each leaves when this process goes, however it goes.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { CliFailure } from '../failure.ts';
import { type Entry, entryPath } from './entry.ts';

export interface DemoChild {
  readonly child: ChildProcess;
  /** Its first message. */
  readonly told: unknown;
}

/** Sessions of their own, so that keys typed at the terminal reach this process alone. */
const ownSession = { detached: true };

/** A child that tells by message when it is ready. @throws CliFailure with what it wrote, when it ends before. */
export function startTold(entry: Entry, args: readonly string[]): Promise<DemoChild> {
  const child = fork(entryPath(entry), [...args], {
    ...ownSession,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return whenReady(child, entry, (ready) => child.once('message', ready));
}

/** `sluice run` on `file`; its standard input is the life line. */
export function startRuntimeChild(file: string): Promise<DemoChild> {
  const child = spawn(
    process.execPath,
    [entryPath('main'), 'run', '--demo', '--leave-with-parent', '-c', file],
    { ...ownSession, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  return whenReady(child, 'run', (ready) => {
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      // Read to the end even after that: a full pipe would stop it.
      if (output.length < 65_536) output += text;
      if (/^ready/m.test(output)) ready(output);
    });
  });
}

/** Resolves with what `listen` hands on. @throws CliFailure with what it wrote, when it ends before */
export function whenReady(
  child: ChildProcess,
  name: string,
  listen: (ready: (told: unknown) => void) => void,
): Promise<DemoChild> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (errors.length < 16_384) errors += text;
    });
    child.once('error', (error) =>
      reject(new CliFailure('refused', `the demo's ${name} did not start: ${error.message}`)),
    );
    child.once('close', () =>
      reject(new CliFailure('refused', `the demo's ${name} ended: ${errors.trim()}`)),
    );
    listen((told) => resolve({ child, told }));
  });
}

/** Takes the life lines away and waits until all are gone; those that stay are ended after `graceMs`. */
export async function endAll(children: readonly ChildProcess[], graceMs: number): Promise<void> {
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) {
            resolve();
            return;
          }
          const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
          child.once('exit', () => {
            clearTimeout(timer);
            resolve();
          });
          if (child.connected) child.disconnect();
          child.stdin?.end();
        }),
    ),
  );
}
