// How everything that is not a runtime talks to one: attach, mirror the model, subscribe, command.

import type { Command, Outcome, Preview } from '../domain/command.ts';
import type { ConnectionDetail, ConnectionOrder, ConnectionRow, StreamRecord } from '../domain/connection.ts';
import type { Disposer, Event } from '../domain/event.ts';
import type { RulesetQuery, RulesetWindow } from '../domain/kernel.ts';
import type { Change, Model } from '../domain/model.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { HistoryPoint, Sample, SampleTopic } from '../domain/sample.ts';
import type { ShardPlan, WhatIf } from '../domain/shard-plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { Trace, TraceQuestion } from '../domain/trace.ts';

export type Role = 'viewer' | 'operator';

/**
 *   connecting → live ⇄ waiting (reconnects by itself, with back-off and jitter) → closed
 * `model` stays readable in every state; while not live it is what was last seen.
 */
export type AttachState =
  | { readonly state: 'connecting'; readonly since: number }
  | { readonly state: 'live'; readonly since: number; readonly role: Role; readonly actor: string }
  | {
      readonly state: 'waiting';
      readonly since: number;
      readonly attempt: number;
      readonly retryAt: number;
      readonly reason: string;
    }
  /** For good: closed by us, not permitted, or no version in common. */
  | {
      readonly state: 'closed';
      readonly reason: string;
      readonly code: 'closed' | 'not-permitted' | 'incompatible';
    };

export interface RuntimeClient {
  readonly url: string;
  readonly attach: AttachState;
  readonly attachChanges: Event<AttachState>;
  /** Resolves at the first `live`. @throws AttachError when nobody listens there, not permitted, … and `retry` is off. */
  ready(): Promise<void>;
  readonly model: Model;
  /** After they were applied to `model`; one call a message. An empty array: the model was replaced as a whole (resync). */
  readonly changes: Event<readonly Change[]>;
  /** Milliseconds to add to this machine's clock to get the runtime's. */
  readonly clockOffset: number;
  /** Wall clock (ours) of the last message of any kind. */
  readonly lastHeardAt: number;

  /** `servers` only of these backends, where they are given: ten thousand of them are much to send for forty rows. */
  samples(
    topics: readonly SampleTopic[],
    intervalMs: number,
    listener: (sample: Sample) => void,
    serversOf?: readonly string[],
  ): Disposer;
  history(): Promise<readonly HistoryPoint[]>;
  connections(query: ConnectionTableQuery, listener: (table: ConnectionTable) => void): ConnectionTableWatch;
  connection(id: string): Promise<ConnectionDetail | undefined>;
  /** The kernel's ruleset as rows: this window of it, sent as it changes and counts. */
  openRuleset(query: RulesetQuery, listener: (window: RulesetWindow) => void): RulesetWatch;
  tail(
    filter: string,
    listener: (batch: { readonly records: readonly StreamRecord[]; readonly dropped: number }) => void,
  ): Disposer;
  /** What if: changes nothing. @throws RpcError `notPlanned` with the reason: no such shard, a configuration with faults … */
  shardPlan(whatIf: WhatIf): Promise<ShardPlan>;
  /** @throws RpcError `invalidParams` where the question makes no sense */
  trace(question: TraceQuestion): Promise<Trace>;
  preview(command: Command): Promise<Preview>;
  /**
   * Probes what a switch of a route's TLS mode would meet; `listener` is called as findings come in, the last time with
   * a verdict. Ended by the disposer. Operators only. `failed`: it could not be begun.
   */
  preflight(
    route: string,
    termination: Termination,
    listener: (preflight: Preflight) => void,
    failed?: (reason: string) => void,
  ): Disposer;
  /** Sent at most once: when the attachment breaks before the answer, the outcome is `unknown`, or, once attached again, the true one. */
  execute(
    command: Command,
    conditions?: {
      /** The preview's `from`: refused with `changed-since` where the server is not in that state any more. */
      readonly from?: NonNullable<Preview['from']>;
    },
  ): Promise<Outcome>;
  close(): void;
}

export interface ConnectionTableQuery {
  readonly filter: string;
  readonly order: ConnectionOrder;
  readonly offset: number;
  readonly limit: number;
  readonly ended: boolean;
}

export interface ConnectionTable {
  /** What it answers: after an `update`, tables of the query before may still be on their way. */
  readonly query: ConnectionTableQuery;
  readonly at: number;
  readonly total: number;
  readonly matched: number;
  readonly rows: readonly ConnectionRow[];
}

export interface ConnectionTableWatch {
  update(query: ConnectionTableQuery): void;
  close(): void;
}

export interface RulesetWatch {
  update(query: RulesetQuery): void;
  close(): void;
}

export type AttachErrorCode = 'no-runtime' | 'not-permitted' | 'incompatible' | 'protocol' | 'lost';

export class AttachError extends Error {
  override readonly name = 'AttachError';
  readonly code: AttachErrorCode;
  constructor(code: AttachErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
