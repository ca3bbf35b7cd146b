// Topic `kernel` of the samples: endpoints of services, blocked addresses, and what proxy and kernel counted. The kernel is asked
// while somebody looks, and not more often than a sixth of the time that it takes; of connections a twentieth.

import { addressText } from '../../domain/address-text.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { BlockRates, EndpointRates, KernelSample } from '../../domain/kernel.ts';
import { type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import type { Flow } from '../../nft/conntrack/conntrack.ts';
import type { Kernel } from '../../nft/kernel.ts';
import type { Count } from '../../nft/ruleset/ruleset.ts';
import { endpointCounterName } from '../../nft/table/parts/service-part.ts';
import type { Reading } from '../traffic.ts';
import { createComparison } from './compared.ts';
import type { Counting } from './counting.ts';
import { type Rated, ratedAt } from './ruleset-rates.ts';

export interface KernelSampling {
  /** Somebody looks, until it is disposed of. */
  look(): Disposer;
  /** Counters came into force: both sides are read once, so that what is compared begins now and not when somebody looks. */
  begin(): void;
  /** The newest; undefined until the kernel was asked for whoever looks now. */
  current(): KernelSample | undefined;
  close(): void;
}

export interface KernelSamplingOptions {
  readonly kernel: Pick<Kernel, 'table' | 'conntrack'>;
  readonly clock: Clock;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  readonly counting: Pick<Counting, 'counted'>;
  plan(): Plan;
  reading(): Reading | undefined;
  /** Of each blocked address. @throws NftError */
  blocks(): Promise<ReadonlyMap<string, Count>>;
}

const firstMs = 300;
const countersMs = 1_000;
const countersRest = 5;
const flowsMs = 2_000;
const flowsRest = 20;
/** Beyond that it is not known how many there are. */
const mostFlows = 50_000;

/** Where there is no kernel to ask, nothing is counted. */
export const nothingSampled: Pick<KernelSampling, 'look' | 'current'> = {
  look: () => () => {},
  current: () => ({ endpoints: [], blocks: [], compared: [], comparedSince: null }),
};

interface EndpointPlace {
  readonly server: ServerKey;
  readonly endpoint: string;
  readonly counter: string;
}

export function createKernelSampling(options: KernelSamplingOptions): KernelSampling {
  const { kernel, clock, monotonic, counting } = options;
  const comparison = createComparison();
  let looking = 0;
  let wasAsked = false;
  let beginning: Disposer | undefined;
  let stops: readonly Disposer[] = [];
  let endpointRates = new Map<string, Rated>();
  let blockRates = new Map<string, Rated>();
  let tracked: ReadonlyMap<string, number> | undefined;

  /** Never two at once, and the next one later the longer the last one took. */
  function repeat(everyMs: number, rest: number, ask: () => Promise<void>): Disposer {
    let over = false;
    let cancel: Disposer = () => {};
    const run = async (): Promise<void> => {
      const start = monotonic();
      await ask().catch(() => {});
      if (over) return;
      if (ask === askCounters) wasAsked = true;
      const took = monotonic() - start;
      cancel = clock.after(Math.max(everyMs - took, rest * took, 0), () => void run());
    };
    cancel = clock.after(0, () => void run());
    return () => {
      over = true;
      cancel();
    };
  }

  async function askCounters(): Promise<void> {
    if (kernel.table.state.state === 'none') {
      endpointRates = new Map();
      blockRates = new Map();
      return;
    }
    const start = monotonic();
    const counters = await kernel.table.counters();
    const at = (start + monotonic()) / 2;
    const plan = options.plan();
    compare(counters);
    endpointRates = rated(
      endpointRates,
      endpointsOf(plan).map(({ counter }) => [counter, counters.get(counter)]),
      at,
    );
    const blockStart = monotonic();
    const blocks = await options.blocks();
    blockRates = rated(blockRates, [...blocks], (blockStart + monotonic()) / 2);
  }

  function compare(counters: ReadonlyMap<string, Count>): boolean {
    const reading = options.reading();
    if (reading === undefined) return false;
    const { counted } = counting;
    if (counted.length > 0)
      comparison.take({ plan: options.plan(), counted, counters, reading }, clock.now());
    return true;
  }

  async function askFlows(): Promise<void> {
    tracked = undefined;
    if (endpointsOf(options.plan()).length === 0) return;
    const { flows, more } = await kernel.conntrack.list({ translated: true, limit: mostFlows });
    if (more) return;
    const counts = new Map<string, number>();
    for (const flow of flows) {
      if (!isOpen(flow)) continue;
      const key = `${placeText(flow.original.destination, flow.original.destinationPort)} ${placeText(flow.reply.source, flow.reply.sourcePort)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    tracked = counts;
  }

  function stop(): void {
    for (const end of stops) end();
    stops = [];
    wasAsked = false;
    // What was counted while nobody looked is no rate of any moment.
    endpointRates = new Map();
    blockRates = new Map();
    tracked = undefined;
  }

  return {
    begin() {
      beginning?.();
      // The proxy's first sample comes within a fifth of a second; what cannot be read is read by who looks.
      const attempt = async (left: number): Promise<void> => {
        const isDone = await kernel.table.counters().then(compare, () => true);
        if (!isDone && left > 0) beginning = clock.after(firstMs, () => void attempt(left - 1));
      };
      beginning = clock.after(firstMs, () => void attempt(10));
    },
    look() {
      looking += 1;
      if (looking === 1)
        stops = [repeat(countersMs, countersRest, askCounters), repeat(flowsMs, flowsRest, askFlows)];
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        looking -= 1;
        if (looking === 0) stop();
      };
    },
    current() {
      if (!wasAsked) return undefined;
      const isCompared = counting.counted.length > 0;
      return {
        endpoints: endpointsOf(options.plan()).map((place) => endpointSample(place)),
        blocks: [...blockRates].map(
          ([address, { packets, bytes, packetRate }]): BlockRates => ({
            address,
            packets,
            bytes,
            packetRate,
          }),
        ),
        compared: isCompared ? comparison.compared : [],
        comparedSince: isCompared ? comparison.since : null,
      };
    },
    close() {
      beginning?.();
      stop();
    },
  };

  function endpointSample({ server, endpoint, counter }: EndpointPlace): EndpointRates {
    const known = endpointRates.get(counter);
    const address = serviceAddress(options.plan(), server);
    return {
      server,
      endpoint,
      connections: tracked === undefined ? null : (tracked.get(`${address} ${endpoint}`) ?? 0),
      newConnections: known?.packetRate ?? null,
      totalConnections: known?.packets ?? null,
    };
  }
}

/** The kernel remembers a connection for a while after it ended. */
function isOpen({ state }: Flow): boolean {
  return state !== 'TIME_WAIT' && state !== 'CLOSE' && state !== 'LAST_ACK';
}

function rated(
  before: ReadonlyMap<string, Rated>,
  counts: readonly (readonly [string, Count | undefined])[],
  at: number,
): Map<string, Rated> {
  return new Map(
    counts.flatMap(([name, count]) =>
      count === undefined ? [] : [[name, ratedAt(before.get(name), count, at)] as const],
    ),
  );
}

function endpointsOf({ backends }: Plan): readonly EndpointPlace[] {
  return backends.flatMap(({ name, servers }) =>
    servers.flatMap(({ name: server, service }) => {
      const key = serverKey(name, server);
      return (service?.endpoints ?? []).map(({ address }) => ({
        server: key,
        endpoint: addressText(address),
        counter: endpointCounterName(key, address),
      }));
    }),
  );
}

function serviceAddress({ backends }: Plan, key: ServerKey): string | undefined {
  for (const { name, servers } of backends)
    for (const { name: server, address } of servers)
      if (serverKey(name, server) === key) return addressText(address);
  return undefined;
}

const placeText = (host: string, port: number): string => addressText({ kind: 'ip', host, port });
