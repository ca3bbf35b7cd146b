// Time that moves only when a test says so.

import type { PlaneClock } from '../../src/proxy/timers.ts';

export interface FakeClock extends PlaneClock {
  /** Runs everything that falls due on the way, in its order. */
  advance(ms: number): void;
  /** Time passes and nothing runs, as while a process is stopped. */
  jump(ms: number): void;
  /** How many wait to be run. */
  readonly pending: number;
}

export function fakeClock(start = 1_000): FakeClock {
  let now = start;
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now + 1_700_000_000_000,
    mono: () => now,
    after(ms, run) {
      const entry = { at: now + ms, run };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = until;
    },
    jump(ms) {
      now += ms;
    },
    get pending() {
      return waiting.size;
    },
  };
}
