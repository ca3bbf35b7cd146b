// The traffic of this moment, for a table that is printed once.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Sample, SampleTopic } from '../../domain/sample.ts';
import { systemClock } from '../system-clock.ts';

/** A rate needs two readings: the first sample may know gauges only. */
const knowsRates = ({ servers, backends, binds, routes, instances, kernel }: Sample): boolean =>
  kernel !== undefined ||
  [...(servers ?? []), ...(backends ?? []), ...(binds ?? []), ...(routes ?? []), ...(instances ?? [])].some(
    ({ requests }) => requests !== null,
  );

/** The first sample with rates; after `withinMs` the best there was, undefined for none: the table then shows "–". */
export function oneSample(
  client: RuntimeClient,
  topic: SampleTopic,
  withinMs = 1_500,
): Promise<Sample | undefined> {
  return new Promise((resolve) => {
    let best: Sample | undefined;
    const finish = () => {
      stop();
      cancel();
      resolve(best);
    };
    const cancel = systemClock.after(withinMs, finish);
    const stop = client.samples([topic], 500, (sample) => {
      best = sample;
      if (knowsRates(sample)) finish();
    });
  });
}
