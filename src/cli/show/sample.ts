// The traffic of this moment, for a table that is printed once.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Sample, SampleTopic } from '../../domain/sample.ts';
import { systemClock } from '../system-clock.ts';

/** The first sample, or undefined where none came in time: the table then shows "–". */
export function oneSample(
  client: RuntimeClient,
  topic: SampleTopic,
  withinMs = 2_000,
): Promise<Sample | undefined> {
  return new Promise((resolve) => {
    const finish = (sample: Sample | undefined) => {
      stop();
      cancel();
      resolve(sample);
    };
    const cancel = systemClock.after(withinMs, () => finish(undefined));
    const stop = client.samples([topic], 250, finish);
  });
}
