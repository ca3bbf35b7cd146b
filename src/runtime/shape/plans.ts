// The two plans of a runtime, never confused: what the configuration says, and what runs, which is the same with operators'
// overrides of shape. Reload and write-back compare the former with the file; the engine and the model have the latter.

import { planHash } from '../../config/plan-hash.ts';
import type { Plan } from '../../domain/plan.ts';
import { reshaped } from '../../domain/shape.ts';
import { beyondConfigured, type HeldShapes, isAbout } from './held-shape.ts';

export interface Plans {
  readonly configured: Plan;
  /** Has a hash of its own where an override makes a difference. */
  readonly running: Plan;
  readonly shape: HeldShapes;
}

export function plansOf(configured: Plan, held: HeldShapes): Plans {
  const shape = beyondConfigured(held, configured);
  const changes = [...shape.values()].map(({ value }) => value).filter((each) => isAbout(each, configured));
  if (changes.length === 0) return { configured, running: configured, shape };
  const next = reshaped(configured, changes);
  return { configured, running: { ...next, hash: planHash(next) }, shape };
}
