// The drain jobs that run: each engine sample is one step of every job; progress goes to the model, acts to the engine.

import type { Clock } from '../domain/clock.ts';
import { type DrainJob, drainQuietMs } from '../domain/drain.ts';
import {
  askAgain,
  changeDrain,
  type DrainOrder,
  type DrainRun,
  resumeDrain,
  startDrain,
  stepDrain,
} from '../domain/drain-rules.ts';
import type { ServerKey } from '../domain/plan.ts';
import { spokenDuration } from '../domain/units.ts';
import type { Happening } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import type { Reading } from './traffic.ts';
import { countText } from './wording.ts';

export interface Drains {
  job(key: ServerKey): DrainJob | undefined;
  jobs(): readonly DrainJob[];
  start(order: DrainOrder): void;
  /** Another deadline or action for a job that runs; what it restores stays. */
  change(key: ServerKey, wish: Pick<DrainOrder, 'deadlineMs' | 'then' | 'killRate'>): void;
  /** As read from the state file, or as an undo brings it back. */
  resume(job: DrainJob): void;
  /** By an operator or at the deadline: nothing is restored here. */
  end(key: ServerKey): void;
  /** A new reading of the engine's counters. */
  step(reading: Reading): void;
}

interface Running {
  run: DrainRun;
  /** Readings of the server's total, to know what arrived in the quiet time. Oldest first. */
  totals: { at: number; total: number }[];
  life: string | undefined;
  /** Nothing is known of arrivals before this: the quiet time counts from here at the earliest. */
  knownSince: number;
  /** Confirmed kills that the next step is told of. */
  killed: number;
  killing: boolean;
  publishedAt: number;
  /** Of the deadline's action, which nobody confirmed. */
  attempt: (Attempt & { readonly againAt: number; readonly waitMs: number }) | undefined;
}

/** One that came to nothing yet: its journal entry goes on being that of the next. */
export interface Attempt {
  readonly entry: number | undefined;
}

const publishEveryMs = 500;
/** Doubled with each attempt that is not confirmed. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

export function createDrains(options: {
  readonly store: ModelStore;
  readonly clock: Clock;
  reading(): Reading | undefined;
  kill(key: ServerKey, count: number): Promise<number>;
  /**
   * The deadline's action. The job still runs when this is called. Answers the attempt where nobody confirmed it: it is
   * made again, since an instance that is being replaced takes it once it is back.
   */
  deadline(
    job: DrainJob,
    act: 'maint' | 'rollback',
    earlier: Attempt | undefined,
  ): Promise<Attempt | undefined>;
  happened(happening: Happening): void;
  /** A job began, ended, or came into another phase: worth saving. */
  changed(): void;
}): Drains {
  const { store, clock, happened, changed } = options;
  const running = new Map<ServerKey, Running>();

  function begin(run: DrainRun, knownSince: number): void {
    const key = run.job.server;
    running.set(key, {
      run,
      totals: [],
      life: undefined,
      knownSince,
      killed: 0,
      killing: false,
      publishedAt: clock.now(),
      attempt: undefined,
    });
    store.set('drain', key, run.job);
    changed();
  }

  function left(key: ServerKey): { streams: number; tunnels: number; sticky: number; queued: number } {
    const { streams = 0, tunnels = 0, sticky = 0, queued = 0 } = options.reading()?.servers.get(key) ?? {};
    return { streams, tunnels, sticky, queued };
  }

  function stepOne(key: ServerKey, job: Running, reading: Reading): void {
    const server = reading.servers.get(key);
    // Not heard of in this life of the data plane: nothing is known, which is not the same as nothing left.
    if (!server) return;
    const now = reading.at;
    const { total, streams, tunnels, sticky, queued, lastArrivalAt } = server;
    if (job.life !== reading.life) {
      // Counters of another process start at zero: everything it counted arrived since.
      job.totals = job.life === undefined ? [] : [{ at: now, total: 0 }];
      if (job.life !== undefined) job.knownSince = now;
      job.life = reading.life;
    }
    if ((job.totals.at(-1)?.at ?? 0) > now) {
      // The clock was set back: the quiet time begins anew.
      job.totals = [{ at: now, total: job.totals[0]!.total }];
      job.knownSince = now;
    }
    const arrivedAt = lastArrivalAt - now > drainQuietMs ? 0 : lastArrivalAt;
    job.totals.push({ at: now, total });
    while (job.totals.length > 1 && job.totals[1]!.at <= now - drainQuietMs) job.totals.shift();
    const { attempt } = job;
    // A sample means that an instance serves. More than the longest wait ahead: the clock was set back.
    if (attempt && (now >= attempt.againAt || attempt.againAt - now > longestWaitMs)) {
      job.run = askAgain(job.run);
    }
    const before = job.run.job.phase;
    const { run, act } = stepDrain(job.run, {
      now,
      streams,
      tunnels,
      sticky,
      queued,
      arrivals: total - job.totals[0]!.total,
      lastArrivalAt: Math.max(arrivedAt, job.knownSince),
      killed: job.killed,
    });
    job.killed = 0;
    job.run = run;
    const { phase } = run.job;
    if (phase !== before) {
      tellPhase(run.job, before, now);
      changed();
    }
    if (phase !== before || Math.abs(now - job.publishedAt) >= publishEveryMs) {
      job.publishedAt = now;
      store.set('drain', key, run.job);
    }
    switch (act.act) {
      case 'none':
        break;
      case 'kill':
        kill(key, job, act.count);
        break;
      case 'maint':
      case 'rollback':
        deadline(job, act.act);
        break;
    }
  }

  function deadline(running: Running, act: 'maint' | 'rollback'): void {
    const { deadlineAt, then } = running.run.job;
    const { attempt } = running;
    running.attempt = undefined;
    void options.deadline(running.run.job, act, attempt).then((unconfirmed) => {
      const now = running.run.job;
      // Another deadline or action meanwhile: that one is asked for in its own time.
      if (!unconfirmed || now.deadlineAt !== deadlineAt || now.then !== then) return;
      const waitMs = attempt ? Math.min(attempt.waitMs * 2, longestWaitMs) : firstWaitMs;
      running.attempt = { ...unconfirmed, againAt: clock.now() + waitMs, waitMs };
    });
  }

  /** One at a time: what is not confirmed yet must not be ended twice. */
  function kill(key: ServerKey, job: Running, count: number): void {
    if (job.killing) return;
    job.killing = true;
    options
      .kill(key, count)
      .then((killed) => {
        job.killed += killed;
      })
      .catch((error: Error) =>
        happened({
          subject: key,
          from: 'drain job',
          severity: 'warning',
          text: `killing at the deadline: not confirmed: ${error.message}`,
        }),
      )
      .finally(() => {
        job.killing = false;
      });
  }

  function tellPhase(
    { server, phase, progress, startedAt, by }: DrainJob,
    before: DrainJob['phase'],
    now: number,
  ): void {
    const remaining = [
      progress.streams > 0 && countText(progress.streams, 'stream'),
      progress.sticky > 0 && countText(progress.sticky, 'idle cookie client'),
      progress.queued > 0 && `${progress.queued} queued`,
    ].filter(Boolean);
    const what = remaining.length > 0 ? remaining.join(', ') : 'arrivals in the last seconds';
    const told = ((): Pick<Happening, 'severity' | 'text'> => {
      switch (phase) {
        case 'drained':
          return {
            severity: 'good',
            text: `drained after ${spokenDuration(Math.round((now - startedAt) / 1_000) * 1_000)} (drain by ${by})${progress.killed > 0 ? `, ${progress.killed} killed` : ''}`,
          };
        case 'draining':
          return { severity: 'note', text: `not drained any more: ${what}` };
        case 'overdue':
          return {
            severity: 'warning',
            text:
              before === 'drained' ? `not drained any more: ${what}` : `drain deadline passed, left: ${what}`,
          };
        case 'killing':
          return { severity: 'warning', text: `drain deadline passed, killing what is left: ${what}` };
      }
    })();
    happened({ subject: server, from: 'drain job', ...told });
  }

  return {
    job: (key) => running.get(key)?.run.job,
    jobs: () => [...running.values()].map(({ run }) => run.job),
    start: (order) => begin(startDrain(order, clock.now(), left(order.server)), 0),
    resume: (job) => begin(resumeDrain(job), clock.now()),
    change(key, wish) {
      const job = running.get(key);
      if (!job) return;
      job.run = changeDrain(job.run, wish, clock.now());
      job.attempt = undefined;
      store.set('drain', key, job.run.job);
      changed();
    },
    end(key) {
      if (!running.delete(key)) return;
      store.remove('drain', key);
      changed();
    },
    step(reading) {
      for (const [key, job] of [...running]) if (running.get(key) === job) stepOne(key, job, reading);
    },
  };
}
