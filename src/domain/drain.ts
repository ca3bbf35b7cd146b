// The drain job: what it is and what it shows. Its transitions are in drain-rules.ts.
//
//   draining ──(nothing left, nothing came for the quiet time)──► drained
//      │  ▲ (an arrival)                                             │
//      │  └───────────────────────────────────────────────────────────┘
//      ├──(deadline)──► overdue: wait on · killing at a steady pace · → maint · → ready (rolled back)
//      └──(ready / maint / rollback by an operator)──► gone

import type { DeadlineAction } from './command.ts';
import type { Milliseconds, ServerKey } from './plan.ts';
import type { AdminState } from './server-state.ts';

export type DrainPhase = 'draining' | 'drained' | 'overdue' | 'killing';

export interface DrainJob {
  readonly server: ServerKey;
  readonly phase: DrainPhase;
  /** Exactly what a rollback restores. `origin` tells whether it was an override or the configuration's own value. */
  readonly before: { readonly admin: AdminState; readonly weight: number; readonly overridden: boolean };
  /** Wall clock. */
  readonly startedAt: number;
  /** Wall clock; 0 for none. */
  readonly deadlineAt: number;
  readonly then: DeadlineAction;
  readonly killRate: number;
  /** Who asked. */
  readonly by: string;
  /** Wall clock when it was last found drained. */
  readonly drainedAt?: number;
  readonly progress: DrainProgress;
}

export interface DrainProgress {
  /** Streams on the server when the drain began, and now. */
  readonly streamsAtStart: number;
  readonly streams: number;
  readonly tunnels: number;
  /** Idle client connections that can still send a request there (cookie), and requests queued for it. */
  readonly sticky: number;
  readonly queued: number;
  /** Streams that arrived in the last `quietMs`. */
  readonly arrivals: number;
  readonly killed: number;
  /** Until nothing is left, from the pace seen; undefined where no honest estimate can be made. */
  readonly estimateMs?: Milliseconds;
}

/** A server is drained only when nothing arrived for this long. */
export const drainQuietMs: Milliseconds = 3_000;
