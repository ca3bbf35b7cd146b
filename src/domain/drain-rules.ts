// The drain job's transitions (diagram in drain.ts) as pure functions: what was seen goes in, the new job and at most
// one act to carry out come out. "Drained" is never merely "count is 0": nothing may be left that could send another
// request, and nothing may have arrived for the quiet time.

import type { DeadlineAction } from './command.ts';
import { type DrainJob, type DrainPhase, drainQuietMs } from './drain.ts';
import type { Milliseconds } from './plan.ts';

/** A job, and what its owner must remember between two steps but neither shows nor stores. */
export interface DrainRun {
  readonly job: DrainJob;
  /** What was left, and when: the pace from which the estimate is made. Oldest first. */
  readonly seen: readonly { readonly at: number; readonly left: number }[];
  /** The maint or rollback at the deadline was asked for: it is asked for once, but for `askAgain`. */
  readonly acted: boolean;
  /** Kills that may be done now, and since when they are counted; undefined while not killing. */
  readonly allowance?: { readonly kills: number; readonly at: number };
}

export interface DrainSeen {
  /** Wall clock. */
  readonly now: number;
  readonly streams: number;
  /** Of `streams`. */
  readonly tunnels: number;
  readonly sticky: number;
  readonly queued: number;
  /** Streams that arrived in the last `drainQuietMs`. */
  readonly arrivals: number;
  /** Wall clock; 0 for never. */
  readonly lastArrivalAt: number;
  /** Ended by this job since the step before, as the engine confirmed. */
  readonly killed?: number;
}

export type DrainAct =
  | { readonly act: 'none' }
  /** End so many streams (or sticky idle connections) now. */
  | { readonly act: 'kill'; readonly count: number }
  /** The deadline's action; carried out, it ends the job. Asked for once. */
  | { readonly act: 'maint' }
  | { readonly act: 'rollback' };

export interface DrainOrder {
  readonly server: DrainJob['server'];
  readonly before: DrainJob['before'];
  /** 0: no deadline. */
  readonly deadlineMs: Milliseconds;
  readonly then: DeadlineAction;
  readonly killRate: number;
  readonly by: string;
}

type Left = Pick<DrainSeen, 'streams' | 'tunnels' | 'sticky' | 'queued'>;

export function startDrain(order: DrainOrder, now: number, left: Left): DrainRun {
  const { server, before, then, killRate, by, deadlineMs } = order;
  const job: DrainJob = {
    server,
    phase: 'draining',
    before,
    startedAt: now,
    deadlineAt: deadlineMs > 0 ? now + deadlineMs : 0,
    then,
    killRate,
    by,
    progress: { streamsAtStart: left.streams, ...countsOf(left), arrivals: 0, killed: 0 },
  };
  return resumeDrain(job);
}

/**
 * A job read back after a restart: it goes on from its phase; pace and allowance are learned anew. Drained is what it
 * was, before its cookie clients could come back: that has to be found again. Without a deadline nothing is overdue.
 */
export function resumeDrain(job: DrainJob): DrainRun {
  const { drainedAt: _, ...unfinished } = job;
  return {
    job: job.phase === 'drained' || job.deadlineAt === 0 ? { ...unfinished, phase: 'draining' } : job,
    seen: [],
    acted: false,
  };
}

/** Another deadline or action for a job that runs. That it was overdue was said of the deadline before. */
export function changeDrain(
  run: DrainRun,
  { deadlineMs, then, killRate }: Pick<DrainOrder, 'deadlineMs' | 'then' | 'killRate'>,
  now: number,
): DrainRun {
  const phase = run.job.phase === 'drained' ? 'drained' : 'draining';
  const deadlineAt = deadlineMs > 0 ? now + deadlineMs : 0;
  return { ...run, job: { ...run.job, phase, deadlineAt, then, killRate }, acted: false };
}

/** What was asked for at the deadline may not have come about: the next step asks for it again, where it still holds. */
export function askAgain(run: DrainRun): DrainRun {
  return { ...run, acted: false };
}

export function stepDrain(
  run: DrainRun,
  seen: DrainSeen,
): { readonly run: DrainRun; readonly act: DrainAct } {
  const phase = phaseOf(run.job, seen);
  const acts = phase === 'overdue' && !run.acted && (run.job.then === 'maint' || run.job.then === 'ready');
  const allowance = phase === 'killing' ? allow(run, seen.now) : undefined;
  const kills = allowance ? Math.min(Math.floor(allowance.kills), seen.streams + seen.sticky) : 0;
  const history = remember(run.seen, seen);
  const { drainedAt: _, ...unfinished } = run.job;
  const drainedAt = run.job.phase === 'drained' ? (run.job.drainedAt ?? seen.now) : seen.now;
  const estimateMs = phase === 'drained' ? undefined : estimate(run.job, phase, seen, history);
  const job: DrainJob = {
    ...unfinished,
    phase,
    ...(phase === 'drained' ? { drainedAt } : {}),
    progress: {
      streamsAtStart: run.job.progress.streamsAtStart,
      ...countsOf(seen),
      arrivals: seen.arrivals,
      killed: run.job.progress.killed + (seen.killed ?? 0),
      ...(estimateMs === undefined ? {} : { estimateMs }),
    },
  };
  return {
    run: {
      job,
      seen: history,
      acted: run.acted || acts,
      ...(allowance ? { allowance: { ...allowance, kills: allowance.kills - kills } } : {}),
    },
    act: acts
      ? { act: run.job.then === 'maint' ? 'maint' : 'rollback' }
      : kills > 0
        ? { act: 'kill', count: kills }
        : { act: 'none' },
  };
}

/** Nothing left on the server, and nothing that could send it another request. */
export function nothingLeft(left: Left): boolean {
  return left.streams === 0 && left.tunnels === 0 && left.sticky === 0 && left.queued === 0;
}

function phaseOf(job: DrainJob, seen: DrainSeen): DrainPhase {
  if (nothingLeft(seen) && quietIn(seen) === 0) return 'drained';
  if (job.deadlineAt === 0 || seen.now < job.deadlineAt) return 'draining';
  return job.then === 'kill' ? 'killing' : 'overdue';
}

/** How long from now until nothing has arrived for the quiet time, if nothing more comes. */
function quietIn(seen: DrainSeen): Milliseconds {
  const since = seen.now - seen.lastArrivalAt;
  if (since < drainQuietMs) return Math.min(drainQuietMs - since, drainQuietMs);
  return seen.arrivals > 0 ? drainQuietMs : 0;
}

/**
 * A steady pace: allowances grow with time and are not saved up beyond half a second's worth, so neither a stalled
 * runtime nor a pause in which there was nothing to kill is followed by a burst.
 */
function allow(run: DrainRun, now: number): { kills: number; at: number } {
  const { killRate } = run.job;
  if (!run.allowance) return { kills: killRate > 0 ? 1 : 0, at: now };
  const elapsed = Math.max(0, now - run.allowance.at);
  const most = Math.max(1, killRate / 2);
  return { kills: Math.min(most, run.allowance.kills + (elapsed * killRate) / 1_000), at: now };
}

const paceWindowMs = 30_000;
const paceStepMs = 500;

function remember(history: DrainRun['seen'], seen: DrainSeen): DrainRun['seen'] {
  const last = history.at(-1);
  if (last && seen.now - last.at < paceStepMs) return history;
  const from = seen.now - paceWindowMs;
  return [...history.filter(({ at }) => at >= from), { at: seen.now, left: leftOf(seen) }];
}

/** None where the end hangs on a peer (tunnels), where too little was seen, or where nothing is getting less. */
function estimate(
  job: DrainJob,
  phase: DrainPhase,
  seen: DrainSeen,
  history: DrainRun['seen'],
): Milliseconds | undefined {
  const left = leftOf(seen);
  const quiet = quietIn(seen);
  if (left === 0) return quiet;
  if (phase === 'killing' && job.killRate > 0)
    return Math.max(quiet, Math.ceil(((seen.streams + seen.sticky) / job.killRate) * 1_000));
  if (seen.tunnels > 0) return undefined;
  const first = history[0];
  if (!first) return undefined;
  const elapsed = seen.now - first.at;
  const gone = first.left - left;
  if (elapsed < drainQuietMs || gone < 3) return undefined;
  return Math.max(quiet, Math.ceil((left * elapsed) / gone));
}

function leftOf(left: Left): number {
  return left.streams + left.sticky + left.queued;
}

function countsOf({ streams, tunnels, sticky, queued }: Left): Left {
  return { streams, tunnels, sticky, queued };
}
