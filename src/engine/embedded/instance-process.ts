// One process of an instance, as its acceptor sees it: forked with a channel, its errors kept, its end told with a reason.

import { fork } from 'node:child_process';
import { type FromChild, isFromChild, type NativeHandle } from './channel-messages.ts';
import type { HandOver } from './hand-over.ts';
import { createInstanceLane, type InstanceLane } from './instance-lane.ts';

export interface InstanceProcess {
  readonly pid: number;
  /** Wall clock. */
  readonly startedAt: number;
  readonly lane: InstanceLane;
  /** It was told to, or does so by itself: somebody else has its name. */
  leaving: boolean;
  kill(): void;
}

export interface InstanceProcessEvents {
  /** It takes accepted sockets again. */
  room(): void;
  said(message: FromChild, handle: NativeHandle | undefined): void;
  /** Once; also where it could not be started. */
  ended(reason: string): void;
}

/** The end of what it printed tells why it died. */
const keptOutput = 2_000;

export function startInstance(
  of: {
    readonly id: string;
    readonly shard: string;
    readonly program: string;
    readonly socket: string;
    readonly exitWithRuntime: boolean;
    readonly startedAt: number;
  },
  events: InstanceProcessEvents,
  handOver: HandOver,
): InstanceProcess {
  const child = fork(
    of.program,
    [
      ...['--socket', of.socket, '--id', of.id, '--shard', of.shard],
      ...(of.exitWithRuntime ? ['--exit-with-runtime'] : []),
    ],
    { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
  );
  let output = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-keptOutput);
    process.stderr.write(text);
  });
  child.on('message', (message, handle) => {
    if (isFromChild(message)) events.said(message, handle as unknown as NativeHandle | undefined);
  });
  // A program that cannot be started says so here, and never exits.
  child.once('error', (error) => events.ended(error.message));
  // It comes after all output and every confirmation was read.
  child.once('close', (code, signal) => events.ended(reasonOf(code, signal, output)));
  const lane: InstanceLane = createInstanceLane(of.id, of.shard, child, {
    room: events.room,
    lost: (arrival) => handOver.postpone(lane, arrival),
  });
  return {
    pid: child.pid ?? 0,
    startedAt: of.startedAt,
    lane,
    leaving: false,
    kill: () => void child.kill('SIGKILL'),
  };
}

function reasonOf(code: number | null, signal: NodeJS.Signals | null, output: string): string {
  if (signal !== null) return `killed by ${signal}`;
  if (code === 0) return 'left';
  // Node prints a stack; the line that names the error is what an operator can use.
  const line = output.split('\n').find((each) => /^\w*Error\b|: /.test(each.trim()));
  return `exit code ${code}${line === undefined ? '' : `: ${line.trim().slice(0, 200)}`}`;
}
