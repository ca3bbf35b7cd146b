// Who did what, from where, what it was before, what the engine confirmed; and what happened by itself.

import type { Command } from './command.ts';

export interface Actor {
  /** Token name, unix user, or "runtime" for what happened by itself. */
  readonly name: string;
  /** "uid 0 pid 4711", "10.2.0.7", "check", "drain job". */
  readonly from: string;
}

export interface JournalEntry {
  /** Grows by one; survives restarts where the journal is kept in a file. */
  readonly id: number;
  /** Wall clock. */
  readonly at: number;
  readonly kind: 'act' | 'event';
  readonly actor: Actor;
  /** The object: "web/app1", a connection id, "configuration". */
  readonly subject: string;
  /** One safe line, for people: "drain, deadline 5 min then wait on". */
  readonly text: string;
  readonly severity: 'good' | 'note' | 'warning' | 'bad';
  readonly command?: Command;
  readonly before?: string;
  readonly after?: string;
  readonly result?: 'done' | 'refused' | 'unknown';
  /** What undoes it, while that is still possible. */
  readonly inverse?: Command;
  /** Entry that undid this one. */
  readonly undoneBy?: number;
}
