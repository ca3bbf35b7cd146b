// How servers, backends and checks look: a sign, a tone and words for each state. Sign and colour always together.

import type { DrainJob } from '../domain/drain.ts';
import type { ServerEntity } from '../domain/model.ts';
import {
  type AdminState,
  type CheckResult,
  isUsable,
  type OperationalState,
  takesNewClients,
} from '../domain/server-state.ts';
import { duration, latency } from './format.ts';
import type { Span, Tone } from './frame.ts';
import { span } from './spans.ts';

export interface Look {
  readonly sign: string;
  readonly tone: Tone;
}

export function operationalLook(state: OperationalState): Look {
  switch (state) {
    case 'up':
      return { sign: '●', tone: 'good' };
    case 'down':
      return { sign: '▼', tone: 'bad' };
    case 'starting':
      return { sign: '?', tone: 'unknown' };
    case 'unchecked':
      return { sign: '?', tone: 'unknown' };
    case 'paused':
      return { sign: '◼', tone: 'maint' };
  }
}

export function adminTone(admin: AdminState): Tone {
  switch (admin) {
    case 'ready':
      return 'text';
    case 'drain':
      return 'drain';
    case 'maint':
      return 'maint';
  }
}

/** "● up 3 h", "▼ down 0:42". */
export function operationalSpan(server: ServerEntity, now: number): Span {
  const { sign, tone } = operationalLook(server.operational);
  if (server.operational === 'unchecked') return span(`${sign} unchecked`, tone);
  return span(`${sign} ${server.operational} ${duration(now - server.operationalSince)}`, tone);
}

/** "L7STS 503 3 ms": HAProxy's code, the status where there was one, and how long it took. */
export function checkText(check: CheckResult | undefined): string {
  if (check === undefined) return '';
  const status = check.status === undefined ? '' : ` ${check.status}`;
  return `${check.code}${status} ${latency(check.durationMs)}`;
}

/** The same for a sentence: "L7STS 503 in 3 ms". */
export function checkSentence(check: CheckResult): string {
  const status = check.status === undefined ? '' : ` ${check.status}`;
  return `${check.code}${status} in ${latency(check.durationMs)}`;
}

export interface BackendState {
  readonly servers: number;
  readonly up: number;
  /** Servers that a new client may be sent to. */
  readonly taking: number;
  readonly draining: number;
  readonly maint: number;
  readonly text: string;
  readonly look: Look;
  /** 0 fine … 3 serves nobody. */
  readonly severity: 0 | 1 | 2 | 3;
}

/** What the servers of a backend amount to, in one word or two. */
export function backendState(servers: readonly ServerEntity[], drains: readonly DrainJob[]): BackendState {
  const wished = servers.filter(({ admin }) => admin === 'ready');
  const up = servers.filter(({ operational }) => isUsable(operational)).length;
  const down = wished.filter(({ operational }) => !isUsable(operational)).length;
  const draining = servers.filter(({ admin }) => admin === 'drain').length;
  const maint = servers.filter(({ admin }) => admin === 'maint').length;
  const failing = wished.filter(({ checkProgress }) => checkProgress?.towards === 'down').length;
  const taking = servers.filter(takesNewClients).length;
  const overdue = drains.some(({ phase }) => phase === 'overdue' || phase === 'killing');
  const counts = { servers: servers.length, up, taking, draining, maint };
  if (servers.length === 0)
    return { ...counts, text: 'no servers', look: { sign: '▼', tone: 'bad' }, severity: 3 };
  if (taking === 0) return { ...counts, text: 'no server', look: { sign: '▼', tone: 'bad' }, severity: 3 };
  if (down > 0) return { ...counts, text: `${down} down`, look: { sign: '▼', tone: 'bad' }, severity: 2 };
  if (overdue) return { ...counts, text: 'drain late', look: { sign: '▲', tone: 'warning' }, severity: 1 };
  if (failing > 0)
    return { ...counts, text: `${failing} failing`, look: { sign: '▲', tone: 'warning' }, severity: 1 };
  if (draining > 0)
    return { ...counts, text: `${draining} draining`, look: { sign: '◐', tone: 'drain' }, severity: 0 };
  if (maint > 0)
    return { ...counts, text: `${maint} in maint`, look: { sign: '◼', tone: 'maint' }, severity: 0 };
  if (servers.every(({ operational }) => operational === 'unchecked'))
    return { ...counts, text: 'unchecked', look: { sign: '?', tone: 'unknown' }, severity: 0 };
  return { ...counts, text: '', look: { sign: '●', tone: 'good' }, severity: 0 };
}
