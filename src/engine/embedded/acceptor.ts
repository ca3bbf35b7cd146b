// Process main of the acceptor: holds the listening sockets, hands accepted ones over where a shard has several instances,
// starts the instances, replaces one that dies.
// Small, and in a session of its own, so that it outlives the runtime that started it.
//   node acceptor.js --directory PATH [--exit-with-runtime]

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../proxy/system-clock.ts';
import { dial } from './dial.ts';
import { acceptorPidFile, engineSocket } from './directory.ts';
import { createHandOver } from './hand-over.ts';
import { createHeldPlan } from './held-plan.ts';
import { createSocketHolder } from './held-sockets.ts';
import { createInstanceKeeper } from './instance-keeper.ts';
import { type Link, openLink } from './link.ts';
import { type FromAcceptor, linkVersion, readToAcceptor } from './messages.ts';

/** How long an acceptor that belongs to its runtime goes on without one. */
const awayLimitMs = 2_000;
/** Told to leave, the instances' time of grace is over already: the runtime has stopped them before. */
const killAfterMs = 2_000;
const gatherMs = 20;
/** In a storm one line tells of many. */
const sayMs = 1_000;

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string' },
    'exit-with-runtime': { type: 'boolean', default: false },
  },
});
const { directory, 'exit-with-runtime': exitWithRuntime } = options;
if (directory === undefined) {
  console.error('acceptor: --directory is needed; it is started by the runtime');
  process.exit(2);
}

let link: Link | undefined;
/** What the runtime last told all instances: for one that is replaced while it is away. */
const held = createHeldPlan();
const send = (message: FromAcceptor) => link?.send(message);
/** Clients that no instance took, by shard, since that was said last. */
const turnedAway = new Map<string, number>();
const handOver = createHandOver(systemClock, (shard) => {
  if (turnedAway.size === 0) systemClock.after(sayMs, sayTurnedAway);
  turnedAway.set(shard, (turnedAway.get(shard) ?? 0) + 1);
});
let privatePortsTold = true;
let hadPrivatePorts = false;
const holder = createSocketHolder(systemClock, handOver, () => {
  if (!privatePortsTold) return;
  privatePortsTold = false;
  // They change by the dozen.
  systemClock.after(gatherMs, tellPrivatePorts);
});
const keeper = createInstanceKeeper({
  clock: systemClock,
  socket: join(directory, engineSocket),
  exitWithRuntime,
  holder,
  handOver,
  started: (id, pid, crashes) => send({ kind: 'started', id, pid, crashes }),
  gone(id, pid, text, crashes, retryAt) {
    send({ kind: 'gone', id, pid, text, crashes, retryAt });
    leaveWhenUseless();
  },
  heldPlan: () => (link === undefined ? held.now : undefined),
});

const dialler = dial(join(directory, engineSocket), systemClock, {
  async connected(socket) {
    const { promise, resolve } = Promise.withResolvers<void>();
    link = openLink(socket, {
      message() {},
      async request(raw) {
        const message = readToAcceptor(raw);
        switch (message.kind) {
          case 'run':
            // Clients first: who is not to run any more gets none.
            await holder.steer(message.shards);
            return keeper.run(message.instances, message.program);
          case 'add':
            return keeper.add(message.instances, message.program);
          case 'renew':
            return keeper.renew(message.id);
          case 'leave':
            return void leave(killAfterMs);
          default:
            return held.change(message);
        }
      },
      closed: () => resolve(),
    });
    send({ kind: 'acceptor', version: linkVersion, pid: process.pid });
    for (const { id, pid, crashes, gone } of keeper.states)
      send(
        gone === undefined
          ? { kind: 'started', id, pid, crashes }
          : { kind: 'gone', id, pid, ...gone, crashes },
      );
    // A runtime of a release that knows of none has none.
    if (holder.privatePorts.length > 0) tellPrivatePorts();
    await promise;
    link = undefined;
    leaveWhenUseless();
  },
  away(ms) {
    if (exitWithRuntime && ms > awayLimitMs) void leave();
  },
});

function tellPrivatePorts(): void {
  privatePortsTold = true;
  const { privatePorts: ports } = holder;
  if (ports.length === 0 && !hadPrivatePorts) return;
  hadPrivatePorts = true;
  send({ kind: 'privatePorts', ports });
}

function sayTurnedAway(): void {
  for (const [shard, count] of turnedAway)
    console.error(
      `${new Date().toTimeString().slice(0, 8)} warning: ${count} client(s) of shard ${shard} closed: none of its instances takes them`,
    );
  turnedAway.clear();
}

/**
 * A runtime that stopped the instances and died before it said `leave`: clients would wait for ever in the queues of
 * sockets that nobody serves.
 */
function leaveWhenUseless(): void {
  if (link === undefined && keeper.idle) void leave();
}

/** No new connections from now on; instances finish what they carry, as their plan or the runtime says. */
async function leave(killAfterMs?: number): Promise<void> {
  holder.close();
  await keeper.close(killAfterMs);
  dialler.close();
  systemClock.after(100, () => process.exit(0));
}

writeFileSync(join(directory, acceptorPidFile), `${process.pid}\n`, { mode: 0o600 });
process.on('SIGTERM', () => void leave());
// Whatever goes wrong here concerns one socket, or one message: to die of it would cost every listening socket.
process.on('uncaughtException', (error) =>
  console.error(
    `${new Date().toTimeString().slice(0, 8)} warning: the acceptor goes on after an error:`,
    error,
  ),
);
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});
// Whoever read what we print may be gone; that must not end us.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
setInterval(() => {}, 2 ** 30);
