// Blocks in words, as outcomes, previews and the journal say them.

import type { BlockEntity } from '../../domain/kernel.ts';
import { spokenDuration } from '../../domain/units.ts';

/** "30 s", "10 min": whole seconds, at least one. */
export function spokenUntil(from: number, to: number): string {
  return spokenDuration(Math.max(1, Math.round((to - from) / 1_000)) * 1_000);
}

/** "blocked for 10 min more, by anna: scanning". */
export function blockText({ by, why, until, confirmBy }: BlockEntity, now: number): string {
  const how =
    confirmBy !== undefined
      ? `unconfirmed, ${spokenUntil(now, confirmBy)} left`
      : until === undefined
        ? 'until it is unblocked'
        : `for ${spokenUntil(now, until)} more`;
  return `blocked ${how}, by ${by}${why === '' ? '' : `: ${why}`}`;
}
