// When to draw: data at most four times a second, ten times just after a key, at once when the operator acts after a rest,
// and never into a terminal that does not read.

import type { Clock } from '../../domain/clock.ts';

export interface PaceOptions {
  readonly clock: Clock;
  readonly draw: () => void;
  /** The terminal has not taken what it was sent: drawing more would only queue up old pictures. */
  readonly isBehind: () => boolean;
  /** A slow line: one picture a second, whatever comes. */
  readonly slow: boolean;
}

export interface Pace {
  /** Something to show may have changed. */
  changed(): void;
  /** The operator did something: the next picture is the answer. */
  acted(): void;
  /** The terminal reads again. */
  caughtUp(): void;
  stop(): void;
}

const gaps = { data: 250, keys: 100, slow: 1_000 };
/** An answer often comes from the runtime a little after the key. */
const keysLastMs = 1_000;
/** Ages and clocks move even when nothing is heard; a stale screen must look it. */
const restMs = 1_000;

export function createPace({ clock, draw, isBehind, slow }: PaceOptions): Pace {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let actedAt = Number.NEGATIVE_INFINITY;
  let missed = false;
  let dueAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let stopped = false;

  function drawNow(): void {
    cancel();
    dueAt = Number.POSITIVE_INFINITY;
    if (stopped) return;
    if (isBehind()) {
      missed = true;
      return;
    }
    missed = false;
    drawnAt = clock.now();
    draw();
    schedule(drawnAt + restMs);
  }

  function schedule(at: number): void {
    if (stopped || missed || at >= dueAt) return;
    cancel();
    dueAt = at;
    cancel = clock.after(Math.max(0, at - clock.now()), drawNow);
  }

  function gap(): number {
    if (slow) return gaps.slow;
    return clock.now() - actedAt < keysLastMs ? gaps.keys : gaps.data;
  }

  return {
    changed: () => schedule(Math.max(clock.now(), drawnAt + gap())),
    acted() {
      actedAt = clock.now();
      // Also on a slow line: an operator must see where the cursor is.
      if (clock.now() - drawnAt >= gaps.keys) drawNow();
      else schedule(drawnAt + gaps.keys);
    },
    caughtUp() {
      if (missed) drawNow();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
