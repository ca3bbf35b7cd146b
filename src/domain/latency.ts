// A histogram for latencies: log-linear buckets (16 to each power of two), so a percentile is within 6.25 % of the truth,
// recording is one array increment, and what was recorded since the last reading travels as a few numbers.

import type { LatencyDelta } from './counters.ts';

const subBuckets = 16;
const bucketCount = subBuckets * 30;

/** Bucket of a value in microseconds; values over 2^31 land in the last one. */
function bucketOf(microseconds: number): number {
  const value = microseconds | 0;
  if (value < subBuckets) return Math.max(value, 0);
  const exponent = 31 - Math.clz32(value);
  const index = (exponent - 3) * subBuckets + ((value >>> (exponent - 4)) & (subBuckets - 1));
  return index < bucketCount ? index : bucketCount - 1;
}

/** Middle of a bucket, in microseconds. */
function middleOf(bucket: number): number {
  if (bucket < subBuckets) return bucket;
  const exponent = Math.floor(bucket / subBuckets) + 3;
  const width = 2 ** (exponent - 4);
  return 2 ** exponent + (bucket % subBuckets) * width + width / 2;
}

/** Recorded where requests end; `take` hands over and forgets. */
export class LatencyRecorder {
  #counts = new Uint32Array(bucketCount);
  #touched: number[] = [];

  record(microseconds: number): void {
    const bucket = bucketOf(microseconds);
    if (this.#counts[bucket] === 0) this.#touched.push(bucket);
    this.#counts[bucket]! += 1;
  }

  take(): LatencyDelta {
    const delta: number[] = [];
    for (const bucket of this.#touched) {
      delta.push(bucket, this.#counts[bucket]!);
      this.#counts[bucket] = 0;
    }
    this.#touched = [];
    return delta;
  }
}

/** `fractions` ascending, each 0…1; undefined where nothing was recorded. Deltas of several instances simply concatenate. */
export function percentiles(
  deltas: Iterable<LatencyDelta>,
  fractions: readonly number[],
): (number | undefined)[] {
  const counts = new Map<number, number>();
  let total = 0;
  for (const delta of deltas) {
    for (let i = 0; i + 1 < delta.length; i += 2) {
      counts.set(delta[i]!, (counts.get(delta[i]!) ?? 0) + delta[i + 1]!);
      total += delta[i + 1]!;
    }
  }
  if (total === 0) return fractions.map(() => undefined);
  const ordered = [...counts].sort(([a], [b]) => a - b);
  return fractions.map((fraction) => {
    const rank = Math.max(1, Math.ceil(fraction * total));
    let seen = 0;
    for (const [bucket, count] of ordered) {
      seen += count;
      if (seen >= rank) return middleOf(bucket);
    }
    return middleOf(ordered.at(-1)![0]);
  });
}
