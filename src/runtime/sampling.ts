// Samples for whoever subscribed, at their interval, over a window of at least a second; and the last five minutes.

import type { Clock } from '../domain/clock.ts';
import type { Disposer } from '../domain/event.ts';
import type { HistoryPoint, Sample, SampleTopic } from '../domain/sample.ts';
import type { KernelSampling } from './kernel/kernel-sampling.ts';
import { type RateContext, sampleBetween } from './rates.ts';
import type { Reading, Traffic } from './traffic.ts';

const windowMs = 1_000;
const historyStepMs = 1_000;
const historyPoints = 300;

export interface Sampling {
  /** The topic `servers` has those of `serversOf` alone, where it is given. */
  subscribe(
    topics: readonly SampleTopic[],
    intervalMs: number,
    listener: (sample: Sample) => void,
    serversOf?: readonly string[],
  ): Disposer;
  history(): readonly HistoryPoint[];
  /** The last whole second, by server and backend: what previews speak of. */
  lastSecond(): Sample | undefined;
  close: Disposer;
}

/** @param kernel for topic `kernel`; where there is none, nobody is told anything of it */
export function createSampling(
  traffic: Traffic,
  clock: Clock,
  context: () => RateContext,
  kernel?: Pick<KernelSampling, 'look' | 'current'>,
): Sampling {
  const points: HistoryPoint[] = [];
  const timers = new Set<Disposer>();
  let previous: Reading | undefined;
  let last: { from: Reading | undefined; to: Reading } | undefined;

  function every(intervalMs: number, run: () => void): Disposer {
    let cancel = clock.after(intervalMs, tick);
    function tick(): void {
      cancel = clock.after(intervalMs, tick);
      run();
    }
    const stop = (): void => {
      cancel();
      timers.delete(stop);
    };
    timers.add(stop);
    return stop;
  }

  every(historyStepMs, () => {
    const reading = traffic.reading();
    if (!reading) return;
    const { totals, backends } = sampleBetween(previous, reading, ['totals', 'backends'], traffic, context());
    points.push({
      at: clock.now(),
      totals: totals!,
      backends: Object.fromEntries(backends!.map(({ name, requests }) => [name, requests])),
    });
    if (points.length > historyPoints) points.shift();
    last = { from: previous, to: reading };
    previous = reading;
  });

  return {
    subscribe(topics, intervalMs, listener, serversOf) {
      const only = serversOf && new Set(serversOf);
      const looking = topics.includes('kernel') ? kernel?.look() : undefined;
      // The oldest is about one window old: a quick subscriber gets a sliding window, not a nervous one. A new one starts
      // from what is kept anyway, so that a screen opens with rates.
      const readings: Reading[] = last ? [...(last.from ? [last.from] : []), last.to] : [];
      const take = (): void => {
        const reading = traffic.reading();
        if (!reading) return;
        while (readings.length > 1 && readings[1]!.at <= reading.at - windowMs) readings.shift();
        const sample = sampleBetween(readings[0], reading, topics, traffic, context(), only);
        const counted = looking && kernel?.current();
        listener(counted === undefined ? sample : { ...sample, kernel: counted });
        if (readings.at(-1) !== reading) readings.push(reading);
      };
      // The first one at once: gauges need no second reading, and a screen should not open empty.
      const first = clock.after(0, take);
      const stop = every(intervalMs, take);
      return () => {
        looking?.();
        first();
        stop();
      };
    },
    history: () => [...points],
    lastSecond: () =>
      last && sampleBetween(last.from, last.to, ['totals', 'backends', 'servers'], traffic, context()),
    close() {
      for (const stop of [...timers]) stop();
    },
  };
}
