// TCP through the kernel (`path: kernel`) beside HAProxy `mode tcp`, our own relay, and no proxy at all: clients, proxy and
// server each in a network namespace, all of them on the whole machine, since that is what an operator pays with.
import { readFileSync, writeFileSync } from 'node:fs';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { descendants } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { cpuUs } from './cpu.ts';
import { parseWrk } from './load.ts';
import { median } from './report.ts';

const ways = ['no proxy', 'HAProxy mode tcp', 'Sluice, path: kernel', 'Sluice, relayed'] as const;
type Way = (typeof ways)[number];

/** The server has a port for each: what one way leaves behind for minutes is in nobody else's way. */
const ports = new Map<Way, number>(ways.map((way, index) => [way, 8081 + index]));

interface Row {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  readonly headers: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'kept connections, 1 KiB', path: '/1k', connections: 64, headers: [] },
  { name: 'kept connections, 64 KiB', path: '/64k', connections: 64, headers: [] },
  {
    name: 'a connection for each request',
    path: '/1k',
    connections: 32,
    headers: ['-H', 'Connection: close'],
  },
];

interface Measured {
  readonly row: string;
  readonly way: Way;
  readonly perSecond: number;
  readonly p99Us: number;
  readonly failed: number;
  /** Of the whole machine, and of the proxy's processes alone. */
  readonly machineUs: number;
  readonly proxyUs: number;
}

/** What stands in the way, if anything. */
export const kernelPathFault = (): string | undefined => nftablesFault('nft', 'conntrack');

export async function measureKernelPath(rounds: number, seconds: number): Promise<readonly Measured[]> {
  const star = await createStar({ label: 'bench', containers: 1 });
  let sluice: RunningSluice | undefined;
  try {
    const [server] = star.addresses.containers;
    // Where the client closes first, its ports rest for a minute, and the 28,000 there are would be the limit.
    star.clients.sysctl('net.ipv4.tcp_tw_reuse', 1);
    // A connection that ended is remembered for two minutes: the kernel's table would be full, and every way pay for it.
    for (const state of ['time_wait', 'close', 'last_ack', 'fin_wait', 'close_wait'])
      star.proxy.sysctl(`net.netfilter.nf_conntrack_tcp_timeout_${state}`, 1);
    await startServer(star);
    sluice = await startSluice({ under: star.proxy.prefix, yaml: configuration(star) });
    const haproxy = await startHaproxy(star);
    const pids: Readonly<Record<Way, () => readonly number[]>> = {
      'no proxy': () => [],
      'HAProxy mode tcp': () => [haproxy, ...descendants(haproxy)],
      // The runtime and its instance, whatever they do beside.
      'Sluice, path: kernel': () => [sluice!.pid, ...descendants(sluice!.pid)],
      'Sluice, relayed': () => [sluice!.pid, ...descendants(sluice!.pid)],
    };
    const targets: Readonly<Record<Way, string>> = {
      'no proxy': `${server}:${ports.get('no proxy')}`,
      'HAProxy mode tcp': `${star.addresses.proxy}:8001`,
      'Sluice, path: kernel': `${star.addresses.proxy}:8002`,
      'Sluice, relayed': `${star.addresses.proxy}:8003`,
    };
    const measure = async (row: Row, way: Way, forSeconds: number): Promise<Measured> => {
      const before = [machineUs(), cpuUs(pids[way]())] as const;
      const { output } = await star.clients.run('wrk', [
        '-t1',
        `-c${row.connections}`,
        `-d${forSeconds}s`,
        '--latency',
        ...row.headers,
        `http://${targets[way]}${row.path}`,
      ]);
      const result = parseWrk(output);
      return {
        row: row.name,
        way,
        perSecond: result.perSecond,
        p99Us: result.p99Us,
        failed: result.failed,
        machineUs: (machineUs() - before[0]) / result.requests,
        proxyUs: (cpuUs(pids[way]()) - before[1]) / result.requests,
      };
    };
    const measured: Measured[] = [];
    for (const row of rows) for (const way of ways) await measure(row, way, 2);
    for (let round = 0; round < rounds; round += 1)
      for (const row of rows)
        for (let place = 0; place < ways.length; place += 1)
          measured.push(await measure(row, ways[(place + round) % ways.length]!, seconds));
    return measured;
  } finally {
    await sluice?.stop();
    await star.remove();
  }
}

function configuration(star: Star): string {
  const { proxy, containers } = star.addresses;
  const backend = (name: string, way: Way) => `
  - name: ${name}
    mode: tcp
    balance: { algorithm: random }
    servers: [{ name: app1, address: "${containers[0]}:${ports.get(way)}" }]`;
  return `runtime:
  grace: 1s
shards:
  - name: default
    binds:
      - { name: kernel, listen: "${proxy}:8002", mode: tcp, backend: kernel, path: kernel, fallback: none }
      - { name: relayed, listen: "${proxy}:8003", mode: tcp, backend: relayed }
backends:${backend('kernel', 'Sluice, path: kernel')}${backend('relayed', 'Sluice, relayed')}
`;
}

async function startServer(star: Star): Promise<void> {
  const place = scratch();
  writeFileSync(place.path('1k'), 'x'.repeat(1024));
  writeFileSync(place.path('64k'), 'x'.repeat(65_536));
  writeFileSync(
    place.path('nginx.conf'),
    `daemon off; pid ${place.path('pid')}; error_log ${place.path('error.log')} warn; user root; worker_processes 1;
events { worker_connections 16384; }
http { access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on; open_file_cache max=10; root ${place.folder};
${[...ports.values()].map((port) => `  server { listen ${port} backlog=4096; }`).join('\n')}
}
`,
  );
  await star.containers[0]!.start('nginx', ['-c', place.path('nginx.conf')]);
  await answering(star, `${star.addresses.containers[0]}:${ports.get('no proxy')}`);
}

async function startHaproxy(star: Star): Promise<number> {
  const place = scratch();
  writeFileSync(
    place.path('haproxy.cfg'),
    `global
  nbthread 1
  maxconn 8000
defaults
  mode tcp
  timeout connect 1s
  timeout client 30s
  timeout server 30s
listen tcp
  bind ${star.addresses.proxy}:8001
  server app1 ${star.addresses.containers[0]}:${ports.get('HAProxy mode tcp')}
`,
  );
  const { pid } = await star.proxy.start('haproxy', ['-db', '-f', place.path('haproxy.cfg')]);
  await answering(star, `${star.addresses.proxy}:8001`);
  return pid;
}

async function answering(star: Star, target: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { code } = await star.clients.run('curl', [
      '-sf',
      '-o',
      '/dev/null',
      '-m',
      '1',
      `http://${target}/1k`,
    ]);
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers on ${target}`);
}

/** Busy time of all cores since the machine began, microseconds. */
function machineUs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .slice(0, 200)
    .split(/\s+/)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) * 10_000;
}

export function reportKernelPath(measured: readonly Measured[]): string {
  return rows
    .map(({ name }) => {
      const of = (way: Way, figure: (one: Measured) => number) =>
        median(measured.filter((one) => one.row === name && one.way === way).map(figure));
      const reference = 'HAProxy mode tcp';
      const lines = ways.map((way) => {
        const perSecond = of(way, (one) => one.perSecond);
        const p99 = of(way, (one) => one.p99Us);
        return [
          way,
          Math.round(perSecond).toLocaleString('en'),
          `${(perSecond / of(reference, (one) => one.perSecond)).toFixed(2)} ×`,
          `${(p99 / 1_000).toFixed(2)} ms`,
          `${(p99 / of(reference, (one) => one.p99Us)).toFixed(2)} ×`,
          of(way, (one) => one.machineUs).toFixed(1),
          of(way, (one) => one.proxyUs).toFixed(2),
          String(
            measured.reduce((sum, one) => sum + (one.row === name && one.way === way ? one.failed : 0), 0),
          ),
        ];
      });
      const all = [
        [name, 'requests/s', 'of HAProxy', 'p99', 'of HAProxy', 'µs machine', 'µs proxy', 'failed'],
        ...lines,
      ];
      const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
      return all
        .map((line) =>
          line
            .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
            .join('  '),
        )
        .join('\n');
    })
    .join('\n\n');
}
