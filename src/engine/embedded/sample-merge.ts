// Several instances' samples as one: counters and gauges added up, and each instance's own figures beside them. What an
// instance counted stays in the sums when it is gone, so that a total never goes back and its rate goes on when one of
// several is replaced: all that is lost is what it counted after its last sample, a fifth of a second.

import type { EngineSample, InstanceSample, ProcessSample, TrafficCounters } from '../../domain/counters.ts';
import { type Plan, serverKey } from '../../domain/plan.ts';
import {
  addProcess,
  countersOf,
  type Entries,
  type EntryKind,
  entriesOf,
  entryKinds,
  keyOf,
  noEntries,
  noProcess,
  sumWith,
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

/** What an instance said last of everything: its part in the sums. */
interface Latest extends Entries {
  readonly life: string;
  sample: EngineSample;
}

/** A link that broke comes back within seconds: so many instances are remembered one by one. */
const rememberedGone = 32;
const nothingChanged = { binds: [], backends: [], servers: [], routes: [] };

export function createSampleMerge<I extends object>(
  factsOf: (instance: I) => SampledInstance | undefined = () => undefined,
): SampleMerge<I> {
  const sums = noEntries();
  const latest = new Map<I, Latest>();
  /** By life: what they counted is in the sums, and they may come back with it. */
  const gone = new Map<string, Latest>();
  let processOfGone: ProcessSample = noProcess;
  /** Of the first instance, and how often one came since whose counters were not from zero. */
  let first: { readonly life: string; readonly at: number } | undefined;
  let adopted = 0;
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
      processOfGone = addProcess(processOfGone, processCounters(former, -1));
    } else if (first === undefined) first = { life: sample.life, at: sample.at };
    else if ((factsOf(instance)?.startedAt ?? 0) < first.at) adopted += 1;
    const one = former ?? { ...noEntries(), life: sample.life, sample };
    latest.set(instance, one);
    anew = true;
    return one;
  }

  function leave(instance: I, one: Latest): void {
    latest.delete(instance);
    alone = false;
    anew = true;
    for (const kind of entryKinds) {
      const [own, sum] = [entriesOf(one, kind), entriesOf(sums, kind)];
      for (const [key, entry] of own) {
        const counters = countersOf(entry);
        sum.set(key, sumWith(sum.get(key), counters, entry));
        own.set(key, counters);
      }
    }
    processOfGone = addProcess(processOfGone, processCounters(one, 1));
    gone.set(one.life, one);
    for (const [oldest] of gone) if (gone.size > rememberedGone) gone.delete(oldest);
  }

  function add(one: Latest, sample: EngineSample): void {
    for (const kind of entryKinds) {
      const [own, sum] = [entriesOf(one, kind), entriesOf(sums, kind)];
      for (const entry of sample[kind] as readonly TrafficCounters[]) {
        const key = keyOf(entry);
        sum.set(key, sumWith(sum.get(key), entry, own.get(key)));
        own.set(key, entry);
      }
    }
  }

  /** The sums of what changed; or, told anew, of everything. Latencies are what was recorded since the sample before. */
  function told<K extends EntryKind>(kind: K, changed: EngineSample[K]): EngineSample[K] {
    const sum = entriesOf(sums, kind);
    const keys = changed.map(keyOf);
    if (!anew) return keys.map((key) => sum.get(key)!) as unknown as EngineSample[K];
    const fresh = new Set(keys);
    return [...sum].map(([key, entry]) =>
      'latency' in entry && !fresh.has(key) ? { ...entry, latency: [] } : entry,
    ) as unknown as EngineSample[K];
  }

  function summed(
    { at, binds, backends, servers, routes }: Pick<EngineSample, 'at' | EntryKind>,
    instances: readonly InstanceSample[],
  ): EngineSample {
    const sample = {
      at,
      life: adopted === 0 ? first!.life : `${first!.life}.${adopted}`,
      binds: told('binds', binds),
      backends: told('backends', backends),
      servers: told('servers', servers),
      routes: told('routes', routes),
      process: [...latest.values()].map((each) => each.sample.process).reduce(addProcess, processOfGone),
      instances,
    };
    anew = false;
    return sample;
  }

  /** The newest figures of each, under the id that the model has it by. */
  function figures(): InstanceSample[] {
    return [...latest].flatMap(([instance, { sample }]) => {
      const id = factsOf(instance)?.id;
      return sample.instances.map((own) => (id === undefined || id === own.id ? own : { ...own, id }));
    });
  }

  return {
    take(instance, sample) {
      const one = joined(instance, sample);
      one.sample = sample;
      add(one, sample);
      const instances = figures();
      if (!alone) return summed(sample, instances);
      anew = false;
      return instances[0] === sample.instances[0] ? sample : { ...sample, instances };
    },
    left(instance, at) {
      const one = latest.get(instance);
      if (one === undefined) return undefined;
      leave(instance, one);
      return latest.size > 0 ? undefined : summed({ at, ...nothingChanged }, []);
    },
    keep({ shards, backends, routes }) {
      const known: Readonly<Record<EntryKind, ReadonlySet<string>>> = {
        binds: new Set(shards.flatMap(({ binds }) => binds.map(({ name }) => name))),
        backends: new Set(backends.map(({ name }) => name)),
        servers: new Set(backends.flatMap((of) => of.servers.map(({ name }) => serverKey(of.name, name)))),
        routes: new Set(routes.map(({ name }) => name)),
      };
      for (const entries of [sums, ...latest.values(), ...gone.values()])
        for (const kind of entryKinds)
          for (const key of entries[kind].keys()) if (!known[kind].has(key)) entries[kind].delete(key);
    },
  };
}

function processCounters({ sample: { process } }: Latest, sign: 1 | -1): ProcessSample {
  return { ...noProcess, cpuUs: sign * process.cpuUs, logDropped: sign * process.logDropped };
}
