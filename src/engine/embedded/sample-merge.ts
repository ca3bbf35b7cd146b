// Several instances' samples as one: counters and gauges added up, under a life that changes with the set of instances.
// A single instance's samples pass through as they are.

import type {
  BackendSample,
  BindSample,
  EngineSample,
  InstanceSample,
  ProcessSample,
  RouteSample,
  ServerSample,
  TrafficCounters,
} from '../../domain/counters.ts';

export interface SampleMerge {
  take(instance: object, sample: EngineSample): EngineSample;
  left(instance: object): void;
}

/** What an instance said last, of everything. */
interface Latest {
  life: string;
  process: ProcessSample;
  instances: readonly InstanceSample[];
  readonly binds: Map<string, BindSample>;
  readonly backends: Map<string, BackendSample>;
  readonly servers: Map<string, ServerSample>;
  readonly routes: Map<string, RouteSample>;
}

export function createSampleMerge(): SampleMerge {
  const latest = new Map<object, Latest>();
  let life = '';

  /** The changed entries added up over all instances; or, told anew, every entry that any of them has. */
  function merged<E extends TrafficCounters>(
    changed: readonly E[],
    keyOf: (entry: E) => string,
    of: (each: Latest) => Map<string, E>,
    anew: boolean,
  ): E[] {
    const byKey = new Map(changed.map((entry) => [keyOf(entry), entry]));
    const keys = anew ? new Set([...latest.values()].flatMap((each) => [...of(each).keys()])) : byKey.keys();
    return [...keys].map((key) => {
      const entries = [...latest.values()]
        .map((each) => of(each).get(key))
        .filter((each) => each !== undefined);
      const sum = entries.reduce(add);
      // Latencies are what was recorded since the sample before: only the present one's count.
      return 'latency' in sum ? { ...sum, latency: latencyOf(byKey.get(key)) } : sum;
    });
  }

  return {
    take(instance, sample) {
      const known = latest.get(instance);
      const one: Latest =
        known?.life === sample.life
          ? known
          : {
              life: '',
              process: sample.process,
              instances: sample.instances,
              binds: new Map(),
              backends: new Map(),
              servers: new Map(),
              routes: new Map(),
            };
      latest.set(instance, one);
      one.life = sample.life;
      one.process = sample.process;
      one.instances = sample.instances;
      for (const entry of sample.binds) one.binds.set(entry.name, entry);
      for (const entry of sample.backends) one.backends.set(entry.name, entry);
      for (const entry of sample.servers) one.servers.set(entry.key, entry);
      for (const entry of sample.routes) one.routes.set(entry.name, entry);

      const lives = [...latest.values()].map((each) => each.life).sort();
      const anew = lives.join('+') !== life;
      life = lives.join('+');
      if (latest.size === 1 && (!anew || known === undefined)) return sample;
      return {
        at: sample.at,
        life,
        binds: merged(
          sample.binds,
          ({ name }) => name,
          (each) => each.binds,
          anew,
        ),
        backends: merged(
          sample.backends,
          ({ name }) => name,
          (each) => each.backends,
          anew,
        ),
        servers: merged(
          sample.servers,
          ({ key }) => key,
          (each) => each.servers,
          anew,
        ),
        routes: merged(
          sample.routes,
          ({ name }) => name,
          (each) => each.routes,
          anew,
        ),
        process: [...latest.values()].map((each) => each.process).reduce(addProcess),
        instances: [...latest.values()].flatMap((each) => each.instances),
      };
    },
    left(instance) {
      latest.delete(instance);
    },
  };
}

function latencyOf(entry: object | undefined): readonly number[] {
  return entry !== undefined && 'latency' in entry ? (entry.latency as readonly number[]) : [];
}

/** Every number is a count or a gauge, but for the clock of the last arrival. */
function add<E extends TrafficCounters>(a: E, b: E): E {
  const sum = { ...a } as unknown as Record<string, unknown>;
  for (const [field, value] of Object.entries(b)) {
    if (typeof value !== 'number') continue;
    const other = sum[field] as number;
    sum[field] = field === 'lastArrivalAt' ? Math.max(other, value) : other + value;
  }
  sum.status = a.status.map((count, i) => count + b.status[i]!);
  if ('open' in a && 'open' in b) sum.open = addOpen(a.open as Open, b.open as Open);
  return sum as unknown as E;
}

type Open = RouteSample['open'];

function addOpen(a: Open, b: Open): Open {
  return {
    passthrough: a.passthrough + b.passthrough,
    edge: a.edge + b.edge,
    reencrypt: a.reencrypt + b.reencrypt,
  };
}

function addProcess(a: ProcessSample, b: ProcessSample): ProcessSample {
  return {
    cpuUs: a.cpuUs + b.cpuUs,
    rssBytes: a.rssBytes + b.rssBytes,
    loopDelayMs: Math.max(a.loopDelayMs, b.loopDelayMs),
    logDropped: a.logDropped + b.logDropped,
  };
}
