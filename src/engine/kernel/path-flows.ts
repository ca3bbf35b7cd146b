// Connections that the kernel sends on: those that are open, and their bytes, as it tracks them, listed anew every second or so,
// slower where the list is long, and never where no bind has `path: kernel`; how many there were, as our rules counted them, so
// that those count, too, that came and went between two looks.

import { hostPort } from '../../domain/address-text.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionRow } from '../../domain/connection.ts';
import type { Disposer } from '../../domain/event.ts';
import { backendOf, type Plan, type ServerKey } from '../../domain/plan.ts';
import type { Flow } from '../../nft/conntrack/conntrack.ts';
import type { Kernel } from '../../nft/kernel.ts';
import type { PathRules } from '../../nft/table/parts/path-part.ts';
import { createWatchedPaths, type WatchedPath } from './watched-paths.ts';

export interface KernelConnection {
  readonly flow: Flow;
  readonly row: ConnectionRow;
  /** Wall clock, all three; `startedAt` is when it was first seen, where the kernel notes no times. */
  readonly startedAt: number;
  readonly seenAt: number;
  readonly movedAt: number;
}

/** By name. Counters only grow; they begin with what the kernel counted for an earlier runtime. */
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
  /** Open ones, by the id of their row. */
  readonly connections: ReadonlyMap<string, KernelConnection>;
  readonly binds: ReadonlyMap<string, FlowCounts>;
  readonly servers: ReadonlyMap<ServerKey, FlowCounts>;
  /** Before a plan's rules are in force. Resolves once it is known what is there already. */
  planned(plan: Plan): Promise<void>;
  /** Does the kernel track a connection of that number still? */
  has(id: number): boolean;
  /** An operator ended them: they are no connections any more, whatever the kernel remembers. */
  end(connections: readonly KernelConnection[]): void;
  look(): Promise<void>;
  close: Disposer;
}

export interface PathFlowsOptions {
  readonly kernel: Pick<Kernel, 'conntrack' | 'table'>;
  readonly clock: Clock;
  readonly rules: () => readonly PathRules[];
  /** Something was listed. */
  readonly listed: () => void;
}

const everyMs = 1_000;
/** Listing takes at most so much of a core: one part of… */
const share = 20;
const mostFlows = 200_000;
const openStates: ReadonlySet<string> = new Set([
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
]);

export function createPathFlows({ kernel, clock, rules, listed }: PathFlowsOptions): PathFlows {
  const { conntrack, table } = kernel;
  const watched = createWatchedPaths();
  const binds = new Map<string, FlowCounts>();
  const servers = new Map<ServerKey, FlowCounts>();
  /** Packets of each counter as they were read last. */
  const counted = new Map<string, number>();
  /** Those that have ended, too, for as long as the kernel remembers them: their last bytes are counted once. */
  let tracked: ReadonlyMap<number, KernelConnection> = new Map();
  let connections: ReadonlyMap<string, KernelConnection> = new Map();
  let ended = new Set<number>();
  let planHasPaths = false;
  let begun = false;
  let closed = false;
  let looking: Promise<void> | undefined;
  let next: Disposer | undefined;

  function lookLater(tookMs = 0): void {
    if (closed || next !== undefined || !(planHasPaths || connections.size > 0)) return;
    next = clock.after(Math.max(everyMs, tookMs * share), () => {
      const began = clock.now();
      void look().then(() => {
        next = undefined;
        lookLater(clock.now() - began);
      });
    });
  }

  function look(): Promise<void> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  /** Never rejects. */
  async function lookNow(): Promise<void> {
    const inForce = rules();
    watched.inForce(inForce);
    if (begun && inForce.length === 0 && connections.size === 0) return;
    const isFirst = !begun;
    begun = true;
    const [flows, counts] = await Promise.all([
      list().catch(() => undefined),
      table.counters().catch(() => undefined),
    ]);
    if (closed) return;
    const now = clock.now();
    // What was seen before is still the best there is; the model says why there is no more.
    if (counts !== undefined) takeCounts(counts, isFirst ? 0 : now);
    if (flows !== undefined) takeFlows(flows, now);
    listed();
  }

  async function list(): Promise<readonly Flow[]> {
    if ((await conntrack.usable()).list !== true) throw new Error('not usable');
    const filter = watched.filter;
    if (filter === undefined) return [];
    return (await conntrack.list({ translated: true, ...filter, limit: mostFlows })).flows;
  }

  function takeCounts(counts: ReadonlyMap<string, { readonly packets: number }>, arrivedAt: number): void {
    for (const { bind, server, counter } of watched.counters) {
      const packets = counts.get(counter)?.packets;
      if (packets === undefined) continue;
      const before = counted.get(counter) ?? 0;
      // It may be a new one: of a server that was away.
      const more = packets < before ? packets : packets - before;
      counted.set(counter, packets);
      for (const sum of [countsOf(binds, bind), countsOf(servers, server)]) {
        sum.total += more;
        if (more > 0) sum.lastArrivalAt = arrivedAt;
      }
    }
  }

  function takeFlows(flows: readonly Flow[], now: number): void {
    const seen = new Map<number, KernelConnection>();
    for (const flow of flows) {
      const path = watched.find(flow);
      // Else another table's doing.
      if (path !== undefined) seen.set(flow.id, taken(path, flow, tracked.get(flow.id), now));
    }
    for (const counts of [...binds.values(), ...servers.values()]) counts.open = 0;
    const open = new Map<string, KernelConnection>();
    for (const connection of seen.values()) {
      const { row, flow } = connection;
      if (row.phase === 'ended' || ended.has(flow.id)) continue;
      open.set(row.id, connection);
      countsOf(binds, row.bind).open += 1;
      countsOf(servers, row.server!).open += 1;
    }
    ended = new Set([...ended].filter((id) => seen.has(id)));
    tracked = seen;
    connections = open;
  }

  function taken(
    { bind, server }: WatchedPath,
    flow: Flow,
    before: KernelConnection | undefined,
    now: number,
  ): KernelConnection {
    const isCounted = flow.original.bytes !== undefined && flow.reply.bytes !== undefined;
    const [bytesIn, bytesOut] = [flow.original.bytes ?? 0, flow.reply.bytes ?? 0];
    const moreIn = Math.max(0, bytesIn - (before?.row.bytesIn ?? 0));
    const moreOut = Math.max(0, bytesOut - (before?.row.bytesOut ?? 0));
    for (const counts of [countsOf(binds, bind), countsOf(servers, server)]) {
      counts.bytesIn += moreIn;
      counts.bytesOut += moreOut;
    }
    const startedAt = flow.startedAt ?? before?.startedAt ?? now;
    const movedAt = before === undefined || moreIn + moreOut > 0 ? now : before.movedAt;
    const passedMs = before === undefined ? 0 : now - before.seenAt;
    return {
      flow,
      startedAt,
      seenAt: now,
      movedAt,
      row: {
        id: `kernel-${flow.id}`,
        client: hostPort(flow.original.source, flow.original.sourcePort),
        bind,
        instance: 'kernel',
        mode: 'tcp',
        backend: backendOf(server),
        server,
        phase: openStates.has(flow.state) ? 'tunnel' : 'ended',
        ageMs: Math.max(0, now - startedAt),
        idleMs: now - movedAt,
        bytesIn,
        bytesOut,
        rate: passedMs > 0 ? ((moreIn + moreOut) * 1_000) / passedMs : 0,
        requests: 1,
        kernel: true,
        ...(!isCounted && { uncounted: true }),
      },
    };
  }

  return {
    get connections() {
      return connections;
    },
    binds,
    servers,
    async planned(plan) {
      planHasPaths = watched.planned(plan);
      // What an earlier runtime left is known before anybody is told the first figures.
      if (planHasPaths && !begun) await look();
      lookLater();
    },
    has: (id) => tracked.has(id),
    end(list) {
      const left = new Map(connections);
      for (const { flow, row } of list) {
        if (!left.delete(row.id)) continue;
        ended.add(flow.id);
        countsOf(binds, row.bind).open -= 1;
        countsOf(servers, row.server!).open -= 1;
      }
      connections = left;
      listed();
    },
    look,
    close() {
      closed = true;
      next?.();
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
