// What becomes of routes when one plan follows another: who is served elsewhere, by nobody, by several, or is refused.

import type { Admission, RouteStatus } from './admission.ts';
import type { Plan } from './plan.ts';
import type { ShardPlan } from './shard-plan.ts';

interface Admissions {
  readonly before: Plan;
  readonly after: Plan;
  readonly admissionBefore: Admission;
  readonly admissionAfter: Admission;
}

type Refused = RouteStatus & { readonly admitted: false };

/** In the order of the plan that would be, then of those that would be gone. */
export function routeMoves(facts: Admissions): ShardPlan['routes'] {
  const { before, after, admissionBefore, admissionAfter } = facts;
  const known = new Set(before.routes.map(({ name }) => name));
  const stays = new Set(after.routes.map(({ name }) => name));
  const routes = after.routes.map(({ name }) => {
    const then = admissionAfter.statuses.get(name) ?? [];
    const now = admissionBefore.statuses.get(name) ?? [];
    return { route: name, isNew: !known.has(name), now, then, from: serving(now), to: serving(then) };
  });
  return {
    moved: routes
      .filter(({ isNew, from, to }) => !isNew && to.length > 0 && !same(from, to))
      .map(({ route, from, to }) => ({ route, from, to })),
    orphaned: routes.filter(({ from, to }) => from.length > 0 && to.length === 0).map(({ route }) => route),
    doublyServed: routes
      .filter(({ from, to }) => from.length < 2 && to.length > 1)
      .map(({ route, to }) => ({ route, shards: to })),
    conflicts: routes.flatMap(({ route, now, then }) =>
      then
        .filter(isRefused)
        .filter(({ shard }) => !now.some((status) => status.shard === shard && isRefused(status)))
        .map((status) => ({ route, status })),
    ),
    activated: routes.flatMap(({ route, now, to }) =>
      to
        .filter((shard) => now.some((status) => status.shard === shard && isRefused(status)))
        .map((shard) => ({ route, shard })),
    ),
    removed: before.routes.filter(({ name }) => !stays.has(name)).map(({ name }) => name),
    added: routes.filter(({ isNew }) => isNew).map(({ route }) => route),
  };
}

function serving(statuses: readonly RouteStatus[]): readonly string[] {
  return statuses.filter(({ admitted }) => admitted).map(({ shard }) => shard);
}

function isRefused(status: RouteStatus): status is Refused {
  return !status.admitted;
}

/** Shards may have come to stand in another order, which moves nothing. */
function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((shard) => other.includes(shard));
}
