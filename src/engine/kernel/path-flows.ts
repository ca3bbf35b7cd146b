// Connections that the kernel sends on, as it tracks them: listed anew every second or so, slower where the list is long, and never
// where no bind has `path: kernel`. From two lists come rates, ends and arrivals.

import { hostPort } from '../../domain/address-text.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionRow } from '../../domain/connection.ts';
import type { Disposer } from '../../domain/event.ts';
import { backendOf, type Plan, type ServerKey } from '../../domain/plan.ts';
import type { Conntrack, Flow } from '../../nft/conntrack/conntrack.ts';
import { type PathRules, wildcards } from '../../nft/table/parts/path-part.ts';
import { serversByAddress } from './path-rules.ts';

export interface KernelConnection {
  readonly flow: Flow;
  readonly row: ConnectionRow;
  /** Wall clock, all three; `startedAt` is when it was first seen, where the kernel notes no times. */
  readonly startedAt: number;
  readonly seenAt: number;
  readonly movedAt: number;
}

/** Since this process began to look, by name. Counters only grow. */
export interface FlowCounts {
  total: number;
  bytesIn: number;
  bytesOut: number;
  /** Now. */
  open: number;
  /** Wall clock; 0 for never. */
  lastArrivalAt: number;
}

export interface PathFlows {
  readonly connections: ReadonlyMap<string, KernelConnection>;
  readonly binds: ReadonlyMap<string, FlowCounts>;
  readonly servers: ReadonlyMap<ServerKey, FlowCounts>;
  planned(plan: Plan): void;
  /** Looks now: a connection was ended, say. */
  look(): Promise<void>;
  close: Disposer;
}

export interface PathFlowsOptions {
  readonly conntrack: Conntrack;
  readonly clock: Clock;
  /** In force, or in force until the connections that began by them end. */
  readonly rules: () => readonly PathRules[];
  /** Something was listed. */
  readonly listed: () => void;
}

const everyMs = 1_000;
/** Listing takes at most so much of a core. */
const share = 20;
const mostFlows = 200_000;
const openStates: ReadonlySet<string> = new Set([
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
]);

export function createPathFlows({ conntrack, clock, rules, listed }: PathFlowsOptions): PathFlows {
  let connections = new Map<string, KernelConnection>();
  const binds = new Map<string, FlowCounts>();
  const servers = new Map<ServerKey, FlowCounts>();
  /** Of this plan and of those before: a server that is gone may carry connections still. */
  const known = new Map<string, Map<string, ServerKey>>();
  let first = true;
  let closed = false;
  let looking: Promise<void> | undefined;
  let next: Disposer = clock.after(everyMs, turn);

  function turn(): void {
    const began = clock.now();
    void look().then(() => {
      if (closed) return;
      next();
      next = clock.after(Math.max(everyMs, (clock.now() - began) * share), turn);
    });
  }

  function look(): Promise<void> {
    looking ??= listAll().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function listAll(): Promise<void> {
    const paths = rules();
    if (paths.length === 0 && connections.size === 0) return;
    const { list } = await conntrack.usable().catch(() => ({ list: { no: '' } }));
    if (list !== true || closed) return;
    const now = clock.now();
    const seen = new Map<string, KernelConnection>();
    try {
      for (const path of paths) {
        const { flows } = await conntrack.list({
          translated: true,
          originalPort: path.address.port,
          ...(wildcards.has(path.address.host) ? {} : { originalAddress: path.address.host }),
          limit: mostFlows,
        });
        for (const flow of flows) take(path, flow, now, seen);
      }
    } catch {
      // What was listed before is still the best there is; the model says why there is no more.
      return;
    }
    if (closed) return;
    for (const counts of [...binds.values(), ...servers.values()]) counts.open = 0;
    for (const { row } of seen.values()) {
      if (row.phase === 'ended') continue;
      countsOf(binds, row.bind).open += 1;
      countsOf(servers, row.server!).open += 1;
    }
    connections = new Map([...seen].filter(([, { row }]) => row.phase !== 'ended'));
    past = seen;
    first = false;
    listed();
  }

  /** Those that have ended, too, for as long as the kernel remembers them: their last bytes are counted once. */
  let past: ReadonlyMap<string, KernelConnection> = new Map();

  function take(path: PathRules, flow: Flow, now: number, into: Map<string, KernelConnection>): void {
    const server = known.get(path.bind)?.get(hostPort(flow.reply.source, flow.reply.sourcePort));
    // Another table's doing.
    if (server === undefined) return;
    const id = `kernel-${flow.id}`;
    const before = past.get(id);
    const [bytesIn, bytesOut] = [flow.original.bytes ?? 0, flow.reply.bytes ?? 0];
    const more = {
      in: Math.max(0, bytesIn - (before?.row.bytesIn ?? 0)),
      out: Math.max(0, bytesOut - (before?.row.bytesOut ?? 0)),
    };
    const moved = before === undefined || more.in + more.out > 0;
    const passedMs = before === undefined ? 0 : now - before.seenAt;
    for (const counts of [countsOf(binds, path.bind), countsOf(servers, server)]) {
      if (before === undefined) {
        // Those that were there when this process began are no arrivals of its.
        if (!first) counts.total += 1;
        if (!first || counts.lastArrivalAt === 0) counts.lastArrivalAt = flow.startedAt ?? now;
      }
      if (before !== undefined || !first) {
        counts.bytesIn += more.in;
        counts.bytesOut += more.out;
      }
    }
    const startedAt = flow.startedAt ?? before?.startedAt ?? now;
    into.set(id, {
      flow,
      startedAt,
      seenAt: now,
      movedAt: moved ? now : before.movedAt,
      row: {
        id,
        client: hostPort(flow.original.source, flow.original.sourcePort),
        bind: path.bind,
        instance: 'kernel',
        mode: 'tcp',
        backend: backendOf(server),
        server,
        phase: openStates.has(flow.state) ? 'tunnel' : 'ended',
        ageMs: Math.max(0, now - startedAt),
        idleMs: moved ? 0 : now - before.movedAt,
        bytesIn,
        bytesOut,
        rate: passedMs > 0 ? ((more.in + more.out) * 1_000) / passedMs : 0,
        requests: 1,
        kernel: true,
      },
    });
  }

  return {
    get connections() {
      return connections;
    },
    binds,
    servers,
    planned(plan) {
      for (const [bind, addresses] of serversByAddress(plan)) {
        const all = known.get(bind) ?? new Map<string, ServerKey>();
        for (const [address, server] of addresses) all.set(address, server);
        known.set(bind, all);
      }
    },
    look,
    close() {
      closed = true;
      next();
    },
  };
}

function countsOf<K>(counts: Map<K, FlowCounts>, name: K): FlowCounts {
  const found = counts.get(name);
  if (found !== undefined) return found;
  const none: FlowCounts = { total: 0, bytesIn: 0, bytesOut: 0, open: 0, lastArrivalAt: 0 };
  counts.set(name, none);
  return none;
}
