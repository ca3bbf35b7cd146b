// After a plan that the engine did not confirm nobody knows which one its instances have. The one in force is told again until
// it is confirmed: what was asked for and not confirmed is not in it, so no act is repeated by this.

import type { Clock } from '../domain/clock.ts';
import type { Disposer } from '../domain/event.ts';

export interface PlanAssertion {
  begin(): void;
  close: Disposer;
}

const tellAgainMs = 1_000;

export function createPlanAssertion(options: {
  readonly clock: Clock;
  /** Runs when nothing else changes plans. */
  alone(work: () => Promise<void>): Promise<void>;
  /** Tells the plan in force. */
  apply(): Promise<void>;
}): PlanAssertion {
  const { clock, alone, apply } = options;
  let cancel: Disposer | undefined;
  let closed = false;
  function begin(): void {
    if (closed) return;
    cancel?.();
    cancel = clock.after(tellAgainMs, () => {
      cancel = undefined;
      alone(apply).catch(begin);
    });
  }
  return {
    begin,
    close() {
      closed = true;
      cancel?.();
    },
  };
}
