// Carries out one change of a server's override: proposes it to the engine, and holds it only once it is confirmed.

import type { Outcome, RefusalCode } from '../domain/command.ts';
import type { ServerKey } from '../domain/plan.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { Override } from './overrides.ts';
import type { ServerStates } from './server-states.ts';

export type Confirmed =
  | { readonly result: 'done' }
  | { readonly result: 'refused'; readonly code: RefusalCode; readonly text: string }
  | Extract<Outcome, { result: 'unknown' }>;

/** A server that the plan does not have any more has nobody to confirm it. */
export async function changeState(
  key: ServerKey,
  next: Override,
  states: ServerStates,
  engine: Pick<Engine, 'setServers'>,
  /** Tells the engine what holds. */
  assert: (key: ServerKey) => void,
): Promise<Confirmed> {
  if (states.has(key)) {
    const wish = states.propose(key, next);
    try {
      await engine.setServers([wish]);
    } catch (error) {
      // What was not confirmed does not hold; some instance may have taken it all the same.
      states.propose(key, undefined);
      assert(key);
      const text = error instanceof Error ? error.message : String(error);
      return error instanceof EngineError && error.code !== 'unknown'
        ? { result: 'refused', code: 'busy', text }
        : { result: 'unknown', text: `not confirmed by the engine: ${text}` };
    }
  }
  states.commit(key, next);
  return { result: 'done' };
}
