// Answers to a what-if or a trace, cut where a configuration of many thousand routes or servers would make them too long to
// send; how many were left out is told. Pure.

import type { ShardPlan } from '../../domain/shard-plan.ts';
import type { Trace } from '../../domain/trace.ts';

export function boundedPlan(plan: ShardPlan, listed: number): ShardPlan {
  const omitted: Record<string, number> = { ...plan.omitted };
  const cut = <T>(name: string, list: readonly T[]): readonly T[] => {
    if (list.length <= listed) return list;
    omitted[name] = (omitted[name] ?? 0) + list.length - listed;
    return list.slice(0, listed);
  };
  const { routes } = plan;
  const bounded: ShardPlan = {
    ...plan,
    routes: {
      moved: cut('moved', routes.moved),
      orphaned: cut('orphaned', routes.orphaned),
      doublyServed: cut('doublyServed', routes.doublyServed),
      conflicts: cut('conflicts', routes.conflicts),
      activated: cut('activated', routes.activated),
      removed: cut('removed', routes.removed),
      added: cut('added', routes.added),
    },
    shards: cut('shards', plan.shards),
    // Of each backend its servers, too: with those of all of them it is bounded by the size of a configuration.
    servers: cut('servers', plan.servers).map((backend) => ({
      ...backend,
      before: backend.before.slice(0, listed),
      after: backend.after.slice(0, listed),
    })),
  };
  return Object.keys(omitted).length === 0 ? bounded : { ...bounded, omitted };
}

export function boundedTrace(trace: Trace, listed: number): Trace {
  const steps = trace.steps.map((step) => {
    const { candidates } = step;
    if (candidates === undefined || candidates.length <= listed) return step;
    const more = (step.more ?? 0) + candidates.length - listed;
    return { ...step, candidates: candidates.slice(0, listed), more };
  });
  return { ...trace, steps };
}
