// Carries out one change of a route's TLS mode: proposes it to the engine, and holds it only once it is confirmed.

import type { Termination } from '../domain/tls.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { Confirmed } from './changes-of-state.ts';
import type { Wished } from './overrides.ts';
import type { RouteOverride, RouteStates } from './route-states.ts';

/** @param override undefined: the configuration's own mode. A route without TLS has nobody to confirm it. */
export async function changeRoute(
  route: string,
  override: RouteOverride,
  states: RouteStates,
  engine: Pick<Engine, 'setRoutes'>,
  /** Tells the engine what holds. */
  assert: (route: string) => void,
): Promise<Confirmed> {
  const before = states.termination(route);
  const next = override?.value ?? states.configured(route);
  if (before !== undefined && next !== undefined && next !== before) {
    try {
      await engine.setRoutes([states.propose(route, next)]);
    } catch (error) {
      // What was not confirmed does not hold; some instance may have taken it all the same.
      states.propose(route, null);
      assert(route);
      const text = error instanceof Error ? error.message : String(error);
      return error instanceof EngineError && error.code !== 'unknown'
        ? { result: 'refused', code: 'busy', text }
        : { result: 'unknown', text: `not confirmed by the engine: ${text}` };
    }
  }
  states.commit(route, override);
  return { result: 'done' };
}

/** A mode that the configuration says itself is no override. What stays keeps its author and date. */
export function routeOverride(
  states: RouteStates,
  route: string,
  termination: Termination,
  by: string,
  at: number,
): RouteOverride {
  if (states.configured(route) === termination) return undefined;
  const before: Wished<Termination> | undefined = states.override(route);
  return before?.value === termination ? before : { value: termination, by, at };
}
