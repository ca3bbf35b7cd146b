// Puts a plan in force: in the engine, with the states and TLS modes that hold, and then in everything that follows from
// it; or nowhere. A reload brings another configuration, a change of shape the same one with other overrides.

import { type Engine, EngineError } from '../engine/engine.ts';
import type { Certificates, ReadyMaterial } from './certificates/certificates.ts';
import type { RouteStates } from './route-states.ts';
import type { ServerStates } from './server-states.ts';
import type { Plans } from './shape/plans.ts';

export type Swapped =
  | { readonly result: 'done' }
  /** What the engine says; the plan before goes on serving. */
  | { readonly result: 'failed'; readonly text: string }
  | { readonly result: 'unknown'; readonly text: string };

/** @param read TLS files that were read for it; without them those in force are served on */
export type PlanSwap = (next: Plans, read?: ReadyMaterial) => Promise<Swapped>;

export function createPlanSwap(options: {
  readonly engine: Engine;
  readonly states: ServerStates;
  readonly routes: RouteStates;
  readonly certificates: Certificates;
  plans(): Plans;
  inForce(next: Plans): void;
  /** Nobody knows which plan its instances have. */
  unconfirmed(): void;
}): PlanSwap {
  const { engine, states, routes, certificates } = options;
  return async (next, read) => {
    const before = options.plans();
    // Only an override goes or comes that makes no difference: there is nothing to confirm.
    if (!read && next.running.hash === before.running.hash) {
      options.inForce(next);
      return { result: 'done' };
    }
    // The states take the plan over first, so that the wishes are those of the new servers; taken back on a refusal.
    states.adopt(next.running);
    routes.adopt(next);
    try {
      const material = read?.material ?? certificates.material();
      await engine.apply(next.running, states.wishes(), { routes: routes.wishes(), material });
    } catch (error) {
      states.adopt(before.running);
      routes.adopt(before);
      const text = error instanceof Error ? error.message : String(error);
      if (!(error instanceof EngineError && error.code === 'unknown')) return { result: 'failed', text };
      options.unconfirmed();
      return { result: 'unknown', text: `the engine did not confirm the new plan: ${text}` };
    }
    if (read) certificates.adopt(read);
    options.inForce(next);
    return { result: 'done' };
  };
}
