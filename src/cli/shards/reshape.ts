// `sluice shards scale|relabel|select|renew`: preview and question, the change, and what became of it: who serves a route
// now, which instances serve, and which leave with how many connections.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Command } from '../../domain/command.ts';
import type { LabelSelector } from '../../domain/selector.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import { askFirst } from '../act.ts';
import { attached } from '../attachment.ts';
import { knownRoute } from '../known-route.ts';
import { reportOutcome } from '../outcome.ts';
import type { VerbContext } from '../program.ts';
import type { LabelChanges } from './arguments.ts';
import { knownShard } from './known-shard.ts';
import { tellLeaving, type WaitOptions } from './leaving.ts';
import { servedBy, warningLines } from './served-by.ts';

export const scale = (context: VerbContext, shard: string, instances: number, options: WaitOptions) =>
  onShard(context, shard, reshaping({ kind: 'scale', shard, instances }), options);

export const renew = (context: VerbContext, shard: string, options: WaitOptions) =>
  onShard(context, shard, { kind: 'renew', shard }, options);

export const relabel = (context: VerbContext, route: string, labels: LabelChanges) =>
  attached(context, (client) => {
    knownRoute(client.model, route);
    return reshape(context, client, { kind: 'relabel', route, labels });
  });

export const select = (context: VerbContext, shard: string, routeSelector: LabelSelector | null) =>
  attached(context, (client) => {
    knownShard(client.model, shard);
    return reshape(context, client, { kind: 'select', shard, routeSelector });
  });

function reshaping(change: ShapeChange): Command {
  return { kind: 'reshape', changes: [change] };
}

/** What changes who serves a route. */
export async function reshape(
  context: VerbContext,
  client: RuntimeClient,
  change: ShapeChange,
): Promise<void> {
  const command = reshaping(change);
  const conditions = await askFirst(context, client, command);
  const before = servedBy(client.model);
  reportOutcome(context, await client.execute(command, conditions));
  if (context.options.json === true) return;
  for (const line of warningLines(before, client.model)) context.terminal.note(line);
}

function onShard(context: VerbContext, shard: string, command: Command, options: WaitOptions): Promise<void> {
  const stay = options.wait === true;
  return attached(
    context,
    async (client) => {
      knownShard(client.model, shard);
      await changeInstances(context, client, shard, command, options);
    },
    { stay },
  );
}

/** @throws CliFailure where it was refused, is not known, or Ctrl-C ended the wait for those that leave */
export async function changeInstances(
  context: VerbContext,
  client: RuntimeClient,
  shard: string,
  command: Command,
  options: WaitOptions,
): Promise<void> {
  const conditions = await askFirst(context, client, command);
  // From here on Ctrl-C must not leave anybody in doubt whether it was done.
  const interrupted = new AbortController();
  const stopListening =
    options.wait === true ? context.terminal.onInterrupt(() => interrupted.abort()) : () => {};
  const { terminal, options: global } = context;
  if (terminal.isTty && global.json !== true) terminal.progress('◌ waiting until all that are to serve do …');
  try {
    // Done is told once every new instance serves.
    const outcome = await client.execute(command, conditions);
    terminal.progress('');
    reportOutcome(context, outcome);
    await tellLeaving(context, client, shard, options, interrupted.signal);
  } finally {
    terminal.progress('');
    stopListening();
  }
}
