// The verbs that change something: preview and question on a terminal, then the act, then what was confirmed.
import type { RuntimeClient } from '../client/runtime-client.ts';
import type { Command, Preview } from '../domain/command.ts';
import type { ServerKey } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import { attached } from './attachment.ts';
import { CliFailure } from './failure.ts';
import { routeOrItsDrift } from './known-route.ts';
import type { Overridden } from './options.ts';
import { reportOutcome } from './outcome.ts';
import type { VerbContext } from './program.ts';
import { type Shade, shaded } from './table.ts';

export const ready = (context: VerbContext, server: ServerKey) => act(context, { kind: 'ready', server });
export const maint = (context: VerbContext, server: ServerKey) => act(context, { kind: 'maint', server });
export const reset = (context: VerbContext, of: Overridden) => act(context, ofWhat('reset', of));
export const writeBack = (context: VerbContext, of: Overridden) => act(context, ofWhat('write-back', of));
export const kill = (context: VerbContext, connection: string) => act(context, { kind: 'kill', connection });
export const reload = (context: VerbContext) => act(context, { kind: 'reload' });
export const undo = (context: VerbContext, entry: number | undefined) =>
  act(context, entry === undefined ? { kind: 'undo' } : { kind: 'undo', entry });
export const weight = (context: VerbContext, server: ServerKey, value: number) =>
  act(context, { kind: 'weight', server, weight: value });

function ofWhat(kind: 'reset' | 'write-back', of: Overridden): Command {
  if ('server' in of) return { kind, ...of };
  return 'route' in of ? { kind: `${kind}-route`, ...of } : { kind: `${kind}-shape`, ...of };
}

export function act(context: VerbContext, command: Command): Promise<void> {
  return attached(context, async (client) => {
    if ('route' in command) routeOrItsDrift(client.model, command.route);
    const conditions = await askFirst(context, client, command);
    reportOutcome(context, await client.execute(command, conditions));
  });
}

/** Giving a server back to its clients is the one act that needs no second thought. */
const harmless: ReadonlySet<Command['kind']> = new Set(['ready']);

/**
 * On a terminal a person sees what will happen to whom and says yes; a script just acts.
 * Answers what the yes was said to: the act is refused where that is no longer so. @throws CliFailure on no.
 */
export async function askFirst(
  context: VerbContext,
  client: RuntimeClient,
  command: Command,
): Promise<{ readonly from?: NonNullable<Preview['from']> }> {
  const { terminal, options } = context;
  if (harmless.has(command.kind) || options.yes === true || options.json === true || !terminal.canAsk)
    return {};
  const preview = await client.preview(command);
  terminal.print(previewText(preview, terminal.color));
  if (!(await terminal.confirm('Do it?'))) throw new CliFailure('refused', 'nothing was done');
  return preview.from === undefined ? {} : { from: preview.from };
}

const shades: Readonly<Record<Preview['lines'][number]['tone'], Shade>> = {
  now: 'plain',
  then: 'plain',
  warning: 'warning',
};
const labels = { now: 'Now', then: 'Then', warning: '▲' } as const;

export function previewText({ title, lines }: Preview, color: boolean): string {
  return [
    safe(title),
    ...lines.map(({ tone, text }, index) => {
      const label = lines[index - 1]?.tone === tone ? '' : labels[tone];
      return shaded(`  ${label.padEnd(5)} ${safe(text)}`, shades[tone], color);
    }),
  ].join('\n');
}
