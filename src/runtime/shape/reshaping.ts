// The difference between what runs and what would run with other overrides of shape: in words, and as changes that lead
// from one to the other. What reshape, reset and undo come to is told and asked in the same way. Pure.

import type { Admission } from '../../domain/admission.ts';
import type { Plan } from '../../domain/plan.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import { subjectOfShape } from '../wording.ts';
import { changedKeys, type HeldShapes, isAbout } from './held-shape.ts';
import type { Plans } from './plans.ts';
import { stepText } from './shape-wording.ts';

export interface Step {
  /** The shard or route. */
  readonly subject: string;
  /** "2 → 4 instances"; undefined: an override goes, or comes, that makes no difference to what runs. */
  readonly text: string | undefined;
}

/** Of the overrides that differ. */
export function stepsBetween(before: Plans, after: Plans): Step[] {
  return changedKeys(before.shape, after.shape).map((key) => {
    const change = aboutKey(key, before.shape, after.shape);
    return { subject: subjectOfShape(change), text: stepText(change, before.running, after.running) };
  });
}

/** "default: 2 → 4 instances, shop: no label sharded → sharded=true". */
export function stepsText(steps: readonly Step[]): string {
  const told = steps.flatMap(({ subject, text }) => (text === undefined ? [] : [`${subject}: ${text}`]));
  if (told.length > 0) return told.join(', ');
  return `override of ${subjectsOf(steps)} dropped`;
}

export function subjectsOf(steps: readonly Step[]): string {
  return [...new Set(steps.map(({ subject }) => subject))].join(', ');
}

/** What an operator would ask for to get from the one to the other. */
export function changesBetween(before: Plans, after: Plans): ShapeChange[] {
  return changedKeys(before.shape, after.shape).flatMap((key) => {
    const change = aboutKey(key, before.shape, after.shape);
    if (!isAbout(change, before.running) || !isAbout(change, after.running)) return [];
    return [asIn(change, after.running)];
  });
}

/** The same change, to what the plan has. */
function asIn(change: ShapeChange, { shards, routes }: Plan): ShapeChange {
  if (change.kind === 'relabel') {
    const { labels } = routes.find(({ name }) => name === change.route)!;
    return {
      ...change,
      labels: Object.fromEntries(Object.keys(change.labels).map((key) => [key, labels[key] ?? null])),
    };
  }
  const shard = shards.find(({ name }) => name === change.shard)!;
  return change.kind === 'scale'
    ? { ...change, instances: shard.instances }
    : { ...change, routeSelector: shard.routeSelector ?? null };
}

/** Of labels: those that either names. */
function aboutKey(key: string, before: HeldShapes, after: HeldShapes): ShapeChange {
  const [was, is] = [before.get(key)?.value, after.get(key)?.value];
  if (was?.kind === 'relabel' && is?.kind === 'relabel')
    return { ...is, labels: { ...was.labels, ...is.labels } };
  return (is ?? was)!;
}

const mostMoves = 3;

/** "; shop moves from default to sharded": which routes other shards serve; "" where none. */
export function movesText(before: Admission, after: Admission): string {
  const moves = [...after.statuses.keys()].flatMap((route) => {
    const [from, to] = [servedBy(route, before), servedBy(route, after)];
    return from === to ? [] : [`${route} moves from ${from || 'no shard'} to ${to || 'no shard'}`];
  });
  const more = moves.length > mostMoves ? ` and ${moves.length - mostMoves} more` : '';
  return moves.length === 0 ? '' : `; ${moves.slice(0, mostMoves).join(', ')}${more}`;
}

export function servedBy(route: string, { statuses }: Admission): string {
  const admitted = (statuses.get(route) ?? []).filter((status) => status.admitted);
  return admitted.map(({ shard }) => shard).join(' and ');
}
