// What-if and trace as they travel: what is asked within bounds, what is answered as the runtime has it.

import * as z from 'zod';
import type { RouteStatus } from '../../domain/admission.ts';
import type { Evenness } from '../../domain/evenness.ts';
import type { ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import type { Trace, TraceQuestion } from '../../domain/trace.ts';
import { weight } from './commands.ts';
import { shapeChange } from './shape.ts';
import { amount, count, line, name, serverKey } from './words.ts';

const refused = z.object({
  shard: name,
  admitted: z.literal(false),
  reason: z.enum([
    'HostAlreadyClaimed',
    'RouteNotAdmitted',
    'NoHostValue',
    'InvalidHost',
    'ExtendedValidationFailed',
  ]),
  message: line,
  by: name.exactOptional(),
});

export const routeStatus = z.discriminatedUnion('admitted', [
  z.object({ shard: name, admitted: z.literal(true) }),
  refused,
]) satisfies z.ZodType<RouteStatus>;

export const whatIf = z.union([
  z.strictObject({
    changes: z
      .array(
        z.discriminatedUnion('kind', [
          ...shapeChange.options,
          z.strictObject({ kind: z.literal('weight'), server: serverKey, weight }),
          z.strictObject({ kind: z.literal('remove'), server: serverKey }),
        ]),
      )
      .min(1)
      .max(64)
      .readonly(),
  }),
  z.strictObject({ reload: z.literal(true) }),
]) satisfies z.ZodType<WhatIf>;

const evenness = z.object({
  maxOverMean: amount,
  chance: amount,
  items: count,
  bins: count,
}) satisfies z.ZodType<Evenness>;

const shards = z.array(name);
const byServer = z.array(z.object({ server: name, clients: count }));

export const shardPlan = z.object({
  from: line,
  to: line,
  changes: z.array(line),
  routes: z.object({
    moved: z.array(z.object({ route: name, from: shards, to: shards })),
    orphaned: z.array(name),
    doublyServed: z.array(z.object({ route: name, shards })),
    conflicts: z.array(z.object({ route: name, status: refused })),
    activated: z.array(z.object({ route: name, shard: name })),
    removed: z.array(name),
    added: z.array(name),
  }),
  shards: z.array(
    z.object({
      shard: name,
      instancesBefore: count,
      instancesAfter: count,
      observed: count,
      moved: count,
      before: z.array(count),
      after: z.array(count),
      evennessBefore: evenness.exactOptional(),
      evennessAfter: evenness.exactOptional(),
      slotsMoved: count,
    }),
  ),
  servers: z.array(
    z.object({ backend: name, observed: count, moved: count, before: byServer, after: byServer }),
  ),
  overMs: amount,
  missed: count,
  omitted: z.record(z.string(), count).exactOptional(),
}) satisfies z.ZodType<ShardPlan>;

/** Not bounded by form: what is wrong with a question is told in words. */
export const traceQuestion = z.strictObject({
  url: z.string().min(1).max(4_096),
  from: z.string().max(100).exactOptional(),
  sni: z.string().max(300).exactOptional(),
  cookie: z.string().max(4_096).exactOptional(),
}) satisfies z.ZodType<TraceQuestion>;

export const trace = z.object({
  question: z.object(traceQuestion.shape),
  steps: z.array(
    z.object({
      what: z.enum(['bind', 'shard', 'instance', 'tls', 'route', 'backend', 'server', 'kernel']),
      chosen: line.exactOptional(),
      why: line,
      others: z.array(z.object({ name: line, why: line })),
      candidates: z.array(z.object({ name: line, share: amount.exactOptional(), why: line })).exactOptional(),
      more: count.exactOptional(),
    }),
  ),
  result: line,
  ok: z.boolean(),
}) satisfies z.ZodType<Trace>;
