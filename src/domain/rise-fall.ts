// From check results to an operational state, by rise and fall, with HAProxy's semantics (its `health` counter):
//
//            ok                    fall × failed in a row
//   starting ──► up ─────────────────────────────────────► down
//      │          ▲ ◄──────────────────────────────────────┘  ▲
//      │          │           rise × ok in a row              │
//      └──────────┼───────────────── failed ──────────────────┘
//   paused ───────┘ (leaving maint: up at once, untried: the first failure takes it down)

import type { Random } from './clock.ts';
import type { Check, Milliseconds } from './plan.ts';
import type { OperationalState } from './server-state.ts';

export type Health =
  | { readonly state: 'starting' }
  | {
      readonly state: 'up';
      /** Failed in a row, less than `fall`. */
      readonly failures: number;
      /** Up on trust, as after maint: no check has passed yet. */
      readonly untried: boolean;
    }
  /** `successes`: ok in a row, less than `rise`. */
  | { readonly state: 'down'; readonly successes: number }
  /** In maint. No check runs; a late result changes nothing. */
  | { readonly state: 'paused' };

export const startingHealth: Health = { state: 'starting' };
export const pausedHealth: Health = { state: 'paused' };
/** Leaving maint. HAProxy shows such a server as "UP 1/3". */
export const resumedHealth: Health = { state: 'up', failures: 0, untried: true };

const up: Health = { state: 'up', failures: 0, untried: false };

export function afterCheck(health: Health, ok: boolean, check: Pick<Check, 'rise' | 'fall'>): Health {
  switch (health.state) {
    case 'starting':
      return ok ? up : { state: 'down', successes: 0 };
    case 'up':
      if (ok) return up;
      return health.untried || health.failures + 1 >= check.fall
        ? { state: 'down', successes: 0 }
        : { state: 'up', failures: health.failures + 1, untried: false };
    case 'down':
      if (!ok) return { state: 'down', successes: 0 };
      return health.successes + 1 >= check.rise ? up : { state: 'down', successes: health.successes + 1 };
    case 'paused':
      return health;
  }
}

export function operationalOf(health: Health): OperationalState {
  return health.state;
}

/** Results towards the next change; undefined while nothing is about to change. */
export function checkProgress(
  health: Health,
  check: Pick<Check, 'rise' | 'fall'>,
): { readonly done: number; readonly of: number; readonly towards: 'up' | 'down' } | undefined {
  if (health.state === 'up' && health.failures > 0)
    return { done: health.failures, of: check.fall, towards: 'down' };
  if (health.state === 'down' && health.successes > 0)
    return { done: health.successes, of: check.rise, towards: 'up' };
  return undefined;
}

/** From the end of one check to the start of the next; undefined while paused. */
export function nextCheckDelay(
  health: Health,
  check: Pick<Check, 'interval' | 'fastInterval' | 'downInterval' | 'jitter'>,
  random: Random,
): Milliseconds | undefined {
  const base = intervalOf(health, check);
  return base === undefined ? undefined : Math.round(base * (1 + check.jitter * (2 * random() - 1)));
}

function intervalOf(
  health: Health,
  check: Pick<Check, 'interval' | 'fastInterval' | 'downInterval'>,
): Milliseconds | undefined {
  switch (health.state) {
    case 'starting':
      return check.fastInterval;
    case 'up':
      return health.failures > 0 || health.untried ? check.fastInterval : check.interval;
    case 'down':
      return health.successes > 0 ? check.fastInterval : check.downInterval;
    case 'paused':
      return undefined;
  }
}
