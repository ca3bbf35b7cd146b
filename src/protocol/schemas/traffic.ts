// Samples, history, connection tables and ended streams as they travel.

import * as z from 'zod';
import type { ConnectionDetail, ConnectionRow, StreamRecord } from '../../domain/connection.ts';
import type { HistoryPoint, Sample } from '../../domain/sample.ts';
import type { TerminationState } from '../../domain/termination.ts';
import { amount, bindMode, count, name, rate, serverKey } from './words.ts';

export const topics = z.array(z.enum(['totals', 'binds', 'backends', 'servers'])).max(4);

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
  latency,
  process: z.object({ cpu: amount, rssBytes: amount, loopDelayMs: amount }).nullable(),
});

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
}) satisfies z.ZodType<Sample>;

export const historyPoint = z.object({
  at: amount,
  totals,
  backends: z.record(z.string(), rate),
}) satisfies z.ZodType<HistoryPoint>;

/** Not bounded by length: the runtime cut it where it came from; whoever shows it passes it through `safe()`. */
const raw = z.string();
const termination = z.string().regex(/^.{2}(.{2})?$/) as unknown as z.ZodType<TerminationState>;

const row = z.object({
  id: name,
  client: raw,
  bind: raw,
  mode: bindMode,
  route: raw.exactOptional(),
  backend: raw.exactOptional(),
  server: serverKey.exactOptional(),
  phase: z.enum(['head', 'queue', 'connect', 'wait', 'data', 'tunnel', 'idle', 'ended']),
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
  termination: termination.exactOptional(),
}) satisfies z.ZodType<ConnectionRow>;

const timers = z.object({ TR: z.number(), Tw: z.number(), Tc: z.number(), Tr: z.number(), Ta: z.number() });

export const connectionDetail = row.extend({
  acceptedAt: amount,
  serverAddress: raw.exactOptional(),
  steps: z.array(
    z.object({
      what: z.enum([
        'accept',
        'request',
        'queue',
        'connect',
        'pooled',
        'retry',
        'response',
        'upgrade',
        'end',
      ]),
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
  mode: bindMode,
  at: amount,
  client: raw,
  bind: raw,
  route: raw.exactOptional(),
  backend: raw.exactOptional(),
  server: serverKey.exactOptional(),
  timers,
  status: count.exactOptional(),
  bytesIn: amount,
  bytesOut: amount,
  termination,
  connections: z.tuple([count, count, count, count]),
  retries: count,
  redispatched: z.boolean(),
  queue: z.tuple([count, count]),
  method: raw.exactOptional(),
  host: raw.exactOptional(),
  path: raw.exactOptional(),
  version: raw.exactOptional(),
}) satisfies z.ZodType<StreamRecord>;
