// An engine in memory, held to the same contract as the real ones: a test sets its servers, connections and traffic,
// the injected clock moves it, and what a runtime asked of it can be read.

import type { Clock } from '../../src/domain/clock.ts';
import type { ConnectionDetail, ConnectionRow, StreamRecord } from '../../src/domain/connection.ts';
import type {
  BackendSample,
  BindSample,
  EngineSample,
  RouteSample,
  ServerSample,
} from '../../src/domain/counters.ts';
import { createEmitter, type Disposer } from '../../src/domain/event.ts';
import { parseFilter } from '../../src/domain/filter.ts';
import type { Capabilities } from '../../src/domain/model.ts';
import type { Plan, ServerKey } from '../../src/domain/plan.ts';
import { serverKey } from '../../src/domain/plan.ts';
import { type ServerWish, takesNewClients } from '../../src/domain/server-state.ts';
import type { TerminationState } from '../../src/domain/termination.ts';
import type { Termination, TlsMaterial } from '../../src/domain/tls.ts';
import {
  type ConnectionQuery,
  type ConnectionWindow,
  type Engine,
  type EngineChange,
  EngineError,
  type TlsInForce,
} from '../../src/engine/engine.ts';
import { compareRows } from '../../src/proxy/connection-order.ts';
import { createScriptedInstances, type ScriptedInstances } from './scripted-instances.ts';
import { createScriptedTails } from './scripted-tails.ts';
import { createScriptedTls, nothingOfTls } from './scripted-tls.ts';
import {
  backendSample,
  bindEntities,
  bindSample,
  changedEntries,
  emptyScript,
  entry,
  everything,
  latencyBucket,
  type Mutable,
  type OpenConnection,
  recordOf,
  routeSample,
  rowOf,
  serverSample,
} from './scripted-traffic.ts';

const sampleMs = 200;
const windowMs = 500;
const keepEndedMs = 5_000;

export interface ScriptedEngine extends Engine {
  /** The plan that serves; undefined before `start` and after `stop`. */
  readonly plan: Plan | undefined;
  /** What the data plane was last told of each server. */
  readonly wishes: ReadonlyMap<ServerKey, ServerWish>;
  /** The TLS mode in force of each route that has TLS. */
  readonly terminations: ReadonlyMap<string, Termination>;
  /** What runs: a test has them die, wait and serve again. */
  readonly processes: Pick<ScriptedInstances, 'all' | 'change' | 'replace'>;
  /** The TLS files in force; undefined where it was given none. */
  readonly material: TlsMaterial | undefined;
  /**
   * Every call that changes something, oldest first: "start", "apply", "setServers web/app1=drain/up/100", "kill s-1",
   * "setRoutes shop=edge", "setTlsMaterial 2 files", "endInOtherModes shop retire".
   */
  readonly calls: readonly string[];
  /** Present counters and gauges: write to them, and the next sample tells. Created where there was none. */
  server(key: ServerKey): Mutable<ServerSample>;
  backend(name: string): Mutable<BackendSample>;
  bind(name: string): Mutable<BindSample>;
  route(name: string): Mutable<RouteSample>;
  /** From now on this many requests per second come to a backend, spread by weight over servers that take new clients. */
  traffic(backend: string, perSecond: number): void;
  /** `count` streams arrive at a server, and end at once with `status` after `microseconds`. */
  arrive(key: ServerKey, count: number, status?: number, microseconds?: number): void;
  /** Opens a connection; answers its id. Without a server it is an idle one. Times in the row are ignored: the clock's are used. */
  open(row: Partial<ConnectionRow>): string;
  /** Ends it by itself, with its stream's record. */
  end(id: string, termination?: TerminationState): void;
  /** A stream ends: goes to every tail whose filter matches. */
  record(record: Partial<StreamRecord>): void;
  /** Sends a sample now, besides those of the clock. */
  sample(): void;
  /** The next `start`, `apply` or `setServers` fails so, once. */
  failNext(error: EngineError): void;
  /** While held, `set…`, `kill…` and `endInOtherModes` take effect but are not confirmed. */
  hold(): void;
  release(): void;
  /** The instance is gone: what was not confirmed is `unknown`; counters start again in a new life. */
  crash(): void;
}

interface Held {
  resolve(): void;
  reject(error: EngineError): void;
}

export function createScriptedEngine(options: {
  readonly clock: Clock;
  readonly capabilities?: Partial<Capabilities>;
}): ScriptedEngine {
  const { clock } = options;
  const changes = createEmitter<EngineChange>();
  const samples = createEmitter<EngineSample>();
  const calls: string[] = [];
  const wishes = new Map<ServerKey, ServerWish>();
  const connections = new Map<string, OpenConnection>();
  const modes = createScriptedTls();
  const tails = createScriptedTails();
  const watches = new Set<() => void>();
  let script = emptyScript();
  const rates = new Map<string, { perSecond: number; owed: number; turn: number }>();
  let plan: Plan | undefined;
  let lives = 1;
  let serial = 0;
  let failure: EngineError | undefined;
  let held: Held[] | undefined;
  let stopTicking: Disposer = () => {};
  let sinceWindow = 0;
  /** What the sample before held, entry by entry: only what differs is sent. */
  let sent = new Map<string, string>();

  const server = (key: ServerKey) => entry(script.servers, key, () => serverSample(key));
  const backend = (name: string) => entry(script.backends, name, () => backendSample(name));
  const bind = (name: string) => entry(script.binds, name, () => bindSample(name));
  const route = (name: string) => entry(script.routes, name, () => routeSample(name));
  const processes = createScriptedInstances(clock, (instance) =>
    changes.emit({ kind: 'instance', instance }),
  );
  const openRows = (): ConnectionRow[] =>
    [...connections.values()].flatMap(({ row, endedAt }) => (endedAt === undefined ? [row] : []));
  const serving = (): Plan => {
    if (plan === undefined) throw new EngineError('stopped', 'the engine does not run');
    return plan;
  };

  function takeFailure(): void {
    const error = failure;
    failure = undefined;
    if (error !== undefined) throw error;
  }

  function adopt(next: Plan, list: readonly ServerWish[], tls: TlsInForce | undefined): void {
    plan = next;
    modes.adopt(next, tls);
    for (const name of script.routes.keys())
      if (!next.routes.some((each) => each.name === name)) script.routes.delete(name);
    for (const { name } of next.routes) route(name);
    const known = new Set(next.backends.flatMap((b) => b.servers.map((s) => serverKey(b.name, s.name))));
    for (const key of wishes.keys()) if (!known.has(key)) wishes.delete(key);
    for (const wish of list) wishes.set(wish.server, wish);
    for (const each of next.backends) backend(each.name);
    for (const key of known) server(key);
    for (const each of next.shards) for (const { name } of each.binds) bind(name);
    processes.adopt(next);
    for (const entity of bindEntities(next)) changes.emit({ kind: 'bind', bind: entity });
  }

  async function confirmed(): Promise<void> {
    if (held === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => held!.push({ resolve, reject }));
  }

  function tick(): void {
    for (const [name, rate] of rates) arriveByRate(name, rate);
    for (const each of connections.values()) {
      if (each.endedAt !== undefined && clock.now() - each.endedAt > keepEndedMs)
        connections.delete(each.row.id);
    }
    emitSample();
    tails.flush();
    sinceWindow += sampleMs;
    if (sinceWindow >= windowMs) {
      sinceWindow = 0;
      for (const refresh of [...watches]) refresh();
    }
    stopTicking = clock.after(sampleMs, tick);
  }

  function arriveByRate(name: string, rate: { perSecond: number; owed: number; turn: number }): void {
    const taking = [...wishes.values()].filter(
      (wish) => wish.server.startsWith(`${name}/`) && takesNewClients(wish),
    );
    const turns = taking.flatMap((wish) => Array.from({ length: wish.weight }, () => wish.server));
    rate.owed += (rate.perSecond * sampleMs) / 1_000;
    for (; rate.owed >= 1; rate.owed -= 1) {
      const key = turns[rate.turn++ % Math.max(turns.length, 1)];
      if (key !== undefined) arrive(key, 1);
    }
  }

  function arrive(key: ServerKey, count: number, status = 200, microseconds = 2_000): void {
    const name = key.slice(0, key.indexOf('/'));
    const mode = plan?.backends.find((each) => each.name === name)?.mode ?? 'http';
    for (const each of [server(key), backend(name)]) {
      each.total += count;
      if (mode === 'http') each.status[Math.floor(status / 100) - 1]! += count;
      each.latency = [...each.latency, latencyBucket(microseconds), count];
    }
    server(key).lastArrivalAt = clock.now();
    for (const bound of plan?.shards.flatMap((shard) => shard.binds) ?? []) {
      if (bound.mode !== mode) continue;
      bind(bound.name).requests += count;
      bind(bound.name).status[Math.floor(status / 100) - 1]! += count;
      break;
    }
  }

  function emitSample(): void {
    if (plan === undefined) return;
    samples.emit({
      at: clock.now(),
      life: `life-${lives}`,
      binds: changedEntries(sent, 'bind', script.binds),
      backends: changedEntries(sent, 'backend', script.backends),
      servers: changedEntries(sent, 'server', script.servers),
      routes: changedEntries(sent, 'route', script.routes),
      process: { cpuUs: 0, rssBytes: 50_000_000, loopDelayMs: 1, logDropped: 0 },
      instances: processes.samples(openRows(), `life-${lives}`),
    });
    for (const each of [...script.servers.values(), ...script.backends.values()]) each.latency = [];
  }

  const view = ({ row, acceptedAt, lastByteAt, endedAt }: OpenConnection): ConnectionRow => ({
    ...row,
    ageMs: (endedAt ?? clock.now()) - acceptedAt,
    idleMs: (endedAt ?? clock.now()) - lastByteAt,
  });

  function windowOf(query: ConnectionQuery): ConnectionWindow {
    const filter = parseFilter(query.filter);
    const all = [...connections.values()];
    const rows = all
      .filter((each) => query.ended || each.endedAt === undefined)
      .map(view)
      .filter((row) => !filter.ok || filter.matches(row));
    rows.sort(compareRows(query.order));
    return {
      query,
      at: clock.now(),
      total: all.filter((each) => each.endedAt === undefined).length,
      matched: rows.length,
      rows: rows.slice(query.offset, query.offset + query.limit),
    };
  }

  function end(id: string, termination: TerminationState): boolean {
    const open = connections.get(id);
    if (open === undefined || open.endedAt !== undefined) return false;
    const { row } = open;
    const carriedStream = row.phase !== 'idle' && row.phase !== 'head';
    open.endedAt = clock.now();
    count(row, -1);
    row.phase = 'ended';
    row.termination = termination;
    row.rate = 0;
    if (carriedStream)
      record({ ...recordOf(row, clock.now()), termination, at: open.acceptedAt } as StreamRecord);
    return true;
  }

  /** Keeps the gauges true while connections come and go. */
  function count(row: ConnectionRow, by: 1 | -1): void {
    const bound = bind(row.bind);
    bound.connections += by;
    if (row.tls !== undefined) {
      bound.tlsConnections += by;
      if (row.route !== undefined) route(row.route).open[row.tls] += by;
    }
    if (row.phase === 'idle') bound.idle += by;
    if (row.server === undefined) return;
    if (row.phase === 'idle') server(row.server).sticky += by;
    else {
      server(row.server).streams += by;
      backend(row.server.slice(0, row.server.indexOf('/'))).streams += by;
      if (row.phase === 'tunnel') server(row.server).tunnels += by;
    }
  }

  function record(partial: Partial<StreamRecord>): void {
    tails.record({ ...recordOf(undefined, clock.now()), ...partial });
  }

  const engine: ScriptedEngine = {
    kind: 'scripted',
    capabilities: { ...everything, ...options.capabilities },
    changes: changes.event,
    samples: samples.event,
    calls,
    wishes,
    processes,
    server,
    backend,
    bind,
    route,
    arrive,
    record,
    sample: emitSample,
    get plan() {
      return plan;
    },
    get terminations() {
      return modes.terminations;
    },
    get material() {
      return modes.material;
    },
    async start(next, list, tls) {
      calls.push('start');
      takeFailure();
      // Whoever starts anew knows nothing yet: the next sample has every entry.
      sent = new Map();
      stopTicking();
      adopt(next, list, tls ?? nothingOfTls);
      stopTicking = clock.after(sampleMs, tick);
    },
    async apply(next, list, tls) {
      calls.push('apply');
      serving();
      takeFailure();
      adopt(next, list, tls);
    },
    async renew(shard) {
      calls.push(`renew ${shard}`);
      const present = serving();
      takeFailure();
      processes.renew(present, shard);
    },
    async clients() {
      serving();
      return processes.clients(openRows());
    },
    async setServers(list) {
      serving();
      for (const { server: key, admin, operational, weight } of list)
        calls.push(`setServers ${key}=${admin}/${operational}/${weight}`);
      takeFailure();
      for (const wish of list) if (script.servers.has(wish.server)) wishes.set(wish.server, wish);
      return confirmed();
    },
    async setRoutes(list) {
      const present = serving();
      for (const wish of list) calls.push(`setRoutes ${wish.route}=${wish.termination}`);
      takeFailure();
      modes.wish(present, list);
      return confirmed();
    },
    async setTlsMaterial(next) {
      serving();
      calls.push(`setTlsMaterial ${next.files.length} files`);
      takeFailure();
      modes.use(next);
      return confirmed();
    },
    async endInOtherModes(name, how) {
      calls.push(`endInOtherModes ${name} ${how}`);
      serving();
      const present = modes.terminations.get(name);
      const others = [...connections.values()].filter(
        ({ row, endedAt }) =>
          endedAt === undefined && row.route === name && row.tls !== undefined && row.tls !== present,
      );
      for (const { row } of others) {
        if (how === 'kill') end(row.id, row.mode === 'tcp' ? 'KD' : 'KD--');
        else if (row.tls !== 'passthrough') end(row.id, '----');
      }
      await confirmed();
      return others.length;
    },
    async kill(id) {
      calls.push(`kill ${id}`);
      serving();
      const done = end(id, connections.get(id)?.row.mode === 'tcp' ? 'KD' : 'KD--');
      await confirmed();
      return done;
    },
    async killOnServer(key, limit) {
      calls.push(`killOnServer ${key} ${limit}`);
      serving();
      const here = [...connections.values()].filter((each) => each.row.server === key);
      const isIdle = (each: OpenConnection) => Number(each.row.phase === 'idle');
      let killed = 0;
      for (const { row } of here.sort((a, b) => isIdle(a) - isIdle(b)))
        if (killed < limit && end(row.id, row.mode === 'tcp' ? 'KD' : 'KD--')) killed += 1;
      // Streams that a test only set as a gauge can be killed as well.
      const sample = server(key);
      for (const gauge of ['streams', 'sticky'] as const) {
        const more = Math.min(limit - killed, sample[gauge]);
        sample[gauge] -= more;
        if (gauge === 'streams') sample.tunnels = Math.min(sample.tunnels, sample.streams);
        killed += more;
      }
      await confirmed();
      return killed;
    },
    retirePool: async () => 0,
    snapshot: () => ({
      instances: processes.all,
      binds: plan === undefined ? [] : bindEntities(plan),
      privatePorts: [],
      steering: [],
    }),
    watchConnections(query, listener) {
      let asked = query;
      let closed = false;
      const refresh = () => {
        if (!closed && plan !== undefined) listener(windowOf(asked));
      };
      watches.add(refresh);
      clock.after(0, refresh);
      return {
        update(next) {
          asked = next;
          clock.after(0, refresh);
        },
        close() {
          closed = true;
          watches.delete(refresh);
        },
      };
    },
    async connection(id): Promise<ConnectionDetail | undefined> {
      const open = connections.get(id);
      if (open === undefined) return undefined;
      const row = view(open);
      return {
        ...row,
        acceptedAt: open.acceptedAt,
        steps: [{ what: 'accept', atMs: 0, text: `${row.client} on ${row.bind}` }],
        timers: recordOf(row, clock.now()).timers,
      };
    },
    tail: (filter, listener) => tails.open(filter, listener),
    reopenLogs() {
      calls.push('reopenLogs');
    },
    async stop() {
      calls.push('stop');
      stopTicking();
      for (const id of connections.keys()) end(id, 'KD');
      processes.stop();
      plan = undefined;
    },
    traffic(name, perSecond) {
      rates.set(name, { perSecond, owed: 0, turn: 0 });
    },
    open(partial) {
      const id = partial.id ?? `s-${(++serial).toString(36)}`;
      const bound = partial.bind ?? plan?.shards[0]?.binds[0]?.name ?? 'web';
      const client = partial.client ?? `10.0.0.1:${40_000 + serial}`;
      const row = rowOf({
        ...(plan && { instance: processes.carrier(plan, bound, client) }),
        ...partial,
        bind: bound,
        id,
        phase: partial.phase ?? (partial.server === undefined ? 'idle' : 'data'),
        client,
      });
      connections.set(id, { row, acceptedAt: clock.now(), lastByteAt: clock.now() });
      count(row, 1);
      bind(row.bind).total += 1;
      if (row.server !== undefined && row.phase !== 'idle') {
        server(row.server).total += 1;
        server(row.server).lastArrivalAt = clock.now();
      }
      return id;
    },
    end(id, termination = '----') {
      end(id, termination);
    },
    failNext(error) {
      failure = error;
    },
    hold() {
      held ??= [];
    },
    release() {
      const waiting = held ?? [];
      held = undefined;
      for (const each of waiting) each.resolve();
    },
    crash() {
      const waiting = held ?? [];
      held = undefined;
      for (const { id, state } of processes.all)
        if (state === 'serving') processes.change(id, { state: 'gone', text: 'killed by SIGKILL' });
      lives += 1;
      connections.clear();
      script = emptyScript();
      sent = new Map();
      if (plan !== undefined) adopt(plan, [], undefined);
      for (const each of waiting)
        each.reject(new EngineError('unknown', 'instance default/1 went away before it confirmed'));
    },
  };
  return engine;
}
