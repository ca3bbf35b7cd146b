// `sluice shards plan`: what if, told before anything is done; with --apply exactly what was told is done.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Command, Outcome, Preview } from '../../domain/command.ts';
import type { ServerKey } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import type { ServerChange, ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import { attached } from '../attachment.ts';
import { CliFailure } from '../failure.ts';
import { jsonDocument } from '../json.ts';
import { reportOutcome } from '../outcome.ts';
import type { VerbContext } from '../program.ts';
import { planText } from './plan-lines.ts';

export interface PlanOptions {
  readonly scale?: readonly ShapeChange[];
  readonly relabel?: readonly ShapeChange[];
  readonly select?: readonly ShapeChange[];
  readonly weight?: readonly ServerChange[];
  readonly remove?: readonly ServerChange[];
  readonly reload?: boolean;
  readonly apply?: boolean;
}

type Step = { readonly command: Command; readonly from?: NonNullable<Preview['from']> };

/** @throws CliFailure `usage` */
export function whatIfOf(options: PlanOptions): WhatIf {
  const { scale = [], relabel = [], select = [], weight = [], remove = [], reload } = options;
  const changes = [...scale, ...relabel, ...select, ...weight, ...remove];
  if (reload === true && changes.length > 0)
    throw new CliFailure('usage', '--reload asks about the file alone', 'leave the other changes out');
  if (reload === true) return { reload: true };
  if (changes.length === 0)
    throw new CliFailure(
      'usage',
      'plan what?',
      'name a change, such as --scale default=3; --help lists them all',
    );
  if (changes.length > 64)
    throw new CliFailure('usage', `${changes.length} changes are more than 64 at once`);
  return { changes };
}

export function plan(context: VerbContext, options: PlanOptions): Promise<void> {
  const whatIf = whatIfOf(options);
  return attached(context, (client) => planOn(context, client, whatIf, options.apply === true));
}

export async function planOn(
  context: VerbContext,
  client: RuntimeClient,
  whatIf: WhatIf,
  apply: boolean,
): Promise<void> {
  const { terminal, options } = context;
  // Before the plan is made: what it is made from must still hold when it is applied.
  const servers = serverStates(client, whatIf);
  const planned = await client.shardPlan(whatIf);
  const json = options.json === true;
  if (!json) terminal.print(planText(planned, terminal.color, tableSizes(client)));
  if (!apply) {
    if (json) terminal.print(jsonDocument(planned));
    return;
  }
  const steps = stepsOf(whatIf, planned, servers);
  if (
    !json &&
    steps.length > 0 &&
    terminal.canAsk &&
    options.yes !== true &&
    !(await terminal.confirm('Do it?'))
  )
    throw new CliFailure('refused', 'nothing was done');
  const outcomes: Outcome[] = [];
  for (const { command, from } of steps) {
    const outcome = await client.execute(command, from === undefined ? undefined : { from });
    outcomes.push(outcome);
    if (!json) tell(context, outcome, outcomes.length - 1);
    if (outcome.result !== 'done') break;
  }
  if (!json) return;
  terminal.print(jsonDocument({ ...planned, outcomes }));
  const last = outcomes.at(-1);
  if (last !== undefined && last.result !== 'done') reportOutcome(context, last);
}

function tableSizes({ model }: Pick<RuntimeClient, 'model'>): ReadonlyMap<string, number> {
  return new Map([...model.shard.values()].map(({ name, steering }) => [name, steering.tableSize]));
}

/** @throws CliFailure that tells how much had been done before */
function tell(context: VerbContext, outcome: Outcome, before: number): void {
  try {
    reportOutcome(context, outcome);
  } catch (error) {
    if (before === 0 || !(error instanceof CliFailure)) throw error;
    throw new CliFailure(error.ending, `${error.message}; what is told above was done`, error.hint);
  }
}

/** The commands that come to what was shown. None where nothing is to be done. */
export function stepsOf(
  whatIf: WhatIf,
  { from, to }: Pick<ShardPlan, 'from' | 'to'>,
  servers: ReadonlyMap<ServerKey, NonNullable<Preview['from']>>,
): readonly Step[] {
  if ('reload' in whatIf) return from === to ? [] : [{ command: { kind: 'reload', from, to } }];
  const shape = whatIf.changes.filter(
    (change): change is ShapeChange => change.kind !== 'weight' && change.kind !== 'remove',
  );
  const steps: Step[] = [];
  if (shape.length > 0 && from !== to) steps.push({ command: { kind: 'reshape', changes: shape, from } });
  for (const change of whatIf.changes) {
    if (change.kind !== 'weight' && change.kind !== 'remove') continue;
    const { server } = change;
    const state = servers.get(server);
    const command: Command =
      change.kind === 'weight'
        ? { kind: 'weight', server, weight: change.weight }
        : { kind: 'maint', server };
    steps.push({ command, ...(state !== undefined && { from: state }) });
    // Of two changes of one server the second is from what the first comes to.
    servers = new Map([...servers].filter(([key]) => key !== server));
  }
  return steps;
}

/** @throws CliFailure where a server is not there */
function serverStates(
  { model }: Pick<RuntimeClient, 'model'>,
  whatIf: WhatIf,
): ReadonlyMap<ServerKey, NonNullable<Preview['from']>> {
  const states = new Map<ServerKey, NonNullable<Preview['from']>>();
  if ('reload' in whatIf) return states;
  for (const change of whatIf.changes) {
    if (change.kind !== 'weight' && change.kind !== 'remove') continue;
    const server = model.server.get(change.server);
    if (server === undefined)
      throw new CliFailure(
        'refused',
        `there is no server ${safe(change.server)}`,
        '`sluice show servers` lists them',
      );
    states.set(change.server, { admin: server.admin, weight: server.weight });
  }
  return states;
}
