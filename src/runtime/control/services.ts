// What the control server asks of the runtime: everything a console can see and do, without sockets.

import type { Command, Outcome, Preview } from '../../domain/command.ts';
import type { ConnectionDetail } from '../../domain/connection.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Actor } from '../../domain/journal.ts';
import type { RulesetQuery, RulesetWindow } from '../../domain/kernel.ts';
import type { Preflight } from '../../domain/preflight.ts';
import type { HistoryPoint, Sample, SampleTopic } from '../../domain/sample.ts';
import type { ShardPlan, WhatIf } from '../../domain/shard-plan.ts';
import type { Termination } from '../../domain/tls.ts';
import type { Trace, TraceQuestion } from '../../domain/trace.ts';
import type { ConnectionQuery, ConnectionWatch, ConnectionWindow, TailBatch } from '../../engine/engine.ts';
import type { Role } from '../../protocol/schemas/words.ts';
import type { ModelStore } from '../model-store.ts';

/** A console, or a verb of the command line, while it is attached. */
export interface AttachedConsole {
  readonly actor: Actor;
  /** Address of the ssh client whose session it is, as it says itself. */
  readonly ssh?: string;
}

export interface ControlServices {
  readonly store: ModelStore;
  readonly name: string;
  readonly version: string;
  /** It was identified, and is attached until it is disposed of. */
  attached(console: AttachedConsole): Disposer;
  samples(
    topics: readonly SampleTopic[],
    intervalMs: number,
    listener: (sample: Sample) => void,
    serversOf?: readonly string[],
  ): Disposer;
  history(): readonly HistoryPoint[];
  /** What is wrong with a filter expression; undefined where nothing is. */
  filterFault(filter: string): string | undefined;
  watchConnections(query: ConnectionQuery, listener: (window: ConnectionWindow) => void): ConnectionWatch;
  connection(id: string): Promise<ConnectionDetail | undefined>;
  /** The listener has a first window soon, then one whenever it changed; where there is no nft, one that says so. */
  watchRuleset(query: RulesetQuery, listener: (window: RulesetWindow) => void): RulesetWatch;
  tail(filter: string, listener: (batch: TailBatch) => void): Disposer;
  /** `fault`: why there is none, in words fit for a screen. */
  shardPlan(whatIf: WhatIf): Promise<ShardPlan | { readonly fault: string }>;
  trace(question: TraceQuestion): Promise<Trace | { readonly fault: string }>;
  /** `actor`: who asks, so that what would hit him is told as his own. */
  preview(command: Command, actor?: Actor): Promise<Preview>;
  /**
   * Probes what a switch of the route's TLS mode would meet. The listener has all that was found so far each time, the last
   * time with a verdict; the disposer ends the probes. `fault`: it could not be begun, in words fit for a screen.
   */
  preflight(
    route: string,
    termination: Termination,
    listener: (preflight: Preflight) => void,
  ): Disposer | { readonly fault: string };
  execute(request: CommandRequest): Promise<Outcome>;
  /** Undefined where the runtime never heard of this id. */
  outcome(id: string, actor: Actor): Promise<Outcome> | undefined;
}

export interface RulesetWatch {
  update(query: RulesetQuery): void;
  close(): void;
}

export interface CommandRequest {
  readonly id: string;
  readonly actor: Actor;
  readonly command: Command;
  /** Refused with `changed-since` where the server is not in this state any more. */
  readonly from?: NonNullable<Preview['from']>;
}

/** Who sits at a console, as far as the runtime could verify. */
export interface Identity {
  readonly actor: Actor;
  readonly role: Role;
  /** False once the token was revoked or changed its role; asked from time to time. */
  stillHolds(): Promise<boolean>;
}

export type Identified = { readonly identity: Identity } | { readonly refused: string };
