// hatop beside the console: the same size of terminal, a real HAProxy with as many servers, some traffic, refreshed each second.
// `node test/bench/hatop.ts`. hatop shows servers only, so the row to compare with is the console's Backends.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startHaproxy } from '../support/haproxy.ts';
import { startLoad } from '../support/load.ts';
import { startOrigin } from '../support/origin.ts';
import { freePort } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { openTerminal } from '../support/terminal.ts';
import { cpuUs, residentKb } from './cpu.ts';
import { median } from './report.ts';

export interface HatopFigures {
  readonly firstFrame: { readonly median: number; readonly best: number };
  readonly bytesPerSecond: number;
  /** Of one core, percent. */
  readonly cpu: number;
  readonly residentMb: number;
}

const backends = ['web', 'api', 'shop', 'static', 'login'];
const serversEach = 6;

export function hasHatop(): boolean {
  return spawnSync('sh', ['-c', 'command -v hatop']).status === 0;
}

export async function measureHatop({ starts = 5, seconds = 5 } = {}): Promise<HatopFigures> {
  const place = scratch();
  const [port, origin] = [await freePort(), await startOrigin('app', place.path('posts'))];
  const haproxy = await startHaproxy({
    port,
    configuration: (folder) => `
global
  stats socket ${folder}/stats.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend http
  bind 127.0.0.1:${port}
  use_backend %[req.hdr(host)]
${backends.map((name) => `backend ${name}\n${serverLines(origin.port)}`).join('\n')}
`,
  });
  const load = startLoad({
    port,
    targets: backends.map((host) => ({ host, serverPrefix: 'app' })),
    clients: 20,
    thinkMs: 100,
    slow: 0,
  });
  const open = () =>
    openTerminal({
      command: 'hatop',
      args: ['-s', `${haproxy.folder}/stats.sock`, '-n', '-i', '1'],
      columns: 160,
      rows: 55,
    });
  try {
    const times: number[] = [];
    for (let start = 0; start < starts; start++) {
      const begun = performance.now();
      const terminal = open();
      await terminal.shows('login');
      times.push(performance.now() - begun);
      terminal.write('q');
      await terminal.ends();
      await terminal.close();
    }
    const terminal = open();
    await terminal.shows('login');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = { bytes: terminal.bytes, cpu: cpuUs([terminal.pid]), at: performance.now() };
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const passed = (performance.now() - before.at) / 1_000;
    const figures = {
      firstFrame: { median: median(times), best: Math.min(...times) },
      bytesPerSecond: (terminal.bytes - before.bytes) / passed,
      cpu: (cpuUs([terminal.pid]) - before.cpu) / 10_000 / passed,
      residentMb: residentKb(terminal.pid) / 1_024,
    };
    terminal.write('q');
    await terminal.ends();
    await terminal.close();
    return figures;
  } finally {
    await load.stop();
    await haproxy.stop();
    await origin.process.stop();
    place.remove();
  }
}

function serverLines(port: number): string {
  return Array.from({ length: serversEach }, (_, index) => `  server app${index + 1} 127.0.0.1:${port}`).join(
    '\n',
  );
}

export function reportHatop({ firstFrame, bytesPerSecond, cpu, residentMb }: HatopFigures): string {
  return [
    `hatop at 160 × 55, HAProxy with ${backends.length} backends of ${serversEach} servers`,
    `first frame             ${firstFrame.median.toFixed(0).padStart(8)} ms (best ${firstFrame.best.toFixed(0)} ms)`,
    `${'Servers, each second'.padEnd(24)}${(bytesPerSecond / 1_024).toFixed(1).padStart(8)} KB/s${cpu.toFixed(1).padStart(8)} % of a core${residentMb.toFixed(0).padStart(6)} MB`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(
    hasHatop() ? reportHatop(await measureHatop()) : 'hatop is not installed (Debian: apt-get install hatop)',
  );
}
