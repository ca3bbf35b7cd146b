// After a connection attempt failed: once more at the same server, at another one, or not at all.

import type { Backend } from './plan.ts';

export type NextAttempt = 'same' | 'other' | 'give-up';

/**
 * `failures` counts the attempts of this stream so far. As HAProxy does it (`retries`, `option redispatch`): the same server
 * again, and the last retry elsewhere; a server that may no longer be used is left at once.
 */
export function nextAttempt(
  settings: Pick<Backend, 'retries' | 'redispatch'>,
  failures: number,
  serverUsable: boolean,
): NextAttempt {
  if (failures > settings.retries) return 'give-up';
  if (settings.redispatch && (failures === settings.retries || !serverUsable)) return 'other';
  return serverUsable ? 'same' : 'give-up';
}

/** Before the same server is tried again after a refusal; a timeout was wait enough (HAProxy 2.6 manual, `retries`). */
export function retryPauseMs(connectTimeoutMs: number): number {
  return Math.min(connectTimeoutMs, 1_000);
}
