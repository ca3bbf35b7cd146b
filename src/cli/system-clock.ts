// The machine's clock and randomness, handed to everything that needs them.
import type { Clock, Random } from '../domain/clock.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = () => Math.random();
