// `npm run bench`: HAProxy, nginx, npm's http-proxy and Sluice side by side in one interleaved run.
// The proxy has one core, load and origin the other. Then what the console costs, beside hatop.
// `--quick` for a look, `--rounds N`, `--seconds N`, `--only HAProxy,Sluice`, `--only instances`, `steering`, `kernel` or `console`,
// `--rows TLS` for rows with that word. `--only sharding` simulates the table of slots, and needs none of them.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startNginx } from '../support/nginx.ts';
import { freePort } from '../support/processes.ts';
import { makeBenchCertificates } from './certificates.ts';
import { measureConsole, reportConsole } from './console.ts';
import { cpuUs } from './cpu.ts';
import { hasHatop, measureHatop, reportHatop } from './hatop.ts';
import { measureInstances, reportInstances } from './instances.ts';
import { kernelPathFault, measureKernelPath, reportKernelPath } from './kernel-path.ts';
import { handshakes, type LoadResult, wrk } from './load.ts';
import { proxies, type RunningProxy } from './proxies.ts';
import { type Measurement, report } from './report.ts';
import { simulateSharding } from './sharding/run.ts';
import { measureSteering, reportSteering } from './steering.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    rows: { type: 'string', default: '' },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const seconds = Number(options.seconds ?? (options.quick ? 1 : 2));
const only = options.only?.toLowerCase().split(',');

if (options.only === 'sharding') {
  console.log(simulateSharding(options.quick));
  process.exit(0);
}

const missing = ['wrk', 'taskset', 'nginx', 'haproxy'].filter(
  (command) => spawnSync('sh', ['-c', `command -v ${command} || test -x /usr/sbin/${command}`]).status !== 0,
);
if (missing.length > 0) {
  console.error(
    `bench: needs ${missing.join(', ')} (Debian: apt-get install wrk util-linux nginx-light haproxy)`,
  );
  process.exit(2);
}

const twoCores = availableParallelism() > 1;
const onProxyCore = twoCores ? ['taskset', '-c', '0'] : [];
const onLoadCore = twoCores ? ['taskset', '-c', '1'] : [];

interface Row {
  readonly name: string;
  readonly port: (proxy: RunningProxy) => number | undefined;
  readonly path: string;
  readonly connections: number;
  readonly headers?: readonly string[];
  /** Over TLS to "localhost". */
  readonly tls?: boolean;
  /** A connection for each request, whose handshake is of this version, and resumed or not. */
  readonly handshake?: { readonly version: 'TLSv1.2' | 'TLSv1.3'; readonly resumed: boolean };
}

const allRows: readonly Row[] = [
  { name: 'HTTP keep-alive, 1 KiB', port: ({ http }) => http, path: '/1k', connections: 64 },
  {
    name: 'HTTP keep-alive, 1 KiB, access log on',
    port: ({ logged }) => logged,
    path: '/1k',
    connections: 64,
  },
  { name: 'HTTP keep-alive, 64 KiB', port: ({ http }) => http, path: '/64k', connections: 64 },
  {
    name: 'HTTP, a new connection for each request',
    port: ({ http }) => http,
    path: '/1k',
    connections: 32,
    headers: ['Connection: close'],
  },
  { name: 'TCP relay, 1 KiB answers', port: ({ tcp }) => tcp, path: '/1k', connections: 64 },
  { name: 'TLS edge, keep-alive, 1 KiB', port: ({ edge }) => edge, path: '/1k', connections: 64, tls: true },
  {
    name: 'TLS edge, keep-alive, 64 KiB',
    port: ({ edge }) => edge,
    path: '/64k',
    connections: 64,
    tls: true,
  },
  {
    name: 'TLS re-encrypt, keep-alive, 1 KiB',
    port: ({ reencrypt }) => reencrypt,
    path: '/1k',
    connections: 64,
    tls: true,
  },
  {
    name: 'TLS re-encrypt, keep-alive, 64 KiB',
    port: ({ reencrypt }) => reencrypt,
    path: '/64k',
    connections: 64,
    tls: true,
  },
  {
    name: 'TLS passthrough, keep-alive, 1 KiB',
    port: ({ passthrough }) => passthrough,
    path: '/1k',
    connections: 64,
    tls: true,
  },
  ...(['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) =>
    [false, true].map((resumed) => ({
      name: `${version} edge, a ${resumed ? 'resumed' : 'full'} handshake for each request`,
      port: ({ edge }: RunningProxy) => edge,
      path: '/1k',
      connections: 16,
      handshake: { version, resumed },
    })),
  ),
];

const rows = allRows.filter(({ name }) => name.includes(options.rows));

const [originPort, originTlsPort] = [await freePort(), await freePort()];
const certificates = await makeBenchCertificates();
const origin = await startNginx({
  under: onLoadCore,
  port: originPort,
  http: `open_file_cache max=10; sendfile on; tcp_nopush on;
  server { listen 127.0.0.1:${originPort} backlog=4096; }
  server { listen 127.0.0.1:${originTlsPort} ssl backlog=4096;
    ssl_certificate ${certificates.cert}; ssl_certificate_key ${certificates.key}; ssl_protocols TLSv1.2 TLSv1.3; }`,
  files: { '1k': 'x'.repeat(1024), '64k': 'x'.repeat(65_536) },
});

const running: RunningProxy[] = [];
const measurements: Measurement[] = [];
try {
  for (const [name, startProxy] of proxies) {
    if (only !== undefined && !only.includes(name.toLowerCase())) continue;
    running.push(await startProxy({ http: originPort, tls: originTlsPort, certificates }, onProxyCore));
  }
  // What is compiled while it runs is compiled before it is measured: Node reaches its pace after some seconds.
  const warmUp = options.quick ? 1 : 4;
  for (const proxy of running) for (const row of rows) await measure(proxy, row, proxy.compiles ? warmUp : 1);
  for (let round = 0; round < rounds && running.length > 0; round += 1) {
    for (const row of rows) {
      // Another one begins each round, so that no proxy always meets a machine just left by the same neighbour.
      for (let place = 0; place < running.length; place += 1) {
        const proxy = running[(place + round) % running.length]!;
        const measured = await measure(proxy, row, seconds);
        if (measured !== undefined) measurements.push(measured);
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds} done\n`);
  }
  if (measurements.length > 0) console.log(report(inOrder(measurements)));
  console.log(
    `\nmedians of ${rounds} interleaved round${rounds === 1 ? '' : 's'} of ${seconds} s; ` +
      `proxy on ${twoCores ? 'one core, load and origin on another' : 'the same core as the load'}; Node ${process.versions.node}`,
  );
} finally {
  for (const proxy of running) await proxy.stop();
  await origin.stop();
  certificates.remove();
}

if (only === undefined || only.includes('instances'))
  console.log(`\n${reportInstances(await measureInstances({ rounds, seconds, onProxyCore, onLoadCore }))}`);

if (only === undefined || only.includes('instances') || only.includes('steering'))
  console.log(`\n${reportSteering(await measureSteering({ rounds, seconds, onProxyCore, onLoadCore }))}`);

if (only === undefined || only.includes('kernel')) {
  const fault = kernelPathFault();
  console.log(
    fault === undefined
      ? `\n${reportKernelPath(await measureKernelPath(rounds, seconds))}`
      : `\nno rows for path: kernel: ${fault}`,
  );
}

if (only === undefined || only.includes('console')) {
  const figures = await measureConsole(options.quick ? { starts: 3, seconds: 3 } : { starts: 5, seconds: 5 });
  console.log(`\n${reportConsole(figures)}`);
  if (hasHatop())
    console.log(`\n${reportHatop(await measureHatop({ starts: 3, seconds: options.quick ? 3 : 5 }))}`);
  else console.log('\nhatop is not installed (Debian: apt-get install hatop): no row for it');
}

async function measure(proxy: RunningProxy, row: Row, forSeconds: number): Promise<Measurement | undefined> {
  const port = row.port(proxy);
  if (port === undefined) return undefined;
  const pids = proxy.pids(port);
  const before = cpuUs(pids);
  const { path, connections, handshake } = row;
  const load = { seconds: forSeconds, connections, under: onLoadCore };
  const result: LoadResult = handshake
    ? await handshakes({ ...load, ...handshake, port, path })
    : await wrk({
        ...load,
        url: row.tls ? `https://localhost:${port}${path}` : `http://127.0.0.1:${port}${path}`,
        ...(row.headers === undefined ? {} : { headers: row.headers }),
      });
  return { row: row.name, proxy: proxy.name, cpuUs: cpuUs(pids) - before, ...result };
}

function inOrder(all: readonly Measurement[]): Measurement[] {
  const order = proxies.map(([name]) => name);
  return [...all].sort((a, b) => order.indexOf(a.proxy) - order.indexOf(b.proxy));
}
