// The model's entities, changes and snapshots as they travel.

import * as z from 'zod';
import type { DrainJob } from '../../domain/drain.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Change, EntityTypes } from '../../domain/model.ts';
import type { TlsSwitch } from '../../domain/tls-switch.ts';
import { command } from './commands.ts';
import { bindPath, block, kernel, service } from './kernel.ts';
import { labels } from './shape.ts';
import { routeStatus } from './shards.ts';
import {
  adminState,
  amount,
  bindMode,
  count,
  line,
  mode,
  name,
  operationalState,
  serverKey,
  termination,
} from './words.ts';

const capability = z.union([z.literal(true), z.object({ no: line })]);

const runtime = z.object({
  name,
  engine: z.enum(['embedded', 'haproxy', 'scripted']),
  version: line,
  pid: count,
  startedAt: amount,
  plan: z.object({ hash: line, at: amount, file: line.exactOptional() }),
  demo: z.boolean(),
  capabilities: z.object({
    drain: capability,
    maint: capability,
    weight: capability,
    kill: capability,
    'kill-server': capability,
    connections: capability,
    tail: capability,
    reload: capability,
    latency: capability,
    tls: capability,
    shards: capability,
  }),
}) satisfies z.ZodType<EntityTypes['runtime']>;

const instance = z.object({
  id: name,
  name,
  shard: line,
  pid: count,
  state: z.enum(['starting', 'serving', 'leaving', 'gone']),
  planHash: line,
  startedAt: amount,
  version: line,
  crashes: count,
  retryAt: amount.exactOptional(),
  leaveBy: amount.exactOptional(),
  text: line.exactOptional(),
}) satisfies z.ZodType<EntityTypes['instance']>;

const shard = z.object({
  name,
  domain: line.exactOptional(),
  instances: count,
  configuredInstances: count,
  routeSelector: line,
  configuredRouteSelector: line,
  namespaceSelector: line,
  isDefault: z.boolean(),
  binds: z.array(name),
  routes: z.array(name),
  refused: z.array(name),
  steering: z.object({
    by: z.enum(['direct', 'handoff', 'nft']),
    why: line.exactOptional(),
    tableSize: count,
    ipv6Prefix: z.union([z.literal(64), z.literal(128)]),
  }),
}) satisfies z.ZodType<EntityTypes['shard']>;

const bind = z.object({
  name,
  shard: line,
  address: line,
  mode: bindMode,
  backend: name.exactOptional(),
  maxConnections: count,
  state: z.enum(['open', 'failed']),
  text: line.exactOptional(),
  path: bindPath.exactOptional(),
}) satisfies z.ZodType<EntityTypes['bind']>;

const backend = z.object({
  name,
  mode,
  algorithm: z.enum(['roundrobin', 'leastconn', 'random', 'source']),
  cookie: name.exactOptional(),
  check: line.exactOptional(),
  servers: z.array(serverKey),
}) satisfies z.ZodType<EntityTypes['backend']>;

const checkResult = z.object({
  code: z.enum(['L4OK', 'L4TOUT', 'L4CON', 'L7OK', 'L7TOUT', 'L7RSP', 'L7STS', 'L6OK', 'L6RSP', 'L6TOUT']),
  ok: z.boolean(),
  status: count.exactOptional(),
  reason: line,
  durationMs: amount,
  at: amount,
});

const server = z.object({
  key: serverKey,
  backend: name,
  name,
  address: line,
  service: service.exactOptional(),
  weight: count,
  configuredWeight: count,
  backup: z.boolean(),
  maxConnections: count,
  admin: adminState,
  configuredAdmin: adminState,
  adminSince: amount,
  adminBy: line.exactOptional(),
  operational: operationalState,
  operationalSince: amount,
  previousOperational: z.object({ state: operationalState, lastedMs: amount }).exactOptional(),
  check: checkResult.exactOptional(),
  checkProgress: z.object({ done: count, of: count, towards: z.enum(['up', 'down']) }).exactOptional(),
}) satisfies z.ZodType<EntityTypes['server']>;

const route = z.object({
  name,
  host: line.exactOptional(),
  path: line,
  tls: z
    .object({
      termination,
      configuredTermination: termination,
      insecureEdgeTerminationPolicy: z.enum(['None', 'Allow', 'Redirect']),
      hsts: line.exactOptional(),
      verify: z.enum(['required', 'none']),
      certificate: name.exactOptional(),
    })
    .exactOptional(),
  to: z.array(z.object({ backend: name, weight: count })),
  namespace: line,
  labels,
  configuredLabels: labels,
  shards: z.array(routeStatus),
  warnings: z.array(z.object({ about: z.enum(['route', 'certificate']), text: line })),
}) satisfies z.ZodType<EntityTypes['route']>;

const certificate = z.object({
  key: name,
  names: z.array(line),
  subject: line,
  issuer: line,
  selfSigned: z.boolean(),
  // Certificates may name years before 1970.
  notBefore: z.number(),
  notAfter: z.number(),
  keyType: line,
  fingerprint: line,
  chain: count,
  isDefault: z.boolean(),
  routes: z.array(name),
  servedSince: amount,
  disk: z.discriminatedUnion('state', [
    z.object({ state: z.literal('same') }),
    z.object({ state: z.enum(['refused', 'missing']), text: line }),
  ]),
  ocsp: z
    .object({
      state: z.enum(['good', 'revoked', 'unknown', 'refused']),
      nextUpdate: z.number().exactOptional(),
      text: line.exactOptional(),
    })
    .exactOptional(),
}) satisfies z.ZodType<EntityTypes['certificate']>;

export const drain = z.object({
  server: serverKey,
  phase: z.enum(['draining', 'drained', 'overdue', 'killing']),
  before: z.object({ admin: adminState, weight: count, overridden: z.boolean() }),
  startedAt: amount,
  deadlineAt: amount,
  then: z.enum(['wait', 'kill', 'maint', 'ready']),
  killRate: amount,
  by: line,
  drainedAt: amount.exactOptional(),
  progress: z.object({
    streamsAtStart: count,
    streams: count,
    tunnels: count,
    sticky: count,
    queued: count,
    arrivals: count,
    killed: count,
    estimateMs: amount.exactOptional(),
  }),
}) satisfies z.ZodType<DrainJob>;

const fares = z
  .object({
    attempts: count,
    failures: count,
    handshakeFailures: count,
    clientErrors: count,
    overMs: amount,
  })
  .nullable();

export const tlsSwitch = z.object({
  route: name,
  from: termination,
  to: termination,
  phase: z.enum(['watching', 'settled', 'reverted']),
  by: line,
  startedAt: amount,
  watchUntil: amount,
  endedAt: amount.exactOptional(),
  threshold: amount,
  before: fares,
  after: fares,
  left: count,
  closeAt: amount,
  text: line.exactOptional(),
}) satisfies z.ZodType<TlsSwitch>;

const driftLine = { key: name, configured: line, running: line, by: line, at: amount };

const drift = z.discriminatedUnion('field', [
  z.object({ ...driftLine, server: serverKey, field: z.enum(['admin', 'weight']) }),
  z.object({ ...driftLine, route: name, field: z.enum(['termination', 'labels']) }),
  z.object({ ...driftLine, shard: name, field: z.enum(['instances', 'routeSelector']) }),
  z.object({ ...driftLine, server: serverKey, endpoint: name, field: z.literal('endpoint') }),
]) satisfies z.ZodType<EntityTypes['drift']>;

export const journalEntry = z.object({
  id: count,
  at: amount,
  kind: z.enum(['act', 'event']),
  actor: z.object({ name: line, from: line }),
  subject: line,
  text: line,
  severity: z.enum(['good', 'note', 'warning', 'bad']),
  command: command.exactOptional(),
  before: line.exactOptional(),
  after: line.exactOptional(),
  result: z.enum(['done', 'refused', 'unknown']).exactOptional(),
  inverse: command.exactOptional(),
  undoneBy: count.exactOptional(),
}) satisfies z.ZodType<JournalEntry>;

const entities = {
  runtime,
  shard,
  instance,
  bind,
  backend,
  server,
  route,
  certificate,
  drain,
  switch: tlsSwitch,
  drift,
  kernel,
  block,
  journal: journalEntry,
};

function changeOf<T extends keyof typeof entities, S extends z.ZodType>(type: T, value: S) {
  return z.object({ seq: count, type: z.literal(type), key: line, value: value.nullable() });
}

export const change = z.discriminatedUnion('type', [
  changeOf('runtime', runtime),
  changeOf('shard', shard),
  changeOf('instance', instance),
  changeOf('bind', bind),
  changeOf('backend', backend),
  changeOf('server', server),
  changeOf('route', route),
  changeOf('certificate', certificate),
  changeOf('drain', drain),
  changeOf('switch', tlsSwitch),
  changeOf('drift', drift),
  changeOf('kernel', kernel),
  changeOf('block', block),
  changeOf('journal', journalEntry),
]) satisfies z.ZodType<Change>;

/** Each type's entities in the model's order, with their keys. */
export const snapshot = z.object({
  runtime: z.array(z.tuple([line, runtime])),
  shard: z.array(z.tuple([line, shard])),
  instance: z.array(z.tuple([line, instance])),
  bind: z.array(z.tuple([line, bind])),
  backend: z.array(z.tuple([line, backend])),
  server: z.array(z.tuple([line, server])),
  route: z.array(z.tuple([line, route])),
  certificate: z.array(z.tuple([line, certificate])),
  drain: z.array(z.tuple([line, drain])),
  switch: z.array(z.tuple([line, tlsSwitch])),
  drift: z.array(z.tuple([line, drift])),
  kernel: z.array(z.tuple([line, kernel])),
  block: z.array(z.tuple([line, block])),
  journal: z.array(z.tuple([line, journalEntry])),
});
export type Snapshot = z.infer<typeof snapshot>;
