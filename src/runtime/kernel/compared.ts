// What the proxy counted beside what the kernel counted, since both were first read together. Whatever begins to count anew on
// either side, all of it begins anew: figures of different moments would look like a difference. Pure, but for what it remembers.

import type { Compared, ComparedCounts } from '../../domain/kernel.ts';
import { backendOf, type Plan, serverKey } from '../../domain/plan.ts';
import type { Count } from '../../nft/ruleset/ruleset.ts';
import { type Counted, counterNames } from '../../nft/table/parts/count-part.ts';
import type { Reading } from '../traffic.ts';

export interface Comparison {
  /** @param at wall clock */
  take(now: Counts, at: number): void;
  readonly compared: readonly Compared[];
  readonly since: number | null;
}

export interface Counts {
  readonly plan: Plan;
  readonly counted: readonly Counted[];
  /** Named counters of our table. */
  readonly counters: ReadonlyMap<string, Count>;
  readonly reading: Reading;
}

type KernelCounts = NonNullable<Compared['kernel']>;

interface Both extends Compared {
  /** Changes where the proxy's figures do not go on. */
  readonly life: string;
}

export function createComparison(): Comparison {
  let base = new Map<string, Both>();
  let last = new Map<string, Both>();
  let compared: readonly Compared[] = [];
  let since: number | null = null;
  return {
    take(now, at) {
      const both = new Map(bothOf(now).map((one) => [`${one.kind} ${one.name}`, one]));
      if (since === null || [...both].some(([key, one]) => beganAnew(last.get(key), one))) {
        base = new Map();
        since = at;
      }
      // What came with a reload began to count when it came.
      for (const [key, one] of both) if (!base.has(key)) base.set(key, one);
      last = both;
      compared = [...both].map(([key, one]) => difference(base.get(key)!, one));
    },
    get compared() {
      return compared;
    },
    get since() {
      return compared.length === 0 ? null : since;
    },
  };
}

function beganAnew(before: Both | undefined, after: Both): boolean {
  if (before === undefined) return false;
  if (before.life !== after.life) return true;
  // Appeared, or went: what is counted from now on is not what was counted before.
  if ((before.kernel === null) !== (after.kernel === null)) return true;
  return isLess(after.kernel, before.kernel) || isLess(after.proxy, before.proxy);
}

function isLess(after: ComparedCounts | null, before: ComparedCounts | null): boolean {
  if (after === null || before === null) return false;
  return (['connections', 'bytesIn', 'bytesOut'] as const).some(
    (key) => (after[key] ?? 0) < (before[key] ?? 0),
  );
}

function difference(from: Both, to: Both): Compared {
  const { kind, name, proxy, kernel, why } = to;
  return {
    kind,
    name,
    proxy: proxy && countsBetween(from.proxy ?? proxy, proxy),
    kernel: kernel && {
      ...countsBetween(from.kernel ?? kernel, kernel),
      packetsIn: kernel.packetsIn - (from.kernel ?? kernel).packetsIn,
      packetsOut: kernel.packetsOut - (from.kernel ?? kernel).packetsOut,
    },
    ...(why !== undefined && { why }),
  };
}

function countsBetween(from: ComparedCounts, to: ComparedCounts): ComparedCounts {
  const less = (key: keyof ComparedCounts): number | null => {
    const [a, b] = [from[key], to[key]];
    return a === null || b === null ? null : b - a;
  };
  return { connections: less('connections'), bytesIn: less('bytesIn'), bytesOut: less('bytesOut') };
}

function bothOf({ plan, counted, counters, reading }: Counts): readonly Both[] {
  const kernelOf = (those: readonly Counted[]): KernelCounts | null => summed(those, counters);
  const binds = plan.shards.flatMap((shard) => shard.binds.map((bind) => ({ bind, shard })));
  return [
    ...binds.map(({ bind }): Both => {
      const sample = reading.binds.get(bind.name);
      const kernel = kernelOf(counted.filter((one) => one.bind === bind.name));
      return {
        kind: 'bind',
        name: bind.name,
        life: reading.life,
        proxy:
          sample === undefined || bind.kernelPath !== undefined
            ? null
            : { connections: sample.total, bytesIn: sample.bytesIn, bytesOut: sample.bytesOut },
        kernel,
        ...because([
          kernel === null && (bind.address.kind === 'unix' ? 'a unix socket has no packets' : notCounted),
          bind.kernelPath !== undefined &&
            'the kernel sends its clients on: what is said of them elsewhere is what the kernel tracks',
          bind.mode === 'tls' && 'over TLS the kernel sees what is encrypted, the proxy what is in it',
        ]),
      };
    }),
    ...plan.shards.map((shard): Both => {
      const relayed = shard.binds.filter(({ kernelPath }) => kernelPath === undefined);
      const samples = relayed.map(({ name }) => reading.binds.get(name));
      const known = samples.filter((sample) => sample !== undefined);
      const names = new Set(relayed.map(({ name }) => name));
      const kernel = kernelOf(counted.filter(({ bind }) => bind !== undefined && names.has(bind)));
      return {
        kind: 'shard',
        name: shard.name,
        life: reading.life,
        proxy:
          known.length === 0
            ? null
            : sumOf(
                known.map((sample) => ({
                  connections: sample.total,
                  bytesIn: sample.bytesIn,
                  bytesOut: sample.bytesOut,
                })),
              ),
        kernel,
        ...because([
          kernel === null && notCounted,
          relayed.length < shard.binds.length && 'without the binds whose clients the kernel sends on',
          shard.binds.some(({ address }) => address.kind === 'unix') &&
            'the kernel counts none of its unix sockets',
        ]),
      };
    }),
    ...[...new Set(counted.flatMap(({ instance }) => (instance === undefined ? [] : [instance])))].map(
      (name): Both => {
        const sample = reading.instances.get(name);
        return {
          kind: 'instance',
          name,
          life: sample?.life ?? '',
          proxy:
            sample === undefined
              ? null
              : { connections: sample.newConnections, bytesIn: null, bytesOut: null },
          kernel: kernelOf(counted.filter(({ instance }) => instance === name)),
          why: 'the kernel counts those that it steered, the proxy those that were handed over as well; instances count no bytes',
        };
      },
    ),
    ...plan.backends.flatMap((backend) =>
      backend.servers.map((server): Both => {
        const key = serverKey(backend.name, server.name);
        const sample = reading.servers.get(key);
        const those = counted.filter(({ servers }) => servers.includes(key));
        const shared = [...new Set(those.flatMap(({ servers }) => servers))].filter((other) => other !== key);
        const kernel = kernelOf(those);
        const byKernel = binds.some(
          ({ bind }) => bind.kernelPath !== undefined && bind.backend === backend.name,
        );
        return {
          kind: 'server',
          name: key,
          life: reading.life,
          proxy:
            sample === undefined || byKernel
              ? null
              : {
                  // Several requests share a connection.
                  connections: backend.mode === 'tcp' ? sample.total : null,
                  bytesIn: sample.bytesIn,
                  bytesOut: sample.bytesOut,
                },
          kernel,
          ...because([
            kernel === null && (server.address.kind === 'unix' ? 'a unix socket has no packets' : notCounted),
            byKernel && 'the kernel sends clients on to it, which no proxy counts',
            backend.mode === 'http' && 'the proxy counts requests, of which a connection carries several',
            shared.length > 0 &&
              `the same address is ${shared.slice(0, 3).join(', ')}: the kernel counts them together`,
            backend.check !== undefined && 'its health checks are among what the kernel counts',
            isOverTls(plan, backendOf(key)) &&
              'over TLS the kernel sees what is encrypted, the proxy what is in it',
          ]),
        };
      }),
    ),
  ];
}

const notCounted = 'the kernel has no counter for it: its address is a name, or does not listen yet';

function because(reasons: readonly (string | false)[]): { readonly why?: string } {
  const those = reasons.filter((reason) => reason !== false);
  return those.length === 0 ? {} : { why: those.join('; ') };
}

function isOverTls({ routes }: Plan, backend: string): boolean {
  return routes.some(
    ({ tls, to }) => tls?.termination === 'reencrypt' && to.some((target) => target.backend === backend),
  );
}

function summed(those: readonly Counted[], counters: ReadonlyMap<string, Count>): KernelCounts | null {
  const all = those.map(({ name }) => {
    const names = counterNames(name);
    return { in: counters.get(names.in), out: counters.get(names.out), new: counters.get(names.new) };
  });
  const known = all.filter((one) => one.in !== undefined && one.out !== undefined && one.new !== undefined);
  if (known.length === 0 || known.length < all.length) return null;
  const sum = (of: (one: (typeof known)[number]) => number): number =>
    known.reduce((total, one) => total + of(one), 0);
  return {
    connections: sum((one) => one.new!.packets),
    bytesIn: sum((one) => one.in!.bytes),
    bytesOut: sum((one) => one.out!.bytes),
    packetsIn: sum((one) => one.in!.packets),
    packetsOut: sum((one) => one.out!.packets),
  };
}

function sumOf(all: readonly ComparedCounts[]): ComparedCounts {
  const sum = (key: keyof ComparedCounts): number => all.reduce((total, one) => total + (one[key] ?? 0), 0);
  return { connections: sum('connections'), bytesIn: sum('bytesIn'), bytesOut: sum('bytesOut') };
}
