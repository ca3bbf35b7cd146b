// Process main of an instance: a data plane that serves whether or not a runtime is there.
//   node instance.js --socket PATH --id default/1 --shard default [--exit-with-runtime]

import { parseArgs } from 'node:util';
import { ConnectionTable } from '../../proxy/connection-table.ts';
import { DataPlane } from '../../proxy/data-plane.ts';
import { serveHttp } from '../../proxy/http/client-session.ts';
import { systemClock } from '../../proxy/system-clock.ts';
import { serveTls } from '../../proxy/tls/tls-session.ts';
import { type AcceptorSockets, createAcceptorSockets, type ParentChannel } from './acceptor-sockets.ts';
import { dial } from './dial.ts';
import type { InForce } from './held-plan.ts';
import { type InstanceHello, linkVersion } from './messages.ts';
import { createProcessSampler } from './process-sample.ts';
import { programRelease } from './release.ts';
import { type RuntimeSession, startRuntimeSession } from './runtime-session.ts';
import { createStreamEnds, type StreamEnds } from './stream-ends.ts';
import { createTails } from './tails.ts';
import { tlsFor } from './tls-state.ts';

/** How long an instance that belongs to its runtime serves without one. */
const awayLimitMs = 2_000;
const leaveGraceMs = 2_000;

const { values: options } = parseArgs({
  options: {
    socket: { type: 'string' },
    id: { type: 'string' },
    shard: { type: 'string' },
    'exit-with-runtime': { type: 'boolean', default: false },
  },
});
const { socket: socketPath, id, shard } = options;
if (socketPath === undefined || id === undefined || shard === undefined) {
  console.error('instance: --socket, --id and --shard are needed; it is started by the acceptor');
  process.exit(2);
}

// Short, for it stands in every connection's id; unlike any other life whose connections anybody still remembers.
const startedAt = Date.now();
const life = ((startedAt + process.pid * 7_919) % 36 ** 5).toString(36);

const release = programRelease();
let session: RuntimeSession | undefined;
let leaving = false;
let leaveBy = 0;
let orphaned = process.send === undefined;
const sockets: AcceptorSockets | undefined =
  process.send === undefined
    ? undefined
    : createAcceptorSockets(process as unknown as ParentChannel, {
        leave: () => void leave(),
        plan: (inForce) => void serveHeld(inForce),
        orphaned() {
          orphaned = true;
          // With a runtime it belongs to it goes; else it serves on, and nobody replaces it.
          if (options['exit-with-runtime']) void leave(leaveGraceMs);
          else session?.send({ kind: 'orphaned' });
        },
      });
const tails = createTails({
  clock: systemClock,
  send: (tail, records, dropped) => session?.send({ kind: 'tail', tail, records, dropped }) ?? false,
});
let ends: StreamEnds | undefined;
const plane = new DataPlane({
  clock: systemClock,
  random: Math.random,
  connections: new ConnectionTable(),
  serveHttp,
  serveTls,
  shard,
  instance: id,
  life,
  exclusive: true,
  ...(sockets === undefined ? {} : { heldSockets: sockets }),
  processSample: createProcessSampler(() => ends?.logDropped ?? 0),
});
ends = createStreamEnds(plane, life, tails, (text) => {
  // Who told the runtime has told the operator: it journals and prints it.
  if (session?.send({ kind: 'problem', text }) !== true)
    console.error(`${new Date().toTimeString().slice(0, 8)} warning: instance ${id}: ${text}`);
});

const hello = (): InstanceHello => ({
  kind: 'instance',
  version: linkVersion,
  id,
  shard,
  pid: process.pid,
  life,
  startedAt,
  release,
  planHash: plane.plan?.hash ?? '',
  binds: plane.binds,
  tlsProblems: plane.tlsProblems,
  leaveBy,
  orphaned,
});

function keepSockets(): void {
  sockets?.keep(plane.plan?.shards.find(({ name }) => name === shard)?.binds ?? []);
}

const dialler = dial(socketPath, systemClock, {
  async connected(socket) {
    session = startRuntimeSession(socket, {
      plane,
      clock: systemClock,
      hello,
      tails,
      ends,
      applied: keepSockets,
      stop(graceMs) {
        sockets?.say({ stopped: true });
        return finish(graceMs);
      },
    });
    await session.ended;
    session = undefined;
  },
  away(ms) {
    if (options['exit-with-runtime'] && ms > awayLimitMs) void leave(leaveGraceMs);
  },
});

/** No runtime has come in this time: the acceptor knows what to serve. */
const planlessMs = 300;
function askForPlan(): void {
  if (plane.plan !== undefined || leaving) return;
  if (session === undefined) sockets?.say({ planless: true });
  systemClock.after(planlessMs, askForPlan);
}
systemClock.after(planlessMs, askForPlan);

/** Started while no runtime is there: with what the others have. One that comes meanwhile says it again. */
async function serveHeld({ plan, wishes, tls }: InForce): Promise<void> {
  if (plane.plan !== undefined || session !== undefined || leaving) return;
  try {
    await plane.apply(plan, wishes, tlsFor(plan, tls));
  } catch (error) {
    console.error(`instance ${id}: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  ends?.logTo(plan.runtime.accessLog);
  keepSockets();
}

/** Carries what is open to its end; once only, however often it is asked: who asks again may shorten the time. */
let finishing: Promise<void> | undefined;
function finish(graceMs: number, succeeded = false): Promise<void> {
  leaving = true;
  if (finishing !== undefined)
    systemClock.after(graceMs, () => {
      for (const connection of [...plane.connections]) connection.kill();
    });
  finishing ??= plane.stop(graceMs, succeeded).then(async () => {
    await ends?.close();
    // The answer to whoever asked has to get out first.
    setImmediate(() => {
      dialler.close();
      systemClock.after(100, () => process.exit(0));
    });
  });
  return finishing;
}

/** A successor goes on with the sockets, or others with the clients; connections under way stay here to their end. */
async function leave(graceMs = plane.plan?.runtime.grace ?? leaveGraceMs): Promise<void> {
  if (leaving) return;
  leaveBy = Date.now() + graceMs;
  sockets?.handOn();
  sockets?.say({ leaving: true });
  session?.send({ kind: 'leaving', leaveBy });
  await finish(graceMs, true);
}

process.on('SIGTERM', () => {
  // Without a successor clients would be refused, or go to others for nothing.
  if (leaving || sockets?.succeed() !== true) void leave();
});
// A terminal's signals are the runtime's: it says what is to be done.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Whoever read what we print may be gone; that must not end us.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.on('SIGUSR1', () => ends?.reopenLog());
// The channel and the listening sockets may all be gone for a moment: only this decides how long the process lives.
setInterval(() => {}, 2 ** 30);
