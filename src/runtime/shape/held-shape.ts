// What operators changed of a plan's shape, held apart from the configuration by drift key: each change with its author.
// What is equal to the configuration is no override. Pure.

import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../../domain/plan.ts';
import { isSelective, selectorText } from '../../domain/selector.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import type { Wished } from '../overrides.ts';

export type HeldShape = Wished<ShapeChange>;
/** By drift key, the oldest first. */
export type HeldShapes = ReadonlyMap<string, HeldShape>;

export const noShapes: HeldShapes = new Map();

/** "default:instances", "sharded:routeSelector", "shop:labels". */
export function shapeKey(change: ShapeChange): string {
  switch (change.kind) {
    case 'scale':
      return `${change.shard}:instances`;
    case 'select':
      return `${change.shard}:routeSelector`;
    case 'relabel':
      return `${change.route}:labels`;
  }
}

/** Does the plan have the shard or the route? */
export function isAbout(change: ShapeChange, { shards, routes }: Plan): boolean {
  return change.kind === 'relabel'
    ? routes.some(({ name }) => name === change.route)
    : shards.some(({ name }) => name === change.shard);
}

/** What of it the configuration does not say by itself; undefined where it says all. Of what it does not have, all is left. */
export function beyondPlan(change: ShapeChange, { shards, routes }: Plan): ShapeChange | undefined {
  if (change.kind === 'relabel') {
    const route = routes.find(({ name }) => name === change.route);
    if (!route) return change;
    const labels = Object.entries(change.labels).filter(
      ([key, value]) => (Object.hasOwn(route.labels, key) ? route.labels[key] : null) !== value,
    );
    return labels.length === 0 ? undefined : { ...change, labels: Object.fromEntries(labels) };
  }
  const shard = shards.find(({ name }) => name === change.shard);
  if (!shard) return change;
  const same =
    change.kind === 'scale'
      ? shard.instances === change.instances
      : selectorText(shard.routeSelector) === selectorText(change.routeSelector ?? undefined);
  return same ? undefined : change;
}

/** Without what the configuration says by itself. */
export function beyondConfigured(held: HeldShapes, configured: Plan): HeldShapes {
  return new Map(
    [...held].flatMap(([key, wished]): [string, HeldShape][] => {
      const value = beyondPlan(wished.value, configured);
      return value ? [[key, value === wished.value ? wished : { ...wished, value }]] : [];
    }),
  );
}

/** After some more changes, one after another. What stays as it is keeps its author and date. */
export function withChanges(
  held: HeldShapes,
  changes: readonly ShapeChange[],
  configured: Plan,
  by: string,
  at: number,
): HeldShapes {
  const next = new Map(held);
  for (const change of changes) {
    const key = shapeKey(change);
    const before = next.get(key);
    const value = beyondPlan(merged(before?.value, change), configured);
    if (!value) next.delete(key);
    else if (!isDeepStrictEqual(before?.value, value)) next.set(key, { value, by, at });
  }
  return next;
}

/** Labels that a later change does not name stay as the earlier one has them; a selector that takes everything is none. */
function merged(before: ShapeChange | undefined, change: ShapeChange): ShapeChange {
  if (change.kind === 'select')
    return isSelective(change.routeSelector ?? undefined) ? change : { ...change, routeSelector: null };
  if (change.kind !== 'relabel' || before?.kind !== 'relabel') return change;
  return { ...change, labels: { ...before.labels, ...change.labels } };
}

/** Keys whose override is another one in `after`, or is in one of them alone. */
export function changedKeys(before: HeldShapes, after: HeldShapes): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => !isDeepStrictEqual(before.get(key), after.get(key)));
}

/** With these put in place of what is held under their keys; null: none. */
export function withHeld(held: HeldShapes, put: ReadonlyMap<string, HeldShape | null>): HeldShapes {
  const next = new Map(held);
  for (const [key, wished] of put) {
    if (wished) next.set(key, wished);
    else next.delete(key);
  }
  return next;
}
