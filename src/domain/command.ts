// What an operator can ask for. A command is data: it can be explained, previewed, journalled and undone.

import type { Milliseconds, ServerKey } from './plan.ts';
import type { AdminState } from './server-state.ts';
import type { ShapeChange } from './shape.ts';
import type { Termination } from './tls.ts';

/** What a drain job does when its deadline passes with something left. */
export type DeadlineAction = 'wait' | 'kill' | 'maint' | 'ready';

export type Command =
  | {
      readonly kind: 'drain';
      readonly server: ServerKey;
      /** 0: no deadline. */
      readonly deadlineMs: Milliseconds;
      readonly then: DeadlineAction;
      /** Connections ended per second once the deadline's action is `kill`. */
      readonly killRate: number;
    }
  | { readonly kind: 'ready'; readonly server: ServerKey }
  | { readonly kind: 'maint'; readonly server: ServerKey }
  | { readonly kind: 'weight'; readonly server: ServerKey; readonly weight: number }
  /** Ends the drain job and restores the exact former admin state and weight. */
  | { readonly kind: 'rollback'; readonly server: ServerKey }
  | { readonly kind: 'kill'; readonly connection: string }
  /** The newest undoable act, or the journal entry named. */
  | { readonly kind: 'undo'; readonly entry?: number }
  /** Drops an override: the configuration's own value holds again. */
  | { readonly kind: 'reset'; readonly server: ServerKey }
  /** Makes an override the configuration's own value: written into its file, which is then loaded. */
  | { readonly kind: 'write-back'; readonly server: ServerKey }
  | {
      readonly kind: 'tls-switch';
      readonly route: string;
      readonly termination: Termination;
      /** How long it is watched afterwards, and may revert by itself; 0: not at all. */
      readonly watchMs: Milliseconds;
      /** Share of failures, 0 to 1, beyond that of before, at which it reverts. */
      readonly threshold: number;
      /** Connections in the mode before are ended gracefully by then; 0: they stay as long as they like. */
      readonly closeMs: Milliseconds;
      /** The route's name once more: switches although the preflight found it unsafe. */
      readonly force?: string;
    }
  /** Back to the TLS mode before the last switch, while it is known; else to the configuration's. */
  | { readonly kind: 'tls-revert'; readonly route: string }
  /** As `reset` and `write-back`, of a route's TLS mode. */
  | { readonly kind: 'reset-route'; readonly route: string }
  | { readonly kind: 'write-back-route'; readonly route: string }
  /** All of them, in force at once, or none. `from`: refused where that is not the hash of the plan in force any more. */
  | { readonly kind: 'reshape'; readonly changes: readonly ShapeChange[]; readonly from?: string }
  /** As `reset` and `write-back`, of one drift of shape by its key: "default:instances", "shop:labels", "sharded:routeSelector". */
  | { readonly kind: 'reset-shape'; readonly drift: string }
  | { readonly kind: 'write-back-shape'; readonly drift: string }
  /** Replaces a shard's instances, one after another, by new processes of the program the runtime has. */
  | { readonly kind: 'renew'; readonly shard: string }
  /** Drops all packets from an address or network. */
  | {
      readonly kind: 'block';
      /** Canonical, as BlockEntity.address. */
      readonly address: string;
      /** 0: until it is unblocked. */
      readonly forMs: Milliseconds;
      readonly why: string;
      /** It takes itself back unless it is confirmed within; 0: it stands at once. */
      readonly confirmMs: Milliseconds;
      /** The address once more: blocks it although it would lock somebody out. */
      readonly force?: string;
    }
  | { readonly kind: 'confirm-block'; readonly address: string }
  | { readonly kind: 'unblock'; readonly address: string }
  /** One endpoint of a server that is a service. */
  | {
      readonly kind: 'endpoint';
      readonly server: ServerKey;
      readonly endpoint: string;
      readonly admin: 'ready' | 'drain';
    }
  /** `from`: as of `reshape`; `to`: refused where the file would come to another plan than the one that was shown. */
  | { readonly kind: 'reload'; readonly from?: string; readonly to?: string };

/**
 * What the engine confirmed, never merely what was asked.
 * `unknown`: the engine went away before it answered; read the state again, nothing is retried blindly.
 */
export type Outcome =
  | {
      readonly result: 'done';
      readonly seq: number;
      /** The journal entry, where undo can take it back. */
      readonly entry?: number;
      readonly text: string;
    }
  | {
      readonly result: 'refused';
      readonly code: RefusalCode;
      readonly text: string;
      readonly remedy?: string;
    }
  | { readonly result: 'unknown'; readonly text: string };

export type RefusalCode =
  | 'no-such-server'
  | 'no-such-connection'
  | 'no-such-route'
  | 'no-such-shard'
  | 'no-drain-job'
  | 'no-such-block'
  | 'no-such-endpoint'
  /** Somebody who operates this machine would be blocked; `force` names the address to do it all the same. */
  | 'lock-out'
  /** The preflight found that clients would fail; `force` names the route to do it all the same. */
  | 'unsafe'
  | 'nothing-to-undo'
  | 'not-undoable'
  | 'changed-since'
  | 'bad-value'
  | 'bad-configuration'
  | 'not-permitted'
  | 'not-capable'
  | 'busy';

/** What will happen to whom, shown before a dangerous command takes effect. */
export interface Preview {
  readonly title: string;
  readonly lines: readonly PreviewLine[];
  /** The server's state that the preview was made from; the command may carry on only while it still holds. */
  readonly from?:
    | { readonly admin: AdminState; readonly weight: number }
    | { readonly termination: Termination };
  /** Of an undo: the journal entry it is about; sent with the command, so that it undoes what was shown. */
  readonly entry?: number;
}

export interface PreviewLine {
  readonly tone: 'now' | 'then' | 'warning';
  readonly text: string;
}
