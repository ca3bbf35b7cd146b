// What a plan in force means for what operators did and began under the one before: ended, held or told, never dropped
// without a word.

import type { Admission } from '../domain/admission.ts';
import type { Drains } from './drains.ts';
import type { Happening } from './journal.ts';
import { endDrains, tellKeptOverrides } from './reloaded-servers.ts';
import type { ServerStates } from './server-states.ts';
import type { Plans } from './shape/plans.ts';
import { tellKeptShape, tellUnserved } from './shape/reloaded-shape.ts';

export function tellReloaded(
  before: Plans,
  after: Plans,
  context: {
    readonly states: ServerStates;
    readonly drains: Drains;
    admissions(): readonly [before: Admission, after: Admission];
    happened(happening: Happening): void;
  },
): void {
  const { states, drains, happened } = context;
  endDrains(drains, states, happened);
  tellKeptOverrides(before.running, after.running, states, happened);
  // Who changes the shape was shown what comes of it, and is answered with it.
  if (after.configured === before.configured) return;
  tellKeptShape(before.configured, after.configured, after.shape, happened);
  tellUnserved(...context.admissions(), happened);
}
