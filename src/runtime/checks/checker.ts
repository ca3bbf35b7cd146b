// Schedules the checks: one series for each server, spread at the start, resting while the server is in maint.

import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import { type Address, type Check, type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import { type Health, nextCheckDelay } from '../../domain/rise-fall.ts';
import type { CheckResult } from '../../domain/server-state.ts';
import type { Probe } from './probe.ts';

export interface Checker {
  /** Starts, keeps or ends the series that a plan asks for. */
  adopt(plan: Plan): void;
  /** The server's health was set from outside (maint began or ended): the schedule follows. */
  reschedule(key: ServerKey): void;
  close(): void;
}

interface Series {
  readonly check: Check;
  readonly address: Address;
  readonly abort: AbortController;
  cancel: Disposer;
  running: boolean;
}

export function createChecker(options: {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly random: Random;
  health(key: ServerKey): Health | undefined;
  checked(key: ServerKey, result: CheckResult): void;
}): Checker {
  const { probe, clock, random, health, checked } = options;
  const all = new Map<ServerKey, Series>();

  async function run(key: ServerKey, series: Series): Promise<void> {
    if (series.running) return;
    series.running = true;
    const begun = clock.now();
    const { what, ...result } = await probe(series.check, series.address, series.abort.signal);
    series.running = false;
    if (all.get(key) !== series) return;
    const at = clock.now();
    const durationMs = Math.max(0, at - begun);
    const reason = result.code.endsWith('TOUT') ? what : `${what} in ${durationMs} ms`;
    checked(key, { ...result, reason, durationMs, at });
    schedule(key, series);
  }

  function schedule(key: ServerKey, series: Series, spread = false): void {
    series.cancel();
    series.cancel = () => {};
    const now = health(key);
    if (!now || series.running) return;
    const delay = nextCheckDelay(now, series.check, random);
    // At the start every series begins somewhere within one interval, at most a second: a thousand servers are not
    // asked at once, and no screen waits long for its first result.
    const wait = spread ? Math.round(random() * Math.min(series.check.interval, 1_000)) : delay;
    if (delay === undefined || wait === undefined) return;
    series.cancel = clock.after(wait, () => void run(key, series));
  }

  function end(key: ServerKey, series: Series): void {
    all.delete(key);
    series.cancel();
    series.abort.abort();
  }

  return {
    adopt(plan) {
      const wanted = new Map<ServerKey, { check: Check; address: Address }>();
      for (const { name, check, servers } of plan.backends)
        if (check)
          for (const server of servers)
            wanted.set(serverKey(name, server.name), { check, address: server.address });
      for (const [key, series] of all) {
        const next = wanted.get(key);
        if (!next || !isDeepStrictEqual(next, { check: series.check, address: series.address }))
          end(key, series);
      }
      for (const [key, { check, address }] of wanted) {
        if (all.has(key)) continue;
        const series: Series = {
          check,
          address,
          abort: new AbortController(),
          cancel: () => {},
          running: false,
        };
        all.set(key, series);
        schedule(key, series, true);
      }
    },
    reschedule(key) {
      const series = all.get(key);
      if (series) schedule(key, series);
    },
    close() {
      for (const [key, series] of [...all]) end(key, series);
    },
  };
}
