// Time comes in from outside: pure code and tests never read the machine's clock.

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Runs once after `ms`; the disposer cancels. Must not keep a process alive. */
  after(ms: number, run: () => void): () => void;
}

/** A value in [0, 1). */
export type Random = () => number;
