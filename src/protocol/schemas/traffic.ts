// Samples, history, connection tables and ended streams as they travel.

import * as z from 'zod';
import type { ConnectionDetail, ConnectionRow, StreamRecord } from '../../domain/connection.ts';
import type { HistoryPoint, Sample } from '../../domain/sample.ts';
import type { TerminationState } from '../../domain/termination.ts';
import type { ClientTlsFacts, ServerTlsFacts } from '../../domain/tls.ts';
import { kernelHop, kernelSample } from './kernel.ts';
import { amount, count, mode, name, rate, serverKey, termination } from './words.ts';

export const topics = z
  .array(z.enum(['totals', 'binds', 'backends', 'servers', 'routes', 'instances', 'kernel']))
  .max(7);

const latency = z.object({ p50: amount, p90: amount, p99: amount, max: amount }).nullable();
const status = z.tuple([amount, amount, amount, amount, amount]).nullable();

const totals = z.object({
  connections: amount,
  idle: amount,
  maxConnections: amount,
  queued: amount,
  newConnections: rate,
  requests: rate,
  status,
  bytesIn: rate,
  bytesOut: rate,
  retries: rate,
  requestErrors: rate,
  tlsConnections: amount,
  handshakes: rate,
  resumed: rate,
  handshakeFailures: rate,
  latency,
  process: z.object({ cpu: amount, rssBytes: amount, loopDelayMs: amount }).nullable(),
});

export const openByMode = z.object({ passthrough: amount, edge: amount, reencrypt: amount });
const flow = { requests: rate, bytesIn: rate, bytesOut: rate };

export const sample = z.object({
  at: amount,
  windowMs: amount,
  totals: totals.exactOptional(),
  binds: z.array(z.object({ name, connections: amount, newConnections: rate, ...flow })).exactOptional(),
  backends: z
    .array(z.object({ name, streams: amount, queued: amount, errors: rate, status, latency, ...flow }))
    .exactOptional(),
  servers: z
    .array(
      z.object({
        key: serverKey,
        streams: amount,
        tunnels: amount,
        idle: amount,
        sticky: amount,
        queued: amount,
        errors: rate,
        latency,
        ...flow,
      }),
    )
    .exactOptional(),
  routes: z
    .array(
      z.object({
        name,
        open: openByMode,
        errors: rate,
        handshakes: rate,
        handshakeFailures: rate,
        ...flow,
      }),
    )
    .exactOptional(),
  instances: z
    .array(
      z.object({
        id: name,
        shard: name,
        connections: amount,
        clients: amount,
        newConnections: rate,
        requests: rate,
        cpu: rate,
        rssBytes: amount,
        loopDelayMs: amount,
      }),
    )
    .exactOptional(),
  kernel: kernelSample.exactOptional(),
}) satisfies z.ZodType<Sample>;

export const historyPoint = z.object({
  at: amount,
  totals,
  backends: z.record(z.string(), rate),
}) satisfies z.ZodType<HistoryPoint>;

/** Not bounded by length: the runtime cut it where it came from; whoever shows it passes it through `safe()`. */
const raw = z.string();
const terminationState = z.string().regex(/^.{2}(.{2})?$/) as unknown as z.ZodType<TerminationState>;

const row = z.object({
  id: name,
  client: raw,
  bind: raw,
  instance: raw,
  mode,
  route: raw.exactOptional(),
  backend: raw.exactOptional(),
  server: serverKey.exactOptional(),
  tls: termination.exactOptional(),
  sni: raw.exactOptional(),
  phase: z.enum(['handshake', 'head', 'queue', 'connect', 'wait', 'data', 'tunnel', 'idle', 'ended']),
  ageMs: z.number(),
  idleMs: z.number(),
  bytesIn: amount,
  bytesOut: amount,
  rate: z.number(),
  requests: count,
  method: raw.exactOptional(),
  host: raw.exactOptional(),
  path: raw.exactOptional(),
  status: count.exactOptional(),
  termination: terminationState.exactOptional(),
  kernel: z.literal(true).exactOptional(),
  uncounted: z.literal(true).exactOptional(),
}) satisfies z.ZodType<ConnectionRow>;

const clientTls = z.object({
  termination: termination.exactOptional(),
  sni: raw.exactOptional(),
  alpnOffered: z.array(raw),
  versionsOffered: z.array(raw),
  version: raw.exactOptional(),
  cipher: raw.exactOptional(),
  alpn: raw.exactOptional(),
  resumed: z.boolean().exactOptional(),
  clientSubject: raw.exactOptional(),
}) satisfies z.ZodType<ClientTlsFacts>;

const serverTls = z.object({
  version: raw,
  cipher: raw,
  resumed: z.boolean(),
  serverName: raw.exactOptional(),
  verified: z.boolean(),
  handshakeMs: z.number(),
}) satisfies z.ZodType<ServerTlsFacts>;

const timers = z.object({ TR: z.number(), Tw: z.number(), Tc: z.number(), Tr: z.number(), Ta: z.number() });

export const connectionDetail = row.extend({
  acceptedAt: amount,
  serverAddress: raw.exactOptional(),
  localAddress: raw.exactOptional(),
  hop: kernelHop.exactOptional(),
  clientTls: clientTls.exactOptional(),
  serverTls: serverTls.exactOptional(),
  steps: z.array(
    z.object({
      what: z.enum([
        'accept',
        'client-hello',
        'handshake',
        'handshake-failed',
        'request',
        'queue',
        'connect',
        'pooled',
        'server-handshake',
        'server-handshake-failed',
        'retry',
        'server-hello',
        'response',
        'upgrade',
        'fin',
        'reset',
        'end',
      ]),
      by: z.enum(['client', 'sluice', 'server']).exactOptional(),
      atMs: z.number(),
      text: raw,
    }),
  ),
  timers,
}) satisfies z.ZodType<ConnectionDetail>;

export const filterText = z.string().max(1_000);

export const connectionQuery = z.strictObject({
  filter: filterText,
  order: z.strictObject({
    by: z.enum(['age', 'idle', 'bytesIn', 'bytesOut', 'rate', 'requests', 'client', 'server', 'phase']),
    descending: z.boolean(),
  }),
  offset: count,
  limit: z.int().min(0).max(500),
  ended: z.boolean(),
});

export const connectionTable = z.object({
  query: z.object(connectionQuery.shape),
  at: amount,
  total: count,
  matched: count,
  rows: z.array(row),
});

export const streamRecord = z.object({
  connection: name,
  mode,
  at: amount,
  client: raw,
  bind: raw,
  instance: raw,
  route: raw.exactOptional(),
  backend: raw.exactOptional(),
  server: serverKey.exactOptional(),
  timers,
  status: count.exactOptional(),
  bytesIn: amount,
  bytesOut: amount,
  termination: terminationState,
  cause: raw.exactOptional(),
  tls: termination.exactOptional(),
  sni: raw.exactOptional(),
  handshake: z.object({ version: raw, cipher: raw, resumed: z.boolean() }).exactOptional(),
  connections: z.tuple([count, count, count, count]),
  retries: count,
  redispatched: z.boolean(),
  queue: z.tuple([count, count]),
  method: raw.exactOptional(),
  host: raw.exactOptional(),
  path: raw.exactOptional(),
  version: raw.exactOptional(),
}) satisfies z.ZodType<StreamRecord>;
