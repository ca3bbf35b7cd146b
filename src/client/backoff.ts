// How long to wait before the next try: doubling, bounded, and spread so that many consoles do not return in step.

import type { Random } from '../domain/clock.ts';

const firstMs = 250;
const longestMs = 10_000;

/** @param attempt 1 for the first try after a loss */
export function backoffMs(attempt: number, random: Random): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  return Math.round(whole / 2 + (whole / 2) * random());
}
