// Several instances' samples as one: counters and gauges added up, and each instance's own figures beside them. What an
// instance counted stays in the sums when it is gone, so that a total never goes back and its rate goes on when one of
// several is replaced: all that is lost is what it counted after its last sample, a fifth of a second.

import type { EngineSample, InstanceSample, ProcessSample, TrafficCounters } from '../../domain/counters.ts';
import type { Plan } from '../../domain/plan.ts';
import { serverKey } from '../../domain/plan.ts';
import {
  addEntries,
  addProcess,
  countersOf,
  type Entries,
  type EntryKind,
  entryKinds,
  keyOf,
  noEntries,
  takeEntries,
} from './summed-samples.ts';

export interface SampleMerge<I extends object> {
  /**
   * Holds the changed entries; every entry after an instance came or went. Its life changes only where an instance comes
   * whose counters began before this merge did: one that was adopted.
   */
  take(instance: I, sample: EngineSample): EngineSample;
  /** With the last one nobody is left to say that nothing is carried any more: the sample that does. */
  left(instance: I, at: number): EngineSample | undefined;
  /** Forgets what a plan does not have any more. What still carries something is known again as soon as it changes. */
  keep(plan: Pick<Plan, 'shards' | 'backends' | 'routes'>): void;
}

/** What is known of an instance beside its samples. */
export interface SampledInstance {
  /** As InstanceEntity.id at present: a leaving one has another id than before. */
  readonly id: string;
  /** Wall clock of its process's start. */
  readonly startedAt: number;
}

interface Latest extends Entries {
  readonly life: string;
  sample: EngineSample;
}

/** A link that broke comes back within seconds: so many instances are remembered one by one. */
const rememberedGone = 32;

export function createSampleMerge<I extends object>(
  factsOf: (instance: I) => SampledInstance | undefined = () => undefined,
): SampleMerge<I> {
  const latest = new Map<I, Latest>();
  /** By life: they may come back with what they counted, which is then taken out of the past again. */
  const gone = new Map<string, Latest>();
  const past = noEntries();
  let pastProcess: ProcessSample = { cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 };
  /** Of the sums; its parts: the first instance's, and how often counters came that were not from zero. */
  let life = '';
  let lifeParts: { readonly first: string; readonly adopted: number; readonly since: number } | undefined;
  let anew = false;
  let alone = true;

  function joined(instance: I, sample: EngineSample): Latest {
    const known = latest.get(instance);
    if (known?.life === sample.life) return known;
    if (known !== undefined) leave(instance, known);
    if (latest.size > 0) alone = false;
    const former = gone.get(sample.life);
    if (former !== undefined) {
      gone.delete(former.life);
      addToPast(former, -1);
    } else beginLife(sample, factsOf(instance)?.startedAt ?? 0);
    const one = former ?? { ...noEntries(), life: sample.life, sample };
    latest.set(instance, one);
    anew = true;
    return one;
  }

  function beginLife(sample: EngineSample, startedAt: number): void {
    if (lifeParts === undefined) lifeParts = { first: sample.life, adopted: 0, since: sample.at };
    else if (startedAt < lifeParts.since) lifeParts = { ...lifeParts, adopted: lifeParts.adopted + 1 };
    life = lifeParts.adopted === 0 ? lifeParts.first : `${lifeParts.first}.${lifeParts.adopted}`;
  }

  function leave(instance: I, one: Latest): void {
    latest.delete(instance);
    alone = false;
    anew = true;
    addToPast(one, 1);
    gone.set(one.life, one);
    for (const [oldest] of gone) if (gone.size > rememberedGone) gone.delete(oldest);
  }

  function addToPast(one: Latest, sign: 1 | -1): void {
    for (const kind of entryKinds) {
      const entries = past[kind] as Map<string, TrafficCounters>;
      for (const [key, entry] of one[kind] as ReadonlyMap<string, TrafficCounters>) {
        const before = entries.get(key);
        const counters = countersOf(entry);
        if (before !== undefined) entries.set(key, addEntries(before, counters, sign));
        else if (sign === 1) entries.set(key, counters);
      }
    }
    const { cpuUs, logDropped } = one.sample.process;
    pastProcess = {
      ...pastProcess,
      cpuUs: pastProcess.cpuUs + sign * cpuUs,
      logDropped: pastProcess.logDropped + sign * logDropped,
    };
  }

  /** The changed entries added up over all instances; or, told anew, every entry that any of them has. */
  function merged<K extends EntryKind>(kind: K, changed: EngineSample[K]): EngineSample[K] {
    const parts = [past, ...latest.values()].map(
      (each) => each[kind] as ReadonlyMap<string, TrafficCounters>,
    );
    const byKey = new Map<string, object>(changed.map((entry) => [keyOf(entry), entry]));
    const keys = anew ? new Set(parts.flatMap((part) => [...part.keys()])) : byKey.keys();
    const sums = [...keys].map((key) => {
      const entries = parts.map((part) => part.get(key)).filter((entry) => entry !== undefined);
      const sum = entries.reduce((a, b) => addEntries(a, b));
      // Latencies are what was recorded since the sample before: only the present one's count.
      return 'latency' in sum ? { ...sum, latency: latencyOf(byKey.get(key)) } : sum;
    });
    return sums as unknown as EngineSample[K];
  }

  function sums(
    { at, binds, backends, servers, routes }: Pick<EngineSample, 'at' | EntryKind>,
    instances: readonly InstanceSample[],
  ): EngineSample {
    const sample = {
      at,
      life,
      binds: merged('binds', binds),
      backends: merged('backends', backends),
      servers: merged('servers', servers),
      routes: merged('routes', routes),
      process: [...latest.values()].map((each) => each.sample.process).reduce(addProcess, pastProcess),
      instances,
    };
    anew = false;
    return sample;
  }

  return {
    take(instance, sample) {
      const one = joined(instance, sample);
      one.sample = sample;
      takeEntries(one, sample);
      const instances = [...latest].flatMap(
        ([
          each,
          {
            sample: { instances: own },
          },
        ]) => {
          const id = factsOf(each)?.id;
          return id === undefined
            ? own
            : own.map((figures) => (figures.id === id ? figures : { ...figures, id }));
        },
      );
      if (alone) {
        anew = false;
        return instances[0] === sample.instances[0] ? sample : { ...sample, instances };
      }
      return sums(sample, instances);
    },
    left(instance, at) {
      const one = latest.get(instance);
      if (one === undefined) return undefined;
      leave(instance, one);
      return latest.size > 0 ? undefined : sums({ at, ...nothingChanged }, []);
    },
    keep({ shards, backends, routes }) {
      const known: Readonly<Record<EntryKind, ReadonlySet<string>>> = {
        binds: new Set(shards.flatMap(({ binds }) => binds.map(({ name }) => name))),
        backends: new Set(backends.map(({ name }) => name)),
        servers: new Set(backends.flatMap((of) => of.servers.map(({ name }) => serverKey(of.name, name)))),
        routes: new Set(routes.map(({ name }) => name)),
      };
      for (const entries of [past, ...latest.values(), ...gone.values()])
        for (const kind of entryKinds)
          for (const key of entries[kind].keys()) if (!known[kind].has(key)) entries[kind].delete(key);
    },
  };
}

const nothingChanged = { binds: [], backends: [], servers: [], routes: [] };

function latencyOf(entry: object | undefined): readonly number[] {
  return entry !== undefined && 'latency' in entry ? (entry.latency as readonly number[]) : [];
}
