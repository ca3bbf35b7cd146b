// The shape of a plan: how many instances a shard has, which labels a route, which selector a shard. What operators change
// of it at run time is an override, held apart from the configuration; the plan that runs is the configuration's with them.

import type { Plan, Route, Shard } from './plan.ts';
import { safe } from './safe.ts';
import { type LabelSelector, type Labels, selectorText } from './selector.ts';

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
