// The machine's clocks: what a real process gives to the data plane, where tests give their own.

import type { PlaneClock } from './timers.ts';

export const systemClock: PlaneClock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  after(ms, run) {
    const timeout = setTimeout(run, ms).unref();
    return () => clearTimeout(timeout);
  },
};
