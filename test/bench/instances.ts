// What several instances of a shard cost and give: a connection handed over by the acceptor beside one accepted directly,
// and the requests that two instances serve beside one, each held to the same share of a core.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startNginx } from '../support/nginx.ts';
import { descendants, freePort, start } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { cpuUs } from './cpu.ts';
import { wrk } from './load.ts';
import type { ManyClients } from './many-clients.ts';
import { median } from './report.ts';

export interface InstanceFigures {
  /** CPU microseconds of acceptor and instances for a connection with one request. */
  readonly direct: number;
  readonly handedOver: number;
  /** Requests a second of one and of two instances; undefined where processes cannot be held to a share of a core. */
  readonly one?: number;
  readonly two?: number;
  readonly failed: number;
}

/** Of a core, each instance: what is left is enough for clients and origin on a small machine. */
const share = 0.2;
const group = '/sys/fs/cgroup/cpu';

export async function measureInstances(options: {
  readonly rounds: number;
  readonly seconds: number;
  readonly onProxyCore: readonly string[];
  readonly onLoadCore: readonly string[];
}): Promise<InstanceFigures> {
  const { rounds, seconds, onProxyCore, onLoadCore } = options;
  const originPort = await freePort();
  const origin = await startNginx({
    under: onLoadCore,
    port: originPort,
    http: `server { listen 127.0.0.1:${originPort} backlog=4096; }`,
    files: { '1k': 'x'.repeat(1024) },
  });
  const ports = [await freePort(), await freePort()] as const;
  const runtimes = await Promise.all(
    ports.map((port, index) =>
      startSluice({ under: onProxyCore, yaml: configuration(port, index + 1, originPort) }),
    ),
  );
  try {
    const costs: [number[], number[]] = [[], []];
    let failed = 0;
    for (let round = -1; round < rounds; round += 1)
      for (const [place, { pid }] of runtimes.entries()) {
        const pids = descendants(pid);
        const before = cpuUs(pids);
        const load = await wrk({
          url: `http://127.0.0.1:${ports[place]}/1k`,
          seconds: round < 0 ? 4 : seconds,
          connections: 32,
          headers: ['Connection: close'],
          under: onLoadCore,
        });
        // The first is for warming up.
        if (round < 0) continue;
        failed += load.failed;
        costs[place as 0 | 1].push((cpuUs(pids) - before) / load.requests);
      }
    const throughput = await throughputs(runtimes, ports, rounds, seconds);
    return {
      direct: median(costs[0]),
      handedOver: median(costs[1]),
      ...(throughput && { one: throughput.one, two: throughput.two }),
      failed: failed + (throughput?.failed ?? 0),
    };
  } finally {
    for (const runtime of runtimes) await runtime.stop();
    await origin.stop();
  }
}

async function throughputs(
  runtimes: readonly RunningSluice[],
  ports: readonly number[],
  rounds: number,
  seconds: number,
): Promise<{ one: number; two: number; failed: number } | undefined> {
  const groups: string[] = [];
  try {
    for (const { pid, json } of runtimes) {
      const { instances } = (await json('show', 'instances')) as { instances: { pid: number }[] };
      for (const instance of instances) {
        const path = `${group}/sluice-bench-${pid}-${instance.pid}`;
        mkdirSync(path);
        groups.push(path);
        writeFileSync(`${path}/cpu.cfs_period_us`, '20000');
        writeFileSync(`${path}/cpu.cfs_quota_us`, String(20_000 * share));
        writeFileSync(`${path}/cgroup.procs`, String(instance.pid));
        // On any core from now on: the share is the limit.
        const freed = await start('taskset', ['-a', '-p', '-c', '0-255', String(instance.pid)]);
        await freed.exited;
      }
    }
    const perSecond: [number[], number[]] = [[], []];
    let failed = 0;
    for (let round = 0; round < rounds; round += 1)
      for (const place of [0, 1] as const) {
        const clients: ManyClients = { port: ports[place]!, path: '/1k', seconds, clients: 64 };
        const program = fileURLToPath(new URL('./many-clients.ts', import.meta.url));
        const load = await start(process.execPath, [program, JSON.stringify(clients)]);
        await load.exited;
        const result = JSON.parse(load.output()) as { answers: number; failed: number };
        perSecond[place].push(result.answers / seconds);
        failed += result.failed;
      }
    return { one: median(perSecond[0]), two: median(perSecond[1]), failed };
  } catch (error) {
    if (groups.length > 0) throw error;
    return undefined;
  } finally {
    for (const path of groups) {
      // Back to the root group: one with processes in it cannot be removed.
      for (const pid of pidsOf(path)) writeFileSync(`${group}/cgroup.procs`, String(pid));
      rmdirSync(path);
    }
  }
}

function pidsOf(path: string): readonly string[] {
  return readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
}

function configuration(port: number, instances: number, origin: number): string {
  return `
runtime:
  name: bench
shards:
  - name: default
    instances: ${instances}
    binds: [{ name: http, listen: "127.0.0.1:${port}", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:${origin}" }]
`;
}

export function reportInstances({ direct, handedOver, one, two, failed }: InstanceFigures): string {
  const lines = [
    'several instances of a shard',
    `  a connection accepted directly      ${direct.toFixed(1)} µs CPU, with its one request`,
    `  a connection handed over            ${handedOver.toFixed(1)} µs CPU: ${(handedOver - direct).toFixed(1)} more, ${(handedOver / direct).toFixed(2)} ×`,
    one === undefined || two === undefined
      ? '  two instances beside one            not measured: no cgroup (v1, cpu) to hold each to a share of a core'
      : `  two instances beside one            ${Math.round(two)} against ${Math.round(one)} requests/s: ${(two / one).toFixed(2)} × (each instance held to ${share * 100} % of a core)`,
    `  failed                              ${failed}`,
  ];
  return lines.join('\n');
}
