// Schedules the checks: one series for each server, spread at the start, resting while the server is in maint.

import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import {
  type Address,
  type Check,
  type Plan,
  type Route,
  type ServerKey,
  serverKey,
} from '../../domain/plan.ts';
import { type Health, nextCheckDelay } from '../../domain/rise-fall.ts';
import type { CheckResult } from '../../domain/server-state.ts';
import { type ServerTls, tlsAddress } from '../../domain/server-tls.ts';
import type { Termination } from '../../domain/tls.ts';
import type { Probe } from './probe.ts';
import { checkTls, type FileContent } from './server-trust.ts';

export interface Checker {
  /**
   * Starts, keeps or ends the series that a plan asks for. `terminationOf`: the TLS mode in force of a route, which says
   * whether its servers are checked over TLS; the plan's own without it. Called again with each switch of a mode.
   */
  adopt(plan: Plan, terminationOf?: (route: Route) => Termination | undefined): void;
  /** The server's health was set from outside (maint began or ended): the schedule follows. */
  reschedule(key: ServerKey): void;
  close(): void;
}

/** What a series is made from: another one is begun when it changes. */
interface Target {
  readonly check: Check;
  readonly address: Address;
  /** Over TLS where given. */
  readonly tls: ServerTls | undefined;
}

interface Series extends Target {
  readonly abort: AbortController;
  cancel: Disposer;
  running: boolean;
}

export function createChecker(options: {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly random: Random;
  /** Contents of the files that the plan in force names: authorities and certificates for checks over TLS. */
  readonly fileContent?: FileContent;
  health(key: ServerKey): Health | undefined;
  checked(key: ServerKey, result: CheckResult): void;
}): Checker {
  const { probe, clock, random, health, checked } = options;
  const content: FileContent = options.fileContent ?? (() => undefined);
  const all = new Map<ServerKey, Series>();

  async function run(key: ServerKey, series: Series): Promise<void> {
    if (series.running) return;
    series.running = true;
    const begun = clock.now();
    const { check, address, tls, abort } = series;
    const { what, ...result } = await (tls === undefined
      ? probe(check, address, abort.signal)
      : probe(check, address, abort.signal, { ...tls, content }));
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
    adopt(plan, terminationOf = ({ tls }) => tls?.termination) {
      const wanted = new Map<ServerKey, Target>();
      for (const backend of plan.backends) {
        const { check } = backend;
        if (check === undefined) continue;
        const tls = checkTls(backend, plan.routes, terminationOf);
        for (const server of backend.servers) {
          const address = tls === undefined ? server.address : tlsAddress(server);
          wanted.set(serverKey(backend.name, server.name), { check, address, tls });
        }
      }
      for (const [key, series] of all) {
        const { check, address, tls } = series;
        if (!isDeepStrictEqual(wanted.get(key), { check, address, tls })) end(key, series);
      }
      for (const [key, target] of wanted) {
        if (all.has(key)) continue;
        const series: Series = { ...target, abort: new AbortController(), cancel: () => {}, running: false };
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
