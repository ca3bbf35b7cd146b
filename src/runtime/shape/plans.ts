// The two plans of a runtime, never confused: what the configuration says, and what runs, which is the same with operators'
// overrides of shape. Reload and write-back compare the former with the file; the engine and the model have the latter.

import { planHash } from '../../config/plan-hash.ts';
import type { Plan } from '../../domain/plan.ts';
import { reshaped, shapeFault } from '../../domain/shape.ts';
import { beyondConfigured, type HeldShape, type HeldShapes, isAbout, withHeld } from './held-shape.ts';
import { overrideText } from './shape-wording.ts';

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

/** The first override that this configuration leaves no room for, and why; those of what it does not have rest. */
export function impossibleShape(
  held: HeldShapes,
  configured: Plan,
): { readonly key: string; readonly held: HeldShape; readonly why: string } | undefined {
  for (const [key, each] of held) {
    const fault = shapeFault(each.value, configured);
    if (fault?.code === 'bad-value') return { key, held: each, why: fault.text };
  }
  return undefined;
}

/** Without those, and what is to be said of them. */
export function possibleShape(
  held: HeldShapes,
  configured: Plan,
): { readonly held: HeldShapes; readonly dropped: readonly string[] } {
  const impossible = impossibleShape(held, configured);
  if (!impossible) return { held, dropped: [] };
  const { key, why } = impossible;
  const { by, value } = impossible.held;
  const rest = possibleShape(withHeld(held, new Map([[key, null]])), configured);
  const text = `${key} is not ${overrideText(value)} by ${by} any more: ${why}`;
  return { held: rest.held, dropped: [text, ...rest.dropped] };
}
