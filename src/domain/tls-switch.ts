// The switch of a route's TLS mode: what was done, and whether clients fare worse since. Its rules are in tls-switch-rules.ts.
//
//   watching ──(time is over, no worse than before)──► settled
//      │  └────(worse than the threshold allows)─────► reverted   (by itself)
//      └───────(another switch, a revert, an undo)───► gone

import type { Milliseconds } from './plan.ts';
import type { Termination } from './tls.ts';

export interface TlsSwitch {
  readonly route: string;
  readonly from: Termination;
  readonly to: Termination;
  readonly phase: 'watching' | 'settled' | 'reverted';
  readonly by: string;
  /** Wall clock. */
  readonly startedAt: number;
  readonly watchUntil: number;
  /** Wall clock of the end of `watching`. */
  readonly endedAt?: number;
  /** Share of failures beyond that of before, 0 to 1, at which it reverts by itself. */
  readonly threshold: number;
  /** Over the minute before the switch, and since; `null`: nothing came by. */
  readonly before: Fares | null;
  readonly after: Fares | null;
  /** Connections still open in the mode before. */
  readonly left: number;
  /** Wall clock at which those are ended; 0 for never. */
  readonly closeAt: number;
  /** Why it reverted, or what else is to be said: one safe line. */
  readonly text?: string;
}

/** How clients of a route fared: of `attempts` (requests with their handshakes, passed-through connections) so many failed. */
export interface Fares {
  readonly attempts: number;
  readonly failures: number;
  readonly handshakeFailures: number;
  /** Answers of class 4xx. They are no failures, but where nearly all become such a server was asked in the wrong way. */
  readonly clientErrors: number;
  readonly overMs: Milliseconds;
}
