// The time of session ticket keys, cut into epochs that every instance counts alike: who makes the secret of an epoch and
// who derives later ones from it agree on this alone.

import type { Milliseconds } from './plan.ts';

/** A key is used for one epoch, so that a ticket lives at most so long (RFC 8446 4.6.1 allows 7 d). */
export const ticketEpochMs: Milliseconds = 12 * 3_600_000;

/** Counted from 1970. `wall`: wall clock. */
export function ticketEpoch(wall: number): number {
  return Math.floor(wall / ticketEpochMs);
}
