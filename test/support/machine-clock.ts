// The machine's own clock, for tests over real sockets.

import type { Clock } from '../../src/domain/clock.ts';

export const machineClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
