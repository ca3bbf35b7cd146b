// The shape of a plan: how many instances a shard has, which labels a route, which selector a shard. What operators change
// of it at run time is an override, held apart from the configuration; the plan that runs is the configuration's with them.

import type { Plan } from './plan.ts';
import type { LabelSelector } from './selector.ts';

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
export function reshaped(_plan: Plan, _changes: readonly ShapeChange[]): Plan {
  throw new Error('to be written');
}

/** "scale default to 3", "relabel shop sharded=true", "select sharded sharded=true": one safe line. */
export function shapeChangeText(_change: ShapeChange): string {
  throw new Error('to be written');
}
