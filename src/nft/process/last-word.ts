// When the runtime ends it waits for the kernel's programs for a while, and no longer: one that hangs must not keep it.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';

export interface LastWord {
  readonly isOver: boolean;
  /** Every program that runs by then is ended, and none is started any more. The first call holds. */
  within(ms: number): void;
  /** Calls back when it is over, never at once. */
  over(listener: () => void): Disposer;
}

export function createLastWord(clock: Clock): LastWord {
  const listeners = new Set<() => void>();
  let isOver = false;
  let isSet = false;
  return {
    get isOver() {
      return isOver;
    },
    within(ms) {
      if (isSet) return;
      isSet = true;
      clock.after(ms, () => {
        isOver = true;
        for (const listener of [...listeners]) listener();
        listeners.clear();
      });
    },
    over(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
