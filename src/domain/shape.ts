// The shape of a plan: how many instances a shard has, which labels a route, which selector a shard. What operators change
// of it at run time is an override, held apart from the configuration; the plan that runs is the configuration's with them.

import { labelKeyFault, labelValueFault } from './label-syntax.ts';
import { nearest } from './nearest.ts';
import type { Plan, Route, Shard } from './plan.ts';
import { safe } from './safe.ts';
import { type LabelSelector, type Labels, parseSelector, selectorText } from './selector.ts';

export type ShapeChange =
  | { readonly kind: 'scale'; readonly shard: string; readonly instances: number }
  /** `null` takes a label away; labels that are not named stay. */
  | {
      readonly kind: 'relabel';
      readonly route: string;
      readonly labels: Readonly<Record<string, string | null>>;
    }
  /** `null`: none, all routes are selected. */
  | { readonly kind: 'select'; readonly shard: string; readonly routeSelector: LabelSelector | null };

/** What a plan would be with them, one after another, but for its hash. Changes of what it does not have are passed over. */
export function reshaped(plan: Plan, changes: readonly ShapeChange[]): Plan {
  if (changes.length === 0) return plan;
  const shards = new Map(plan.shards.map((shard) => [shard.name, shard]));
  const routes = new Map(plan.routes.map((route) => [route.name, route]));
  for (const change of changes) {
    if (change.kind === 'relabel') {
      const route = routes.get(change.route);
      if (route !== undefined) routes.set(route.name, relabelled(route, change.labels));
    } else {
      const shard = shards.get(change.shard);
      if (shard !== undefined) shards.set(shard.name, reshapedShard(shard, change));
    }
  }
  return { ...plan, shards: [...shards.values()], routes: [...routes.values()] };
}

function relabelled(route: Route, changes: Readonly<Record<string, string | null>>): Route {
  const labels = new Map(Object.entries(route.labels));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) labels.delete(key);
    else labels.set(key, value);
  }
  return { ...route, labels: Object.fromEntries(labels) satisfies Labels };
}

function reshapedShard(shard: Shard, change: Exclude<ShapeChange, { readonly kind: 'relabel' }>): Shard {
  if (change.kind === 'scale') return { ...shard, instances: change.instances };
  const { routeSelector: _before, ...rest } = shard;
  return change.routeSelector === null ? rest : { ...rest, routeSelector: change.routeSelector };
}

/** "scale default to 3", "relabel shop sharded=true legacy-", "select sharded sharded=true": one safe line. */
export function shapeChangeText(change: ShapeChange): string {
  switch (change.kind) {
    case 'scale':
      return safe(`scale ${change.shard} to ${change.instances}`);
    case 'relabel':
      return safe(`relabel ${change.route} ${labelChangesText(change.labels)}`, 500);
    case 'select':
      return safe(
        `select ${change.shard} ${selectorText(change.routeSelector ?? undefined) || 'all routes'}`,
        500,
      );
  }
}

/** As `kubectl label` takes them. */
function labelChangesText(labels: Readonly<Record<string, string | null>>): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`))
    .join(' ');
}

export interface ShapeFault {
  readonly code: 'no-such-shard' | 'no-such-route' | 'bad-value';
  /** One safe line. */
  readonly text: string;
}

export const mostInstances = 64;

/** Why a plan cannot have it; undefined where it can. */
export function shapeFault(change: ShapeChange, plan: Plan): ShapeFault | undefined {
  if (change.kind === 'relabel') {
    if (!plan.routes.some(({ name }) => name === change.route))
      return noSuch('route', change.route, plan.routes);
    const fault = labelsFault(change.labels);
    return fault === undefined ? undefined : badValue(fault);
  }
  const shard = plan.shards.find(({ name }) => name === change.shard);
  if (shard === undefined) return noSuch('shard', change.shard, plan.shards);
  if (change.kind === 'select') {
    // Its text is what the words of a selector are checked by, wherever it comes from.
    const read = parseSelector(selectorText(change.routeSelector ?? undefined));
    return read.ok ? undefined : badValue(`the selector of ${change.shard}: ${read.message}`);
  }
  const most = Math.min(mostInstances, shard.steering.tableSize);
  return Number.isInteger(change.instances) && change.instances >= 1 && change.instances <= most
    ? undefined
    : badValue(`${shard.name} can have 1 to ${most} instances, not ${change.instances}`);
}

function labelsFault(labels: Readonly<Record<string, string | null>>): string | undefined {
  const entries = Object.entries(labels);
  if (entries.length === 0) return 'name at least one label';
  for (const [key, value] of entries) {
    const fault = labelKeyFault(key) ?? (value === null ? undefined : labelValueFault(value));
    if (fault !== undefined) return `label ${key}: ${fault}`;
  }
  return undefined;
}

function noSuch(
  what: 'route' | 'shard',
  name: string,
  known: readonly { readonly name: string }[],
): ShapeFault {
  const meant = nearest(
    name,
    known.map((each) => each.name),
  );
  const text = `there is no ${what} ${name}${meant === undefined ? '' : `: did you mean ${meant}?`}`;
  return { code: `no-such-${what}`, text: safe(text, 300) };
}

function badValue(text: string): ShapeFault {
  return { code: 'bad-value', text: safe(text, 300) };
}
