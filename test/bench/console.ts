// What the console costs: time to the first frame, CPU, and bytes on the terminal at 160 × 55, attached to a real runtime with
// 10,000 connections. `node test/bench/console.ts`, after `npm run build`.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTerminal } from '../support/terminal.ts';
import { cpuUs, residentKb } from './cpu.ts';
import { median } from './report.ts';

export interface ConsoleFigures {
  /** From the start of the process to the whole first picture, milliseconds: median and best. */
  readonly firstFrame: { readonly median: number; readonly best: number };
  readonly screens: readonly {
    readonly name: string;
    readonly bytesPerSecond: number;
    /** Of one core, percent. */
    readonly cpu: number;
    readonly residentMb: number;
  }[];
}

const size = { columns: 160, rows: 55 };
const program = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const runtimeProgram = fileURLToPath(new URL('console-runtime.ts', import.meta.url));

export async function measureConsole({ starts = 7, seconds = 10 } = {}): Promise<ConsoleFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const url = `unix:${join(folder, 'control', 'c.sock')}`;
  const runtime = spawn(process.execPath, [runtimeProgram, url.slice('unix:'.length)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      runtime.stdout.once('data', () => resolve());
      runtime.once('exit', (code) => reject(new Error(`the runtime of the bench ended with ${code}`)));
    });
    const times: number[] = [];
    // The first start fills the compile cache.
    for (let start = 0; start <= starts; start++) times.push(await firstFrame(url));
    const warm = times.slice(1);
    const screens = [
      await screenCost(url, 'Overview, with charts', [], seconds),
      await screenCost(url, 'Connections', ['2'], seconds),
      await screenCost(url, 'Backends', ['3'], seconds),
      await screenCost(url, 'Connections, --slow', ['2'], seconds, ['--slow']),
    ];
    return { firstFrame: { median: median(warm), best: Math.min(...warm) }, screens };
  } finally {
    runtime.removeAllListeners('exit');
    runtime.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function openConsole(url: string, more: readonly string[] = []) {
  return openTerminal({
    command: process.execPath,
    args: [program, 'console', '--attach', url, ...more],
    ...size,
  });
}

async function firstFrame(url: string): Promise<number> {
  const begun = performance.now();
  const terminal = openConsole(url);
  await terminal.shows('q quit');
  const took = performance.now() - begun;
  terminal.write('q');
  await terminal.ends();
  await terminal.close();
  return took;
}

async function screenCost(
  url: string,
  name: string,
  keysPressed: readonly string[],
  seconds: number,
  more: readonly string[] = [],
): Promise<ConsoleFigures['screens'][number]> {
  const terminal = openConsole(url, more);
  await terminal.shows('q quit');
  for (const key of keysPressed) terminal.write(key);
  // The start is not what is measured: code is compiled, charts are loaded, the first rows come.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = { bytes: terminal.bytes, cpu: cpuUs([terminal.pid]), at: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const passed = (performance.now() - before.at) / 1_000;
  const figures = {
    name,
    bytesPerSecond: (terminal.bytes - before.bytes) / passed,
    cpu: (cpuUs([terminal.pid]) - before.cpu) / 10_000 / passed,
    residentMb: residentKb(terminal.pid) / 1_024,
  };
  terminal.write('q');
  await terminal.ends();
  await terminal.close();
  return figures;
}

export function reportConsole({ firstFrame: { median: middle, best }, screens }: ConsoleFigures): string {
  const rows = screens.map(
    ({ name, bytesPerSecond, cpu, residentMb }) =>
      `${name.padEnd(24)}${(bytesPerSecond / 1_024).toFixed(1).padStart(8)} KB/s${cpu.toFixed(1).padStart(8)} % of a core${residentMb.toFixed(0).padStart(6)} MB`,
  );
  return [
    `console at ${size.columns} × ${size.rows}, 10,000 connections, Node ${process.versions.node}`,
    `first frame             ${middle.toFixed(0).padStart(8)} ms (best ${best.toFixed(0)} ms)`,
    ...rows,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(reportConsole(await measureConsole()));
}
