// The switches of routes' TLS modes that are watched, or were: each engine sample is one step of every one; the newest of
// each route stands in the model.

import type { Clock } from '../domain/clock.ts';
import type { EngineSample } from '../domain/counters.ts';
import type { Milliseconds } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';
import { addTally, faresOf, judgeSwitch, noTally, recentMs, type Tally } from '../domain/tls-switch-rules.ts';
import type { RouteFares } from './fares.ts';
import type { Happening } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import { countText, faresText } from './wording.ts';

export interface SwitchOrder {
  readonly route: string;
  readonly from: Termination;
  readonly to: Termination;
  readonly by: string;
  readonly watchMs: Milliseconds;
  readonly threshold: number;
  readonly closeMs: Milliseconds;
}

export interface TlsSwitches {
  /** The newest of a route, until it is forgotten. */
  of(route: string): TlsSwitch | undefined;
  all(): readonly TlsSwitch[];
  /** The engine confirmed it. */
  start(order: SwitchOrder): void;
  /** As read from the state file: nothing is known of what came by meanwhile, so it is watched no more. */
  restore(saved: TlsSwitch): void;
  /** Another switch, a revert, an undo or a reset: what it said of the route holds no more. */
  end(route: string): void;
  /** It was reverted by itself, and the engine confirmed that. */
  reverted(route: string): void;
  /** Why it is to be reverted by itself, in words. */
  reason(route: string): string | undefined;
  step(sample: EngineSample): void;
}

/** One that came to nothing yet: its journal entry goes on being that of the next. */
export interface RevertAttempt {
  readonly entry: number | undefined;
}

interface Running {
  entity: TlsSwitch;
  tally: Tally;
  /** Of `tally`, what came in the last `recentMs`, oldest first. */
  recent: { readonly at: number; readonly tally: Tally }[];
  publishedAt: number;
  /** What stands in the model may be older. */
  dirty: boolean;
  /** Of those left in the mode before. */
  ended: boolean;
  revert:
    | { readonly attempt: RevertAttempt | undefined; againAt: number; readonly waitMs: number }
    | undefined;
}

const publishEveryMs = 1_000;
const forgottenAfterMs = 600_000;
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

export function createTlsSwitches(options: {
  readonly store: ModelStore;
  readonly clock: Clock;
  readonly fares: RouteFares;
  /** Ends connections in other modes than the route's; answers how many. */
  endInOtherModes(route: string, how: 'retire' | 'kill'): Promise<number>;
  /** By itself. Answers the attempt where nobody confirmed it: it is made again. */
  revert(
    watched: TlsSwitch,
    earlier: RevertAttempt | undefined,
  ): Promise<'done' | RevertAttempt | { readonly cannot: string }>;
  happened(happening: Happening): void;
  /** A switch began or ended, or came into another phase: worth saving. */
  changed(): void;
}): TlsSwitches {
  const { store, clock, fares, happened } = options;
  const running = new Map<string, Running>();

  function publish(run: Running): void {
    run.publishedAt = clock.now();
    run.dirty = false;
    store.set('switch', run.entity.route, run.entity);
  }

  function begin(entity: TlsSwitch): Running {
    const run: Running = {
      entity,
      tally: noTally,
      recent: [],
      publishedAt: 0,
      dirty: false,
      ended: false,
      revert: undefined,
    };
    // A key that is set again keeps its place: the newest one stands last.
    running.delete(entity.route);
    running.set(entity.route, run);
    publish(run);
    options.changed();
    return run;
  }

  /** Into the next phase: in the model at once, and saved. */
  function settle(run: Running, phase: 'settled' | 'reverted', text: string | undefined): void {
    const { text: _, ...rest } = run.entity;
    // Whoever came in the mode before, and is still there, is in the mode in force again.
    const closeAt = phase === 'reverted' ? 0 : rest.closeAt;
    run.entity = { ...rest, phase, closeAt, endedAt: clock.now(), ...(text !== undefined && { text }) };
    publish(run);
    options.changed();
  }

  function leftOf({ route, to }: TlsSwitch): number {
    const open = fares.open(route);
    if (!open) return 0;
    return open.passthrough + open.edge + open.reencrypt - open[to];
  }

  function endLeft(run: Running, how: 'retire' | 'kill'): void {
    const { route, phase, from, to } = run.entity;
    const mode = phase === 'reverted' ? to : from;
    options.endInOtherModes(route, how).then(
      (count) => {
        if (how === 'kill' && count > 0)
          happened({
            subject: route,
            from: 'TLS switch',
            severity: 'note',
            text: `${countText(count, 'connection')} in mode ${mode} ended at the deadline of the switch`,
          });
      },
      (error: Error) =>
        happened({
          subject: route,
          from: 'TLS switch',
          severity: 'warning',
          text: `ending connections in mode ${mode}: not confirmed: ${error.message}`,
        }),
    );
  }

  function askRevert(run: Running, now: number): void {
    const { revert } = run;
    if (revert && now < revert.againAt && revert.againAt - now <= longestWaitMs) return;
    const waitMs = revert ? Math.min(revert.waitMs * 2, longestWaitMs) : firstWaitMs;
    // Not again before this one is answered.
    run.revert = { attempt: revert?.attempt, againAt: now + longestWaitMs, waitMs };
    void options.revert(run.entity, revert?.attempt).then((came) => {
      if (running.get(run.entity.route) !== run || run.entity.phase !== 'watching' || came === 'done') return;
      if ('cannot' in came) {
        const text = `clients fare worse, and it cannot be reverted: ${came.cannot}`;
        settle(run, 'settled', text);
        happened({ subject: run.entity.route, from: 'TLS switch', severity: 'bad', text });
      } else run.revert = { attempt: came, againAt: clock.now() + waitMs, waitMs };
    });
  }

  function watch(run: Running, tally: Tally | undefined, now: number): void {
    if (tally) {
      run.tally = addTally(run.tally, tally);
      run.recent.push({ at: now, tally });
    }
    run.recent = run.recent.filter(({ at }) => at > now - recentMs && at <= now);
    const { route, startedAt, watchUntil, threshold, before } = run.entity;
    const after = faresOf(run.tally, Math.max(0, now - startedAt));
    if (tally) run.entity = { ...run.entity, after };
    if (run.revert) {
      askRevert(run, now);
      return;
    }
    const recent = faresOf(
      run.recent.reduce((sum, { tally: each }) => addTally(sum, each), noTally),
      recentMs,
    );
    switch (judgeSwitch({ now, startedAt, watchUntil, threshold, before, after, recent })) {
      case 'go-on':
        return;
      case 'revert':
        askRevert(run, now);
        return;
      case 'settle': {
        run.entity = { ...run.entity, after };
        const text = after === null ? 'nothing came by while it was watched' : faresText(after, before);
        settle(run, 'settled', text);
        happened({
          subject: route,
          from: 'TLS switch',
          severity: after === null ? 'note' : 'good',
          text: `the switch to ${run.entity.to} holds: ${text}`,
        });
      }
    }
  }

  function stepOne(run: Running, tally: Tally | undefined, now: number): void {
    const { route, closeAt, phase } = run.entity;
    if (phase === 'watching') watch(run, tally, now);
    if (closeAt !== 0 && !run.ended && now >= closeAt && run.entity.phase !== 'reverted') {
      run.ended = true;
      endLeft(run, 'kill');
    }
    const left = run.entity.phase === 'reverted' ? run.entity.left : leftOf(run.entity);
    if (left !== run.entity.left) run.entity = { ...run.entity, left };
    run.dirty ||= tally !== undefined || left !== store.model.switch.get(route)?.left;
    if (run.dirty && Math.abs(now - run.publishedAt) >= publishEveryMs) publish(run);
    const { endedAt } = run.entity;
    if (endedAt !== undefined && now - Math.max(endedAt, run.entity.closeAt) >= forgottenAfterMs) end(route);
  }

  function end(route: string): void {
    if (!running.delete(route)) return;
    store.remove('switch', route);
    options.changed();
  }

  return {
    of: (route) => running.get(route)?.entity,
    all: () => [...running.values()].map(({ entity }) => entity),

    start({ watchMs, closeMs, ...order }) {
      const now = clock.now();
      const watched = watchMs > 0;
      const run = begin({
        ...order,
        phase: watched ? 'watching' : 'settled',
        startedAt: now,
        watchUntil: now + watchMs,
        ...(!watched && { endedAt: now, text: 'not watched' }),
        before: fares.lastMinute(order.route, now),
        after: null,
        left: leftOf({ ...order } as TlsSwitch),
        closeAt: closeMs === 0 ? 0 : now + closeMs,
      });
      if (closeMs > 0) endLeft(run, 'retire');
    },

    restore(saved) {
      if (saved.phase !== 'watching') {
        begin({ ...saved, closeAt: 0 });
        return;
      }
      const text = `watched until the runtime restarted; it stays ${saved.to}`;
      begin({ ...saved, phase: 'settled', endedAt: clock.now(), closeAt: 0, text });
    },

    end,

    reverted(route) {
      const run = running.get(route);
      if (!run) return;
      settle(run, 'reverted', faresText(run.entity.after, run.entity.before));
      // Whoever came in the mode that failed would go on failing in it for as long as it stays.
      endLeft(run, 'retire');
    },

    reason(route) {
      const run = running.get(route);
      return run && faresText(run.entity.after, run.entity.before);
    },

    step(sample) {
      const news = fares.take(sample);
      for (const [route, run] of [...running])
        if (running.get(route) === run) stepOne(run, news.get(route), sample.at);
    },
  };
}
