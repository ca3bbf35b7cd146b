// A real runtime over the scripted engine, with 10,000 connections of which a fifth carry traffic: what the console bench attaches to.
// Started as `node console-runtime.ts SOCKET`; ends with its input.

import { systemClock, systemRandom } from '../../src/cli/system-clock.ts';
import type { ConnectionRow } from '../../src/domain/connection.ts';
import { startRuntime } from '../../src/runtime/runtime.ts';
import { backend, passing, plan, server } from '../runtime/fixture.ts';
import { createScriptedEngine } from '../support/scripted-engine.ts';

const [socket] = process.argv.slice(2);
if (socket === undefined) throw new Error('usage: console-runtime.ts SOCKET');
const count = 10_000;
const phases = ['data', 'idle', 'wait', 'idle', 'tunnel'] as const;

const scripted = createScriptedEngine({ clock: systemClock });
const startedAt = systemClock.now();

/** Every fifth connection moves bytes; the others are there. */
function moving(row: ConnectionRow): ConnectionRow {
  const number = Number.parseInt(row.id.split('-').at(-1) ?? '0', 36);
  if (number % 5 !== 0) return row;
  const seconds = (systemClock.now() - startedAt) / 1_000;
  const rate = 10_000 + (number % 97) * 1_000;
  return { ...row, bytesIn: row.bytesIn + 300 * seconds, bytesOut: row.bytesOut + rate * seconds, rate };
}

const engine: typeof scripted = Object.assign(Object.create(scripted), {
  watchConnections: ((query, listener) =>
    scripted.watchConnections(query, (window) =>
      listener({ ...window, rows: window.rows.map(moving) }),
    )) satisfies typeof scripted.watchConnections,
});

const names = ['web', 'api', 'shop', 'static', 'login'];
const runtime = await startRuntime({
  plan: plan({
    backends: names.map((name) =>
      backend({ name, servers: Array.from({ length: 6 }, (_, index) => server(`app${index + 1}`)) }),
    ),
    settings: { control: [{ address: { kind: 'unix', path: socket }, origins: [] }] },
  }),
  engine,
  clock: systemClock,
  random: systemRandom,
  version: 'bench',
  demo: false,
  probe: passing,
});

const opened: string[] = [];
const open = (number: number) =>
  opened.push(
    scripted.open({
      client: `10.${number % 7}.${(number >> 8) % 250}.${number % 250}:${20_000 + (number % 40_000)}`,
      bind: ':80',
      backend: names[number % names.length]!,
      server: `${names[number % names.length]!}/app${1 + (number % 6)}`,
      phase: phases[number % phases.length]!,
      requests: 1 + (number % 40),
      method: 'GET',
      host: 'shop.example.com',
      path: `/item/${number}`,
      bytesIn: 400 + number,
      bytesOut: 12_000 + number * 7,
    }),
  );
for (let number = 0; number < count; number++) open(number);
for (const [index, name] of names.entries()) scripted.traffic(name, 120 + 90 * index);
let number = count;
setInterval(() => {
  // Twenty come and go each second, of the younger half: who has been there for long mostly stays.
  const [gone] = opened.splice(Math.floor((0.5 + systemRandom() / 2) * opened.length), 1);
  if (gone !== undefined) scripted.end(gone);
  open(number++);
}, 50);

process.stdout.write(`ready ${runtime.urls.join(' ')}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
