// How clients of a route fare, and what that means for a switch of its TLS mode: go on watching, leave it, or revert. Pure.

import type { RouteSample } from './counters.ts';
import type { Milliseconds } from './plan.ts';
import type { Fares } from './tls-switch.ts';

/** What came by in some stretch of time. Two tallies are added field by field. */
export interface Tally {
  /** Requests, and connections passed through. */
  readonly streams: number;
  /** With us, completed. */
  readonly handshakes: number;
  readonly handshakeFailures: number;
  /** See RouteSample. */
  readonly failingClients: number;
  readonly passedHandshakes: number;
  readonly passedHandshakeFailures: number;
  /** Answers of class 5xx. */
  readonly refusals: number;
  /** Answers of class 4xx. */
  readonly clientErrors: number;
  /** Connections to servers that failed or broke off. */
  readonly broken: number;
}

export const noTally: Tally = {
  streams: 0,
  handshakes: 0,
  handshakeFailures: 0,
  failingClients: 0,
  passedHandshakes: 0,
  passedHandshakeFailures: 0,
  refusals: 0,
  clientErrors: 0,
  broken: 0,
};

type Counted = Pick<
  RouteSample,
  | 'total'
  | 'status'
  | 'connectErrors'
  | 'serverAborts'
  | 'handshakes'
  | 'handshakeFailures'
  | 'failingClients'
  | 'passedHandshakes'
  | 'passedHandshakeFailures'
>;

/**
 * Between two samples of one life; `before` undefined: since that life began. Failed handshakes with servers are not
 * among it: a client notices them by the 5xx that follows, or not at all, where another server takes the request.
 */
export function tallyBetween(before: Counted | undefined, after: Counted): Tally {
  const grown = (of: (sample: Counted) => number): number =>
    Math.max(0, of(after) - (before === undefined ? 0 : of(before)));
  return {
    streams: grown(({ total }) => total),
    handshakes: grown(({ handshakes }) => handshakes),
    handshakeFailures: grown(({ handshakeFailures }) => handshakeFailures),
    failingClients: grown(({ failingClients }) => failingClients),
    passedHandshakes: grown(({ passedHandshakes }) => passedHandshakes),
    passedHandshakeFailures: grown(({ passedHandshakeFailures }) => passedHandshakeFailures),
    refusals: grown(({ status }) => status[4]),
    clientErrors: grown(({ status }) => status[3]),
    broken: grown(({ connectErrors }) => connectErrors) + grown(({ serverAborts }) => serverAborts),
  };
}

export function addTally(a: Tally, b: Tally): Tally {
  return {
    streams: a.streams + b.streams,
    handshakes: a.handshakes + b.handshakes,
    handshakeFailures: a.handshakeFailures + b.handshakeFailures,
    failingClients: a.failingClients + b.failingClients,
    passedHandshakes: a.passedHandshakes + b.passedHandshakes,
    passedHandshakeFailures: a.passedHandshakeFailures + b.passedHandshakeFailures,
    refusals: a.refusals + b.refusals,
    clientErrors: a.clientErrors + b.clientErrors,
    broken: a.broken + b.broken,
  };
}

/**
 * One client that fails again and again says nothing of the others, and may mean to: it is weighed, as long as anybody gets
 * through. Where nobody does, every failure counts.
 */
function handshakesFailed(tally: Tally): number {
  const throughs = tally.handshakes + tally.passedHandshakes;
  return throughs > 0 ? tally.failingClients : tally.handshakeFailures;
}

/** A request whose server failed is answered with a 5xx: it must not count twice, so the larger of the two counts. */
export function failuresOf(tally: Tally): number {
  return handshakesFailed(tally) + Math.max(tally.refusals, tally.broken);
}

/**
 * Null: nothing came by. A handshake and the request after it are one attempt of a client: counted twice, where every
 * request fails half of the attempts would seem to be good.
 */
export function faresOf(tally: Tally, overMs: Milliseconds): Fares | null {
  const failures = failuresOf(tally);
  // What failed late began earlier, perhaps before the first of these attempts.
  const failed = handshakesFailed(tally);
  const carried = Math.max(tally.streams - tally.passedHandshakeFailures, tally.handshakes);
  const attempts = Math.max(failed + carried, failures);
  if (attempts === 0) return null;
  return { attempts, failures, handshakeFailures: failed, clientErrors: tally.clientErrors, overMs };
}

export function failedShare(fares: Fares | null): number {
  return fares === null ? 0 : fares.failures / fares.attempts;
}

/** Fewer prove nothing while there is time to wait for more. */
export const enoughAttempts = 20;
/** One failure proves nothing, ever: a port scanner makes as much. */
const enoughFailures = 2;
/** Some clients try at once what others try later: unless it is blatant, this long is waited for the picture. */
const firstLookMs: Milliseconds = 3_000;
/** What is blatant is looked for in this stretch, so that what breaks late does not hide behind what went well. */
export const recentMs: Milliseconds = 5_000;
const blatantShare = 0.5;

export interface Watched {
  readonly now: number;
  readonly startedAt: number;
  readonly watchUntil: number;
  readonly threshold: number;
  readonly before: Fares | null;
  readonly after: Fares | null;
  /** Of `after`, the last `recentMs`. */
  readonly recent: Fares | null;
}

/**
 * Clients are told 4xx at any time, for what they ask. But a server that is spoken to in the wrong way says it to every one of
 * them: nginx answers 400 to plain HTTP on its TLS port.
 */
export function allRejected(after: Fares | null, before: Fares | null): boolean {
  if (after === null || after.attempts < enoughAttempts) return false;
  return rejectedShare(after) > rejectedShare(before) + blatantShare;
}

function rejectedShare(fares: Fares | null): number {
  return fares === null || fares.attempts === 0 ? 0 : fares.clientErrors / fares.attempts;
}

export type SwitchVerdict = 'go-on' | 'settle' | 'revert';

export function judgeSwitch(watched: Watched): SwitchVerdict {
  const { now, startedAt, watchUntil, threshold, before, after, recent } = watched;
  const allowed = failedShare(before) + threshold;
  const over = now >= watchUntil;
  if (isWorse(recent, Math.max(allowed, blatantShare), enoughAttempts)) return 'revert';
  if (allRejected(recent, before)) return 'revert';
  const looked = over || now - startedAt >= firstLookMs;
  if (looked && isWorse(after, allowed, over ? 1 : enoughAttempts)) return 'revert';
  return over ? 'settle' : 'go-on';
}

function isWorse(fares: Fares | null, allowed: number, attempts: number): boolean {
  return (
    fares !== null &&
    fares.attempts >= attempts &&
    fares.failures >= enoughFailures &&
    failedShare(fares) > allowed
  );
}
