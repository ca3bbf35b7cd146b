// The command line on a real terminal: it asks before it acts, updates one line, and says what goes on without it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { program, type RunningSluice, startSluice } from '../support/sluice.ts';
import { openTerminal } from '../support/terminal.ts';

const sluiceOn = (...args: string[]) =>
  openTerminal({ command: process.execPath, args: [program, ...args], columns: 100, rows: 30 });

let place: Scratch;
beforeAll(() => {
  place = scratch();
});
afterAll(() => place.remove());

it('sluice alone, without a runtime, exits 3 with a hint what to start', async () => {
  const terminal = sluiceOn('--attach', `unix:${place.path('nobody')}`);
  await terminal.shows('sluice demo');
  expect((await terminal.ends()).code).toBe(3);
  await terminal.close();
});

it.each([
  ['demo', ['demo'], { TMPDIR: '/nowhere' }],
  ['console', ['--attach', 'unix:/nowhere'], {}],
])('an unknown theme is told before anything is started or dialled: %s', async (_, args, env) => {
  const terminal = openTerminal({
    command: process.execPath,
    args: [program, ...args, '--theme', 'nosuch'],
    columns: 100,
    rows: 30,
    env,
  });
  await terminal.shows('theme "nosuch" does not exist: choose one of colour-blind, dark');
  expect((await terminal.ends()).code).toBe(2);
  await terminal.close();
});

describe('with a runtime', () => {
  let origin: Origin;
  let running: RunningSluice;
  let load: ReturnType<typeof startLoad>;
  beforeAll(async () => {
    origin = await startOrigin('app1', place.path('posts'));
    running = await startSluice({
      yaml: `runtime:
  name: tty
  grace: 1s
shards:
  - name: default
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers:
      - { name: app1, address: "127.0.0.1:${origin.port}" }
`,
    });
    const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
    load = startLoad({
      port: Number(binds[0]!.address.split(':')[1]),
      targets: [{ host: 'app', serverPrefix: 'app' }],
      clients: 0,
      tunnels: 3,
      tunnelMs: 60_000,
    });
    await until('tunnels are up', async () => {
      const { matched } = (await running.json('show', 'connections', '--filter', 'phase=tunnel')) as {
        matched: number;
      };
      return matched === 3;
    });
  });
  afterAll(async () => {
    void load?.stop();
    await running?.stop();
    await origin?.process.stop();
  });

  it('asks before it drains, and does nothing without a yes', async () => {
    const terminal = sluiceOn('drain', 'web/app1', '--attach', running.url);
    await terminal.shows('Do it? [y/N]');
    await terminal.shows('3 tunnels');
    terminal.write('\r');
    await terminal.shows('nothing was done');
    expect((await terminal.ends()).code).toBe(1);
    await terminal.close();
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
  });

  it('shows the progress in one line, and Ctrl-C leaves the drain going', async () => {
    const terminal = sluiceOn('drain', 'web/app1', '--wait', '--attach', running.url);
    await terminal.shows('Do it? [y/N]');
    terminal.write('y\r');
    await terminal.shows('0 of 3 gone');
    terminal.write('\x03');
    await terminal.shows('goes on, 3 left: 3 tunnels');
    expect((await terminal.ends()).code).toBe(130);
    await terminal.close();
    const { servers } = (await running.json('show', 'servers')) as { servers: { admin: string }[] };
    expect(servers[0]).toMatchObject({ admin: 'drain', drain: { phase: 'draining' } });
  });
});
