// Commands, outcomes and previews as they travel. Limits of values are here, so a bad one never reaches the runtime's core.

import * as z from 'zod';
import type { Command, Outcome, Preview } from '../../domain/command.ts';
import { blockAddress, endpointAddress } from './kernel.ts';
import { planHash, shapeChanges, shapeDrift } from './shape.ts';
import { adminState, count, line, name, routeName, serverKey, shardName, termination } from './words.ts';

const hour = 3_600_000;
const week = 7 * 24 * hour;
export const weight = z.int().min(0).max(256);

export const command = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('drain'),
    server: serverKey,
    deadlineMs: z.int().min(0).max(week),
    then: z.enum(['wait', 'kill', 'maint', 'ready']),
    killRate: z.number().positive().max(10_000),
  }),
  z.strictObject({ kind: z.literal('ready'), server: serverKey }),
  z.strictObject({ kind: z.literal('maint'), server: serverKey }),
  z.strictObject({ kind: z.literal('weight'), server: serverKey, weight }),
  z.strictObject({ kind: z.literal('rollback'), server: serverKey }),
  z.strictObject({ kind: z.literal('kill'), connection: z.string().regex(/^[\x21-\x7e]{1,200}$/) }),
  z.strictObject({ kind: z.literal('undo'), entry: z.int().positive().exactOptional() }),
  z.strictObject({ kind: z.literal('reset'), server: serverKey }),
  z.strictObject({ kind: z.literal('write-back'), server: serverKey }),
  z.strictObject({
    kind: z.literal('tls-switch'),
    route: routeName,
    termination,
    watchMs: z.int().min(0).max(hour),
    threshold: z.number().min(0).max(1),
    closeMs: z.int().min(0).max(week),
    force: routeName.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('tls-revert'), route: routeName }),
  z.strictObject({ kind: z.literal('reset-route'), route: routeName }),
  z.strictObject({ kind: z.literal('write-back-route'), route: routeName }),
  z.strictObject({ kind: z.literal('reshape'), changes: shapeChanges, from: planHash.exactOptional() }),
  z.strictObject({ kind: z.literal('reset-shape'), drift: shapeDrift }),
  z.strictObject({ kind: z.literal('write-back-shape'), drift: shapeDrift }),
  z.strictObject({ kind: z.literal('renew'), shard: shardName }),
  z.strictObject({
    kind: z.literal('block'),
    address: blockAddress,
    forMs: z
      .int()
      .min(0)
      .max(52 * week),
    why: z.string().max(100),
    confirmMs: z.int().min(0).max(hour),
    force: blockAddress.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('confirm-block'), address: blockAddress }),
  z.strictObject({ kind: z.literal('unblock'), address: blockAddress }),
  z.strictObject({
    kind: z.literal('endpoint'),
    server: serverKey,
    endpoint: endpointAddress,
    admin: z.enum(['ready', 'drain']),
  }),
  z.strictObject({
    kind: z.literal('reload'),
    from: planHash.exactOptional(),
    to: planHash.exactOptional(),
  }),
]) satisfies z.ZodType<Command>;

/** What a preview was made from: the command is refused (`changed-since`) when it no longer holds. */
export const precondition = z.union([z.object({ admin: adminState, weight }), z.object({ termination })]);

const refusalCode = z.enum([
  'no-such-server',
  'no-such-connection',
  'no-such-route',
  'no-such-shard',
  'no-drain-job',
  'no-such-block',
  'no-such-endpoint',
  'lock-out',
  'unsafe',
  'nothing-to-undo',
  'not-undoable',
  'changed-since',
  'bad-value',
  'bad-configuration',
  'not-permitted',
  'not-capable',
  'busy',
]);

export const outcome = z.discriminatedUnion('result', [
  z.object({ result: z.literal('done'), seq: count, entry: count.exactOptional(), text: line }),
  z.object({
    result: z.literal('refused'),
    code: refusalCode,
    text: z.string(),
    remedy: z.string().exactOptional(),
  }),
  z.object({ result: z.literal('unknown'), text: line }),
]) satisfies z.ZodType<Outcome>;

export const preview = z.object({
  title: name,
  lines: z.array(z.object({ tone: z.enum(['now', 'then', 'warning']), text: line })),
  from: precondition.exactOptional(),
  entry: count.exactOptional(),
}) satisfies z.ZodType<Preview>;
