// What an operator wishes of a server (admin state) and what checks see (operational state): two facts, never one field.
//
//   admin         ready ⇄ drain ⇄ maint     by an operator, a drain job, or the configuration
//   operational   starting → up ⇄ down      by checks; `unchecked` where the backend has no check;
//                                           `paused` while maint stops the checks (HAProxy does the same)

import type { Milliseconds, ServerKey } from './plan.ts';

export type AdminState = 'ready' | 'drain' | 'maint';

export type OperationalState = 'starting' | 'up' | 'down' | 'unchecked' | 'paused';

/** HAProxy's words for a check's outcome (management manual 9.1, column check_status). */
export type CheckCode =
  | 'L4OK'
  | 'L4TOUT'
  | 'L4CON'
  | 'L7OK'
  | 'L7TOUT'
  | 'L7RSP'
  | 'L7STS'
  | 'L6OK'
  | 'L6RSP'
  | 'L6TOUT';

export interface CheckResult {
  readonly code: CheckCode;
  readonly ok: boolean;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** Why, in one line, already safe to show. */
  readonly reason: string;
  readonly durationMs: Milliseconds;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

/** What the data plane must know of one server; everything else about a server stays in the runtime. */
export interface ServerWish {
  readonly server: ServerKey;
  readonly admin: AdminState;
  readonly operational: OperationalState;
  readonly weight: number;
  /** Of a service: endpoints that get no new connections, as their entities name them. Missing: none. */
  readonly drained?: readonly string[];
}

/** May a client without persistence be sent there? */
export function takesNewClients(wish: Pick<ServerWish, 'admin' | 'operational' | 'weight'>): boolean {
  return wish.admin === 'ready' && wish.weight > 0 && isUsable(wish.operational);
}

/** May a client whose cookie names this server be sent there? In drain and at weight 0: yes (HAProxy does the same). */
export function takesCookieClients(wish: Pick<ServerWish, 'admin' | 'operational'>): boolean {
  return wish.admin !== 'maint' && isUsable(wish.operational);
}

/** A server that has not been checked yet counts as up, as in HAProxy, so that a start does not refuse traffic. */
export function isUsable(state: OperationalState): boolean {
  switch (state) {
    case 'up':
    case 'starting':
    case 'unchecked':
      return true;
    case 'down':
    case 'paused':
      return false;
  }
}
