// Models and traffic that tests show: a well one, a broken one, one with far too much of everything.

import type { DrainJob } from '../../src/domain/drain.ts';
import type { JournalEntry } from '../../src/domain/journal.ts';
import { emptyModel, type MutableModel, type ServerEntity } from '../../src/domain/model.ts';
import { type ServerKey, serverKey } from '../../src/domain/plan.ts';
import type {
  BackendRates,
  HistoryPoint,
  Sample,
  ServerRates,
  TotalsSample,
} from '../../src/domain/sample.ts';

/** 16:04:00 UTC. */
export const noon = Date.UTC(2026, 2, 3, 16, 4, 0);
const minute = 60_000;
const hour = 60 * minute;

const capabilities = {
  drain: true,
  maint: true,
  weight: true,
  kill: true,
  'kill-server': true,
  connections: true,
  tail: true,
  reload: true,
  latency: true,
  tls: true,
  shards: true,
} as const;

export function bareWorld(): MutableModel {
  const model = emptyModel();
  model.runtime.set('runtime', {
    name: 'edge-1',
    engine: 'embedded',
    version: '0.1.0',
    pid: 4711,
    startedAt: noon - 26 * hour,
    plan: { hash: '7f3a11c09d2e', at: noon - 26 * hour, file: '/etc/sluice/sluice.yaml' },
    demo: false,
    capabilities,
  });
  model.instance.set('default/1', {
    id: 'default/1',
    name: 'default/1',
    shard: 'default',
    pid: 4712,
    state: 'serving',
    planHash: '7f3a11c09d2e',
    startedAt: noon - 26 * hour,
    version: '0.1.0',
    crashes: 0,
  });
  model.bind.set(':80', {
    name: ':80',
    shard: 'default',
    address: '[::]:80',
    mode: 'http',
    backend: 'web',
    maxConnections: 20_000,
    state: 'open',
  });
  return model;
}

export function addBackend(
  model: MutableModel,
  name: string,
  servers: readonly string[],
  more: Partial<MutableModel['backend'] extends Map<string, infer B> ? B : never> = {},
): void {
  model.backend.set(name, {
    name,
    mode: 'http',
    algorithm: 'leastconn',
    check: 'HTTP GET /healthz every 2 s, rise 2, fall 3',
    servers: servers.map((server) => serverKey(name, server)),
    ...more,
  });
  for (const [index, server] of servers.entries()) {
    const key = serverKey(name, server);
    model.server.set(key, {
      key,
      backend: name,
      name: server,
      address: `10.1.0.${5 + index}:8080`,
      weight: 100,
      configuredAdmin: 'ready',
      configuredWeight: 100,
      backup: false,
      maxConnections: 200,
      admin: 'ready',
      adminSince: noon - 26 * hour,
      operational: 'up',
      operationalSince: noon - 3 * hour,
      check: { code: 'L7OK', ok: true, status: 200, reason: '200 OK', durationMs: 2 + index, at: noon - 900 },
    });
  }
}

export function changeServer(model: MutableModel, key: ServerKey, change: Partial<ServerEntity>): void {
  model.server.set(key, { ...model.server.get(key)!, ...change });
}

export function entry(
  id: number,
  at: number,
  subject: string,
  text: string,
  more: Partial<JournalEntry> = {},
): JournalEntry {
  return {
    id,
    at,
    kind: 'event',
    actor: { name: 'runtime', from: 'check' },
    subject,
    text,
    severity: 'note',
    ...more,
  };
}

export function addEntry(model: MutableModel, ...args: Parameters<typeof entry>): void {
  model.journal.set(String(args[0]), entry(...args));
}

export function wellWorld(): MutableModel {
  const model = bareWorld();
  addBackend(model, 'web', ['app1', 'app2', 'app3'], { cookie: 'SRV' });
  addBackend(model, 'api', ['api1', 'api2', 'api3', 'api4'], { algorithm: 'roundrobin' });
  addBackend(model, 'db', ['pg1', 'pg2'], {
    mode: 'tcp',
    algorithm: 'source',
    check: 'TCP every 2 s, rise 2, fall 3',
  });
  for (const key of ['db/pg1', 'db/pg2'] as const)
    changeServer(model, key, {
      operationalSince: noon - 9 * 24 * hour,
      check: { code: 'L4OK', ok: true, reason: 'connected', durationMs: 1, at: noon - 400 },
    });
  addEntry(model, 1, noon - 26 * hour, 'configuration', 'started with plan 7f3a', { severity: 'good' });
  return model;
}

export const drainOfPg1: DrainJob = {
  server: 'db/pg1',
  phase: 'draining',
  before: { admin: 'ready', weight: 100, overridden: false },
  startedAt: noon - 58_000,
  deadlineAt: noon + 242_000,
  then: 'wait',
  killRate: 10,
  by: 'anna',
  progress: {
    streamsAtStart: 41,
    streams: 3,
    tunnels: 3,
    sticky: 0,
    queued: 0,
    arrivals: 0,
    killed: 0,
    estimateMs: 20_000,
  },
};

/** A server down, one failing, one draining, one overridden weight. */
export function brokenWorld(): MutableModel {
  const model = wellWorld();
  changeServer(model, 'web/app3', {
    operational: 'down',
    operationalSince: noon - 42_000,
    previousOperational: { state: 'up', lastedMs: 3 * hour },
    check: {
      code: 'L7STS',
      ok: false,
      status: 503,
      reason: 'HTTP status 503 where 200–399 was expected: "database pool exhausted"',
      durationMs: 3,
      at: noon - 1_200,
    },
    checkProgress: { done: 1, of: 2, towards: 'up' },
  });
  changeServer(model, 'api/api2', {
    weight: 50,
    check: { code: 'L7TOUT', ok: false, reason: 'no answer within 1 s', durationMs: 1_000, at: noon - 700 },
    checkProgress: { done: 1, of: 3, towards: 'down' },
  });
  changeServer(model, 'db/pg1', { admin: 'drain', adminSince: noon - 58_000, adminBy: 'anna' });
  model.drain.set('db/pg1', drainOfPg1);
  for (const [server, field, configured, running] of [
    ['api/api2', 'weight', '100', '50'],
    ['db/pg1', 'admin', 'ready', 'drain'],
  ] as const)
    model.drift.set(`${server} ${field}`, {
      key: `${server} ${field}`,
      server,
      field,
      configured,
      running,
      by: 'anna',
      at: noon - 58_000,
    });
  addEntry(model, 2, noon - 9 * minute, 'api/api2', 'weight 100 → 50', {
    kind: 'act',
    actor: { name: 'anna', from: '10.2.0.7' },
    command: { kind: 'weight', server: 'api/api2', weight: 50 },
    before: 'weight 100',
    after: 'weight 50',
    result: 'done',
    inverse: { kind: 'weight', server: 'api/api2', weight: 100 },
  });
  addEntry(model, 3, noon - 58_000, 'db/pg1', 'drain, deadline 5 min then wait on', {
    kind: 'act',
    actor: { name: 'anna', from: '10.2.0.7' },
    command: { kind: 'drain', server: 'db/pg1', deadlineMs: 300_000, then: 'wait', killRate: 10 },
    before: 'ready, weight 100',
    after: 'drain, weight 100',
    result: 'done',
    inverse: { kind: 'rollback', server: 'db/pg1' },
  });
  addEntry(model, 4, noon - 42_000, 'web/app3', 'down (was up 3 h): L7STS 503 in 3 ms', { severity: 'bad' });
  return model;
}

/** Twenty backends of thirty servers, with hostile names among them. */
export function crowdedWorld(): MutableModel {
  const model = bareWorld();
  for (let backend = 1; backend <= 20; backend += 1) {
    const name =
      backend === 3
        ? 'a-very-long-backend-name-that-nobody-should-have-chosen-but-somebody-did'
        : `pool${backend}`;
    addBackend(
      model,
      name,
      Array.from({ length: 30 }, (_, index) => `app${index + 1}`),
    );
    if (backend % 4 === 0)
      for (let index = 1; index <= backend; index += 3)
        changeServer(model, serverKey(name, `app${index}`), {
          operational: 'down',
          operationalSince: noon - index * minute,
        });
  }
  return model;
}

const latency = { p50: 4_100, p90: 18_200, p99: 61_000, max: 204_000 };

export function totals(change: Partial<TotalsSample> = {}): TotalsSample {
  return {
    connections: 3_120,
    idle: 1_911,
    maxConnections: 20_000,
    queued: 0,
    newConnections: 212,
    requests: 1_842,
    status: [0, 1_750, 48, 38.7, 5.5],
    bytesIn: 12_700_000,
    bytesOut: 92_700_000,
    retries: 0.1,
    requestErrors: 0,
    tlsConnections: 2_995,
    handshakes: 31,
    resumed: 22,
    handshakeFailures: 0,
    latency,
    process: { cpu: 0.31, rssBytes: 86_000_000, loopDelayMs: 1.2 },
    ...change,
  };
}

export function backendRates(name: string, change: Partial<BackendRates> = {}): BackendRates {
  return {
    name,
    streams: 212,
    queued: 0,
    requests: 611,
    errors: 0,
    status: [0, 600, 6, 5, 0],
    bytesIn: 100_000,
    bytesOut: 4_000_000,
    latency,
    ...change,
  };
}

export function serverRates(key: ServerKey, change: Partial<ServerRates> = {}): ServerRates {
  return {
    key,
    streams: 101,
    tunnels: 2,
    idle: 12,
    sticky: 40,
    queued: 0,
    requests: 301,
    errors: 0,
    bytesIn: 50_000,
    bytesOut: 2_000_000,
    latency,
    ...change,
  };
}

export function sampleOf(model: MutableModel, at = noon): Sample {
  return {
    at,
    windowMs: 1_000,
    totals: totals(),
    binds: [...model.bind.values()].map(({ name }) => ({
      name,
      connections: 3_120,
      newConnections: 212,
      requests: 1_842,
      bytesIn: 12_700_000,
      bytesOut: 92_700_000,
    })),
    backends: [...model.backend.values()].map(({ name, mode }) =>
      backendRates(
        name,
        name === 'web'
          ? { queued: 4, requests: 1_204, status: [0, 1_180, 10, 3, 11] }
          : mode === 'tcp'
            ? {
                requests: 27,
                streams: 41,
                status: null,
                latency: { p50: 900, p90: 1_800, p99: 2_000, max: 4_000 },
              }
            : {},
      ),
    ),
    servers: [...model.server.values()].map(({ key, operational, admin }) =>
      serverRates(
        key,
        operational === 'down'
          ? { streams: 0, requests: 0, tunnels: 0, sticky: 0, latency: null }
          : admin === 'drain'
            ? { streams: 3, tunnels: 3, requests: 0, sticky: 0 }
            : {},
      ),
    ),
  };
}

/** Two minutes of a past that goes up and down. */
export function pastOf(model: MutableModel, seconds = 120, until = noon): HistoryPoint[] {
  return Array.from({ length: seconds }, (_, index) => {
    const swing = 1 + 0.3 * Math.sin(index / 7) + (index % 11 === 0 ? 0.15 : 0);
    return {
      at: until - (seconds - 1 - index) * 1_000,
      totals: totals({
        requests: 1_500 * swing,
        connections: Math.round(3_000 + 120 * swing),
        latency: { ...latency, p50: index % 23 === 0 ? 9_000 : 4_100, p99: 61_000 * swing },
        bytesIn: 12_000_000 * swing,
      }),
      backends: Object.fromEntries([...model.backend.keys()].map((name, n) => [name, 100 * (n + 1) * swing])),
    };
  });
}
