// How clients of each route with TLS fared, second by second over the last minute: what a switch is judged against.

import type { EngineSample, RouteSample } from '../domain/counters.ts';
import type { Fares } from '../domain/tls-switch.ts';
import { addTally, faresOf, noTally, type Tally, tallyBetween } from '../domain/tls-switch-rules.ts';

export interface RouteFares {
  /** Answers what came by since the sample before, of the routes to which anything came. */
  take(sample: EngineSample): ReadonlyMap<string, Tally>;
  /** Over the last minute, or since the first sample; null: nothing came by. */
  lastMinute(route: string, now: number): Fares | null;
  /** Connections open now, by the mode they came in; undefined before anything was heard of the route. */
  open(route: string): RouteSample['open'] | undefined;
  /** Only these are known from now on. */
  keep(routes: ReadonlySet<string>): void;
}

const keptMs = 60_000;
const sliceMs = 1_000;

interface Slice {
  readonly from: number;
  tally: Tally;
}

interface Known {
  /** The newest of this life of the counters; undefined where it has not named the route yet. */
  readonly sample: RouteSample | undefined;
  /** Oldest first. */
  readonly slices: Slice[];
}

export function createRouteFares(): RouteFares {
  const known = new Map<string, Known>();
  /** Undefined before the first plan is in force: the engine may tell of its routes a little sooner. */
  let kept: ReadonlySet<string> | undefined;
  let life: string | undefined;
  let firstAt: number | undefined;

  function put(slices: Slice[], tally: Tally, at: number): void {
    const from = Math.floor(at / sliceMs) * sliceMs;
    const last = slices.at(-1);
    if (last?.from === from) last.tally = addTally(last.tally, tally);
    else slices.push({ from, tally });
    while (slices.length > 0 && (slices[0]!.from < from - keptMs || slices[0]!.from > from)) slices.shift();
  }

  return {
    take(sample) {
      const news = new Map<string, Tally>();
      // The first sample of a life is where counting begins: what an instance counted before this runtime was there is
      // no news, and among several instances one that comes or goes begins another life, in which the others count on.
      const first = life !== sample.life;
      firstAt ??= sample.at;
      if (first) for (const [name, { slices }] of known) known.set(name, { sample: undefined, slices });
      life = sample.life;
      for (const route of sample.routes) {
        if (kept && !kept.has(route.name)) continue;
        const before = known.get(route.name);
        const slices = before?.slices ?? [];
        const tally = first ? noTally : tallyBetween(before?.sample, route);
        known.set(route.name, { sample: route, slices });
        if (Object.values(tally).every((count) => count === 0)) continue;
        put(slices, tally, sample.at);
        news.set(route.name, tally);
      }
      return news;
    },

    lastMinute(route, now) {
      const slices = known.get(route)?.slices ?? [];
      const tally = slices
        .filter((slice) => slice.from >= now - keptMs && slice.from <= now)
        .reduce((sum, slice) => addTally(sum, slice.tally), noTally);
      return faresOf(tally, Math.min(keptMs, Math.max(0, now - (firstAt ?? now))));
    },

    open: (route) => known.get(route)?.sample?.open,

    keep(routes) {
      kept = routes;
      for (const name of known.keys()) if (!routes.has(name)) known.delete(name);
    },
  };
}
