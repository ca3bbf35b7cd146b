// The method table: every request a console may send and every notification a runtime sends, with schemas and roles.
// Types, validation and the OpenRPC document are made from it; SPEC.md tells the rules between the messages.

import * as z from 'zod';
import { command, outcome, precondition, preview } from './schemas/commands.ts';
import { change, snapshot } from './schemas/entities.ts';
import { rulesetQuery, rulesetWindow } from './schemas/kernel.ts';
import { preflight } from './schemas/preflight.ts';
import { shardPlan, trace, traceQuestion, whatIf } from './schemas/shards.ts';
import {
  connectionDetail,
  connectionQuery,
  connectionTable,
  filterText,
  historyPoint,
  sample,
  streamRecord,
  topics,
} from './schemas/traffic.ts';
import { amount, count, line, name, role, routeName, termination } from './schemas/words.ts';

export const protocolVersion = 1;

const watch = z.string().min(1).max(64);
const commandId = z.string().min(8).max(64);
const nothing = z.object({});

const hello = {
  summary: 'Opens the attachment: versions, who asks, and where to resume.',
  role: 'viewer',
  params: z.strictObject({
    versions: z.array(z.int()).min(1).max(16),
    client: z.strictObject({ name: z.string().min(1).max(100), version: z.string().max(50).exactOptional() }),
    /** Believed on a unix socket only, where the socket's mode decides who may connect. */
    user: z.string().max(100).exactOptional(),
    /** Address of the ssh client whose session it is, as SSH_CONNECTION has it: not blocked by mistake. */
    ssh: z.string().max(64).exactOptional(),
    token: z.string().max(512).exactOptional(),
    resume: z.strictObject({ epoch: z.string().max(64), seq: count }).exactOptional(),
  }),
  result: z.object({
    version: z.int(),
    runtime: z.object({ name: line, version: line }),
    role,
    actor: line,
    now: amount,
    epoch: name,
    seq: count,
    changes: z.array(change).exactOptional(),
    snapshot: snapshot.exactOptional(),
  }),
} as const;

export const methods = {
  hello,
  'samples.open': {
    summary:
      'Sends samples of these topics at this interval, until closed; of the servers only those of some backends.',
    role: 'viewer',
    params: z.strictObject({
      watch,
      topics,
      intervalMs: z.int().min(100).max(60_000),
      serversOf: z.array(z.string().min(1).max(300)).max(500).exactOptional(),
    }),
    result: nothing,
  },
  'history.get': {
    summary: 'The last five minutes in points of one second.',
    role: 'viewer',
    params: nothing,
    result: z.array(historyPoint),
  },
  'connections.open': {
    summary: 'Sends this window of the connection table as it changes, until closed.',
    role: 'viewer',
    params: z.strictObject({ watch, query: connectionQuery }),
    result: nothing,
  },
  'connections.update': {
    summary: 'Moves an open window: another filter, order, offset or size.',
    role: 'viewer',
    params: z.strictObject({ watch, query: connectionQuery }),
    result: nothing,
  },
  'connections.get': {
    summary: 'One connection in detail; null where it is not known any more.',
    role: 'viewer',
    params: z.strictObject({ id: z.string().min(1).max(200) }),
    result: connectionDetail.nullable(),
  },
  'tail.open': {
    summary: 'Sends streams as they end, until closed.',
    role: 'viewer',
    params: z.strictObject({ watch, filter: filterText }),
    result: nothing,
  },
  'preflight.open': {
    summary:
      'Probes what a switch of this route to this TLS mode would meet, and sends what is found until there is a verdict.',
    role: 'operator',
    params: z.strictObject({ watch, route: routeName, termination }),
    result: nothing,
  },
  'nft.open': {
    summary: "Sends this window of the kernel's ruleset as it changes and counts, until closed.",
    role: 'viewer',
    params: z.strictObject({ watch, query: rulesetQuery }),
    result: nothing,
  },
  'nft.update': {
    summary: 'Moves an open window of the ruleset.',
    role: 'viewer',
    params: z.strictObject({ watch, query: rulesetQuery }),
    result: nothing,
  },
  'watch.close': {
    summary: 'Closes samples, a connection window, a window of the ruleset, a tail or a preflight.',
    role: 'viewer',
    params: z.strictObject({ watch }),
    result: nothing,
  },
  'shards.plan': {
    summary:
      'What if: which routes and which of the observed clients would move, were these changes made, or the file loaded.',
    role: 'viewer',
    params: z.strictObject({ whatIf }),
    result: shardPlan,
  },
  trace: {
    summary: 'Where a request would go, step by step, and why not elsewhere; sends nothing.',
    role: 'viewer',
    params: z.strictObject({ question: traceQuestion }),
    result: trace,
  },
  'command.preview': {
    summary: 'What a command would do to whom, from the present state.',
    role: 'viewer',
    params: z.strictObject({ command }),
    result: preview,
  },
  'command.execute': {
    summary: 'Carries out a command once, whatever the number of times it is sent under this id.',
    role: 'operator',
    params: z.strictObject({ id: commandId, command, from: precondition.exactOptional() }),
    result: outcome,
  },
  'command.outcome': {
    summary: 'What became of a command sent earlier; waits while it is under way.',
    role: 'operator',
    params: z.strictObject({ id: commandId }),
    result: z.discriminatedUnion('known', [
      z.object({ known: z.literal(true), outcome }),
      z.object({ known: z.literal(false) }),
    ]),
  },
} as const satisfies Record<string, MethodShape>;

export const notifications = {
  'model.changes': {
    summary: 'Changes of the model, in order, none left out.',
    params: z.object({ changes: z.array(change).min(1) }),
  },
  'model.reset': {
    summary: 'The whole model anew: the console was too far behind.',
    params: z.object({ epoch: name, seq: count, snapshot }),
  },
  samples: { summary: 'One sample.', params: z.object({ watch, sample }) },
  connections: {
    summary: 'One refresh of a connection window.',
    params: z.object({ watch, table: connectionTable }),
  },
  nft: {
    summary: 'One refresh of a window of the ruleset.',
    params: z.object({ watch, window: rulesetWindow }),
  },
  tail: {
    summary: 'Streams that ended, and how many were left out.',
    params: z.object({ watch, records: z.array(streamRecord), dropped: count }),
  },
  preflight: {
    summary: 'All that was found so far; with a verdict it is the last one, and the watch is closed.',
    params: z.object({ watch, preflight }),
  },
} as const;

interface MethodShape {
  readonly summary: string;
  readonly role: z.infer<typeof role>;
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

export type MethodName = keyof typeof methods;
export type Params<M extends MethodName> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends MethodName> = z.infer<(typeof methods)[M]['result']>;
export type NotificationName = keyof typeof notifications;
export type Notification<N extends NotificationName> = z.infer<(typeof notifications)[N]['params']>;

export function isMethod(text: string): text is MethodName {
  return Object.hasOwn(methods, text);
}

export function isNotification(text: string): text is NotificationName {
  return Object.hasOwn(notifications, text);
}
