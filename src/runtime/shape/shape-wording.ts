// Changes of a plan's shape in words: what it was and what it is, of one shard or route.

import type { RouteDrift, ShardDrift } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import { safe } from '../../domain/safe.ts';
import { type LabelSelector, type Labels, selectorText } from '../../domain/selector.ts';
import type { ShapeChange } from '../../domain/shape.ts';
import { countText } from '../wording.ts';
import { type HeldShape, type HeldShapes, shapeKey } from './held-shape.ts';

/** "2 instances", "sharded=true", "no label sharded": what a plan says of that which a change is about. */
export function shapeText(change: ShapeChange, { shards, routes }: Plan): string {
  if (change.kind === 'relabel') {
    const route = routes.find(({ name }) => name === change.route);
    return route ? labelsText(Object.keys(change.labels), route.labels) : 'no such route';
  }
  const shard = shards.find(({ name }) => name === change.shard);
  if (!shard) return 'no such shard';
  return change.kind === 'scale' ? countText(shard.instances, 'instance') : selectsText(shard.routeSelector);
}

/** The same of an override by itself. */
export function overrideText(change: ShapeChange): string {
  switch (change.kind) {
    case 'scale':
      return countText(change.instances, 'instance');
    case 'select':
      return selectsText(change.routeSelector ?? undefined);
    case 'relabel':
      return labelsText(
        Object.keys(change.labels),
        Object.fromEntries(
          Object.entries(change.labels).filter((entry): entry is [string, string] => entry[1] !== null),
        ),
      );
  }
}

/** What the difference of two plans is, of what an override was or is about; undefined where it makes none. */
export function stepText(change: ShapeChange, before: Plan, after: Plan): string | undefined {
  const about = change.kind === 'relabel' ? relabelBetween(change, before, after) : change;
  const [from, to] = [shapeText(about, before), shapeText(about, after)];
  if (from === to) return undefined;
  return about.kind === 'scale' ? `${from.replace(/ .*/, '')} → ${to}` : `${from} → ${to}`;
}

/** Of labels that are the same in both nothing is said. */
function relabelBetween(
  change: Extract<ShapeChange, { kind: 'relabel' }>,
  before: Plan,
  after: Plan,
): ShapeChange {
  const labelsOf = ({ routes }: Plan): Labels =>
    routes.find(({ name }) => name === change.route)?.labels ?? {};
  const [from, to] = [labelsOf(before), labelsOf(after)];
  const labels = Object.entries(change.labels).filter(([key]) => from[key] !== to[key]);
  return { ...change, labels: Object.fromEntries(labels) };
}

function selectsText(selector: LabelSelector | undefined): string {
  const text = selectorText(selector);
  return text === '' ? 'all routes' : safe(text, 300);
}

function labelsText(keys: readonly string[], labels: Labels): string {
  const texts = keys.map((key) => (Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : `no label ${key}`));
  return safe(texts.join(', '), 300);
}

/** What differs from the configuration; of what it does not have (any more) as well. */
export function shapeDrift(held: HeldShapes, configured: Plan): (ShardDrift | RouteDrift)[] {
  return [...held.values()].map((wished) => driftOf(wished, configured));
}

function driftOf({ value, by, at }: HeldShape, configured: Plan): ShardDrift | RouteDrift {
  const facts = {
    key: shapeKey(value),
    configured: bare(shapeText(value, configured)),
    running: bare(overrideText(value)),
    by,
    at,
  };
  switch (value.kind) {
    case 'scale':
      return { ...facts, shard: value.shard, field: 'instances' };
    case 'select':
      return { ...facts, shard: value.shard, field: 'routeSelector' };
    case 'relabel':
      return { ...facts, route: value.route, field: 'labels' };
  }
}

/** The number alone: drift says the field beside it. */
function bare(text: string): string {
  return text.replace(/ instances?$/, '');
}
