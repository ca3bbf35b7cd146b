// A token bucket: how much of something a peer may do, and whether it has done too much.

import type { Clock } from '../../domain/clock.ts';

/** Answers whether one more is allowed; refills `perSecond`, and holds at most one second's worth. */
export function createBudget(perSecond: number, clock: Pick<Clock, 'now'>): () => boolean {
  let left = perSecond;
  let at = clock.now();
  return () => {
    const now = clock.now();
    left = Math.min(perSecond, left + (Math.max(0, now - at) * perSecond) / 1_000);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
