// What it costs a connection to find its instance: accepted directly by the one there is, handed over by the acceptor, or sent to
// its instance by nftables. Each in a network namespace of its own, since rules slow down whatever goes by them.

import { createNetwork, nftablesFault } from '../support/namespaces.ts';
import { startNginx } from '../support/nginx.ts';
import { descendants, freePort, until } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { startSluice } from '../support/sluice.ts';
import { cpuUs } from './cpu.ts';
import { wrk } from './load.ts';
import { median } from './report.ts';

const ways = [
  { name: 'accepted directly', instances: 1, steering: 'handoff' },
  { name: 'handed over', instances: 2, steering: 'handoff' },
  { name: 'steered by nft', instances: 2, steering: 'nft' },
] as const;

export interface SteeringFigures {
  /** CPU microseconds of acceptor and instances for a connection with one request, and connections a second. */
  readonly ways: readonly { readonly name: string; readonly cpuUs: number; readonly perSecond: number }[];
  readonly failed: number;
}

/** A string: why it cannot be measured. */
export async function measureSteering(options: {
  readonly rounds: number;
  readonly seconds: number;
  readonly onProxyCore: readonly string[];
  readonly onLoadCore: readonly string[];
}): Promise<SteeringFigures | string> {
  const fault = nftablesFault('nft');
  if (fault !== undefined) return fault;
  const { rounds, seconds, onProxyCore, onLoadCore } = options;
  const place = scratch();
  const network = createNetwork('bench');
  // A unix socket is there in every namespace.
  const socket = place.path('origin.sock');
  const originPort = await freePort();
  const origin = await startNginx({
    under: onLoadCore,
    port: originPort,
    http: `server { listen 127.0.0.1:${originPort}; listen unix:${socket} backlog=4096; }`,
    files: { '1k': 'x'.repeat(1024) },
  });
  const stops: (() => Promise<void>)[] = [];
  try {
    const runtimes = [];
    for (const { instances, steering, name } of ways) {
      const inside = network.namespace(`n${runtimes.length}`);
      const runtime = await startSluice({
        under: [...inside.prefix, ...onProxyCore],
        yaml: configuration(instances, steering, socket),
      });
      stops.push(() => runtime.stop());
      if (steering === 'nft')
        await until(name, async () => {
          const { shards } = (await runtime.json('show', 'shards')) as {
            shards: { steering: { by: string } }[];
          };
          return shards[0]!.steering.by === 'nft';
        });
      runtimes.push({ pid: runtime.pid, inside });
    }
    const figures = ways.map(({ name }) => ({ name, cpu: [] as number[], rate: [] as number[] }));
    let failed = 0;
    for (let round = -1; round < rounds; round += 1)
      for (const [index, { pid, inside }] of runtimes.entries()) {
        const pids = descendants(pid);
        const before = cpuUs(pids);
        const load = await wrk({
          url: 'http://127.0.0.1:8080/1k',
          seconds: round < 0 ? 4 : seconds,
          connections: 32,
          headers: ['Connection: close'],
          under: [...inside.prefix, ...onLoadCore],
        });
        // The first is for warming up.
        if (round < 0) continue;
        failed += load.failed;
        figures[index]!.cpu.push((cpuUs(pids) - before) / load.requests);
        figures[index]!.rate.push(load.perSecond);
      }
    return {
      ways: figures.map(({ name, cpu, rate }) => ({ name, cpuUs: median(cpu), perSecond: median(rate) })),
      failed,
    };
  } finally {
    for (const stop of stops) await stop();
    await origin.stop();
    await network.remove();
    place.remove();
  }
}

function configuration(instances: number, steering: string, socket: string): string {
  return `
runtime:
  name: bench
shards:
  - name: default
    instances: ${instances}
    steering: ${steering}
    binds: [{ name: http, listen: "127.0.0.1:8080", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "unix:${socket}" }]
`;
}

export function reportSteering(figures: SteeringFigures | string): string {
  if (typeof figures === 'string') return `how a client finds its instance: not measured: ${figures}`;
  return [
    'how a client finds its instance (each in a network namespace)',
    ...figures.ways.map(
      ({ name, cpuUs: us, perSecond }) =>
        `  a connection ${name.padEnd(22)} ${us.toFixed(1)} µs CPU with its one request, ${Math.round(perSecond)} a second`,
    ),
    `  failed                              ${figures.failed}`,
  ].join('\n');
}
