// What a change of shape would do to whom, in sentences: asked of the same what-if as `sluice shards plan`. Changes nothing.

import type { Preview, PreviewLine } from '../../domain/command.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { ShardChange, ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import type { Refused } from '../commands.ts';
import type { ShapeUndo } from '../journal.ts';
import { commandText, countText, shareText } from '../wording.ts';
import type { FileEdits } from '../write-back.ts';
import { editLines } from '../write-back-preview.ts';
import type { Plans } from './plans.ts';
import { leavingText } from './renew.ts';
import { changesBetween, type Step, stepsBetween, stepsText, subjectsOf } from './reshaping.ts';
import { plansAfter, type ShapeCommand, type ShapeContext, shapeCommandFault } from './shape-commands.ts';
import { plansUndone, subjectOfUndo } from './shape-undo.ts';

export interface ShapePreviewContext {
  readonly shape: Pick<ShapeContext, 'engine' | 'plans'>;
  readonly edits: FileEdits;
  whatIf(question: WhatIf): Promise<ShardPlan | { readonly fault: string }>;
  /** Open on an instance, by its name; undefined where it is not known. */
  connectionsOf(instance: string): number | undefined;
}

type Lines = readonly PreviewLine[];
const most = 5;

export async function shapePreview(command: ShapeCommand, context: ShapePreviewContext): Promise<Preview> {
  const fault = shapeCommandFault(command, context.shape);
  const before = context.shape.plans();
  const title = titleOf(command);
  if (fault) return { title, lines: [warning(refusalText(fault))] };
  // Who and when make no difference to what it would do.
  return { title, lines: await linesOf(before, plansAfter(command, before, '', 0), context) };
}

function titleOf(command: ShapeCommand): string {
  return command.kind === 'reset-shape' ? `drop the override ${command.drift}` : commandText(command);
}

export async function shapeUndoPreview(
  entry: JournalEntry,
  record: ShapeUndo,
  context: ShapePreviewContext,
): Promise<Preview> {
  const about = { title: `undo "${entry.text}" of ${subjectOfUndo(record)}`, entry: entry.id };
  if (record.written) {
    const edit = await context.edits.ofUndo(record.written);
    if ('result' in edit) return { ...about, lines: [warning(refusalText(edit))] };
    const then = 'what runs stays as it is, as an override of the configuration';
    return { ...about, lines: [...editLines(edit), { tone: 'then', text: then }] };
  }
  const before = context.shape.plans();
  const lines = await linesOf(before, plansUndone(record, before), context);
  return { ...about, lines: [{ tone: 'now', text: `it was done by ${entry.actor.name}` }, ...lines] };
}

async function linesOf(before: Plans, after: Plans, context: ShapePreviewContext): Promise<Lines> {
  const steps = stepsBetween(before, after);
  if (steps.length === 0) return [{ tone: 'then', text: 'it is so already: nothing changes' }];
  const changes = changesBetween(before, after);
  if (changes.length === 0 || steps.every(({ text }) => text === undefined))
    return [
      { tone: 'then', text: `what runs stays as it is: only the override of ${subjectsOf(steps)} goes` },
    ];
  const plan = await context.whatIf({ changes });
  const told = thenText(steps);
  if ('fault' in plan) return [...told, warning(`who would move is not known: ${plan.fault}`)];
  return [...nowLines(plan), ...told, ...movingLines(plan, before, context), ...routeLines(plan)];
}

function thenText(steps: readonly Step[]): Lines {
  return [{ tone: 'then', text: stepsText(steps) }];
}

function nowLines({ shards, overMs }: ShardPlan): Lines {
  return shards.filter(changes).map(({ shard, instancesBefore, observed }) => ({
    tone: 'now',
    text: `${shard}: ${countText(instancesBefore, 'instance')}, ${countText(observed, 'client')} seen in the last ${Math.round(overMs / 1_000)} s`,
  }));
}

const changes = ({ instancesBefore, instancesAfter }: ShardChange): boolean =>
  instancesBefore !== instancesAfter;

function movingLines({ shards, missed }: ShardPlan, { running }: Plans, context: ShapePreviewContext): Lines {
  return shards.filter(changes).flatMap((change): PreviewLine[] => {
    const { shard, instancesBefore, instancesAfter, observed, moved, slotsMoved } = change;
    const size = running.shards.find(({ name }) => name === shard)?.steering.tableSize;
    const slots = size === undefined ? '' : `${shareText(slotsMoved / size)} of the table's slots`;
    const who =
      observed === 0
        ? `no client was seen lately; ${slots} go to another instance`
        : `${moved} of ${countText(observed, 'client')} seen go to another instance with their next connection (${shareText(moved / observed)})${missed > 0 ? `; ${countText(missed, 'more client')} not kept in mind` : ''}`;
    const leaving = Array.from(
      { length: Math.max(0, instancesBefore - instancesAfter) },
      (_, i) => `${shard}/${instancesAfter + i + 1}`,
    );
    return [
      { tone: 'then', text: who },
      ...(leaving.length === 0
        ? []
        : [{ tone: 'then' as const, text: leaves(leaving, context, leavingText(running)) }]),
      ...tooBusy(change),
    ];
  });
}

/** "default/3 and default/4 leave with 41 connections: …". */
function leaves(names: readonly string[], { connectionsOf }: ShapePreviewContext, becomes: string): string {
  const counts = names.map(connectionsOf);
  const known = counts.every((count) => count !== undefined);
  const carried = known
    ? ` with ${countText(
        counts.reduce((sum, count) => sum + count, 0),
        'open connection',
      )}`
    : '';
  return `${listed(names)} ${names.length === 1 ? 'leaves' : 'leave'}${carried}: ${becomes}`;
}

function tooBusy({ shard, instancesAfter, before, after }: ShardChange): Lines {
  const [was, is] = [Math.max(0, ...before), Math.max(0, ...after)];
  return instancesAfter > 0 && is >= was * 1.5 && is - was >= 10
    ? [warning(`the busiest instance of ${shard} would have ${is} of the clients seen, now ${was}`)]
    : [];
}

/** What another configuration would do to routes and clients, were it loaded now. */
export async function reloadLines(context: ShapePreviewContext): Promise<Lines> {
  const plan = await context.whatIf({ reload: true });
  if ('fault' in plan) return [warning(`it would be refused: ${plan.fault}`)];
  if (plan.from === plan.to) return [{ tone: 'then', text: `it is plan ${plan.to} again: nothing changes` }];
  const sizes = plan.shards.filter(changes).map(
    ({ shard, instancesBefore, instancesAfter }): PreviewLine => ({
      tone: 'then',
      text: `${shard}: ${instancesBefore} → ${countText(instancesAfter, 'instance')}`,
    }),
  );
  return [
    { tone: 'then', text: `plan ${plan.from} → ${plan.to}` },
    ...sizes,
    ...movingLines(plan, context.shape.plans(), context),
    ...routeLines(plan),
  ];
}

/** Which routes other shards serve, or none, or several. */
export function routeLines({ routes }: ShardPlan): Lines {
  const { moved, orphaned, doublyServed, conflicts, activated, removed, added } = routes;
  const isMove = new Set([...orphaned, ...doublyServed.map(({ route }) => route)]);
  const shards = (names: readonly string[]): string =>
    names.length === 0 ? 'no shard' : names.join(' and ');
  return [
    ...some(
      moved.filter(({ route }) => !isMove.has(route)),
      ({ route, from, to }) =>
        `${route} moves from ${shards(from)} to ${shards(to)}: open connections finish where they are`,
    ),
    ...some(
      activated.filter(({ route }) => !moved.some((each) => each.route === route)),
      ({ route, shard }) => `${route} is served by ${shard}, which refuses it now`,
    ),
    ...some(added, (route) => `route ${route} is added`),
    ...some(removed, (route) => `route ${route} is removed`),
    ...some(orphaned, (route) => `${route} would be served by no shard`, 'warning'),
    ...some(
      doublyServed,
      ({ route, shards: by }) => `${route} would be served by ${by.length} shards: ${by.join(', ')}`,
      'warning',
    ),
    ...some(
      conflicts,
      ({ route, status }) =>
        `${route} would be refused by ${status.shard}: ${status.reason}: ${status.message}`,
      'warning',
    ),
  ];
}

/** Of many the first few. */
function some<T>(all: readonly T[], text: (each: T) => string, tone: PreviewLine['tone'] = 'then'): Lines {
  const lines = all.slice(0, most).map((each) => ({ tone, text: text(each) }));
  return all.length > most ? [...lines, { tone, text: `and ${all.length - most} more` }] : lines;
}

function listed(names: readonly string[]): string {
  return names.length < 3 ? names.join(' and ') : `${names[0]} … ${names.at(-1)}`;
}

const warning = (text: string): PreviewLine => ({ tone: 'warning', text });

export function refusalText({ text, remedy }: Refused): string {
  return remedy === undefined ? text : `${text}: ${remedy}`;
}
