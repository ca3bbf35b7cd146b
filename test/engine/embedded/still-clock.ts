import type { PlaneClock } from '../../../src/proxy/timers.ts';

export interface StillClock extends PlaneClock {
  /** Lets so much time pass, running what is due in order. */
  pass(ms: number): void;
  readonly pending: number;
}

/** Stands still until a test lets time pass. */
export function createStillClock(): StillClock {
  let now = 1_000;
  let due: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    mono: () => now,
    after(ms, run) {
      const entry = { at: now + ms, run };
      due.push(entry);
      return () => {
        due = due.filter((each) => each !== entry);
      };
    },
    pass(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        due = due.filter((each) => each !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = until;
    },
    get pending() {
      return due.length;
    },
  };
}
