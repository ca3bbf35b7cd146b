// How `sluice run` is told to end, where the signal comes once, twice in one breath, and again by somebody impatient.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { descendants, isAlive, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

let place: Scratch;
let origin: Origin;
let running: RunningSluice;
let held: Socket;

beforeEach(async () => {
  place = scratch();
  origin = await startOrigin('app1', place.path('posts'));
  running = await startSluice({
    yaml: `runtime:
  name: signals
  grace: 20s
shards:
  - name: default
    binds: [{ name: raw, listen: "127.0.0.1:0", mode: tcp, backend: web }]
backends:
  - name: web
    mode: tcp
    servers: [{ name: app1, address: "127.0.0.1:${origin.port}" }]
`,
  });
  const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
  held = connect(Number(binds[0]!.address.split(':').at(-1)), '127.0.0.1').on('error', () => {});
  await once(held, 'connect');
  await until('the connection is relayed', async () => {
    const { total } = (await running.json('show', 'connections')) as { total: number };
    return total === 1;
  });
});
afterEach(async () => {
  held?.destroy();
  await running?.stop();
  await origin?.process.stop();
  place.remove();
});

it('takes a signal that comes twice at once, as to a group, for one', async () => {
  process.kill(running.pid, 'SIGTERM');
  process.kill(running.pid, 'SIGTERM');
  await until('it is ending', async () => running.process.output().includes('SIGTERM: ending'));
  held.destroy();
  expect(await running.process.exited).toBe(0);
  expect(running.process.output()).not.toContain('again');
});

it('ends at once when told again, and leaves no process and no file', async () => {
  process.kill(running.pid, 'SIGTERM');
  await until('it is ending', async () => running.process.output().includes('SIGTERM: ending'));
  const processes = descendants(running.pid).concat(acceptorPid());
  const impatient = setInterval(() => process.kill(running.pid, 'SIGTERM'), 500);
  const code = await running.process.exited.finally(() => clearInterval(impatient));
  expect(code).toBe(1);
  expect(running.process.output()).toContain('SIGTERM again: ending at once');
  expect(processes.filter(isAlive)).toEqual([]);
  expect(readdirSync(running.place.folder)).toEqual(['sluice.yaml']);
});

/** In a session of its own, so it is found by what it wrote down. */
function acceptorPid(): number {
  const folder = readdirSync(running.place.folder).find((name) => name.startsWith('engine-'));
  return Number(readFileSync(running.place.path(`${folder}/acceptor.pid`), 'utf8'));
}

it('leaves its instances serving on SIGUSR2, and the next runtime has them as they are', async () => {
  const serving = async (of: RunningSluice) =>
    ((await of.json('show', 'instances')) as { instances: { pid: number }[] }).instances.map(
      ({ pid }) => pid,
    );
  const pids = await serving(running);
  process.kill(running.pid, 'SIGUSR2');
  expect(await running.process.exited).toBe(0);
  expect((await running.verb('show', 'binds')).code).toBe(3);
  expect(pids.every(isAlive)).toBe(true);
  const next = await running.again();
  try {
    expect(await serving(next)).toEqual(pids);
    const { total } = (await next.json('show', 'connections')) as { total: number };
    expect(total).toBe(1);
  } finally {
    held.destroy();
    await next.process.stop(15_000);
  }
  expect(pids.some(isAlive)).toBe(false);
});
