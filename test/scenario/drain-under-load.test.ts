// The main job: an operator drains a server under load and takes it away the moment it is reported drained.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postsSeen } from '../support/origin.ts';
import { start, until } from '../support/processes.ts';
import { type Stage, serverOf, setStage } from './two-backends.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage();
});
afterEach(() => stage.close());

/** Enough tunnels over two servers that some are on each: an even chance for every one. */
const toWeb = { targets: [{ host: 'web.example.com', serverPrefix: 'web' }] };

it('drains a server under load: nothing fails, nothing goes astray, no POST comes twice', async () => {
  const load = stage.load({ clients: 30, posts: 0.3, slow: 0.1, slowMs: 1_200, tunnels: 6, tunnelMs: 2_500 });
  await until('traffic on web1', () => (load.result.byServer.get('web1') ?? 0) > 50);

  const drain = await stage.sluice.verb('drain', 'web/web1', '--deadline', '50s', '--wait');
  expect(drain.output).toMatch(/web\/web1 is drained/);
  expect(drain.code).toBe(0);

  // The promise of "drained": it can be taken away at once, however rudely.
  stage.origins.web1.process.signal('SIGKILL');
  const answered = load.result.requests;
  await until('more traffic', () => load.result.requests > answered + 300);
  const result = await load.stop();

  expect(result.failed).toEqual([]);
  expect(result.misrouted).toEqual([]);
  expect(result.requests).toBeGreaterThan(500);
  const posts = postsSeen(stage.postLog);
  expect(posts.twice).toEqual([]);
  expect(posts.total).toBeGreaterThan(50);
});

it('gives a server back with its exact former weight, and clients come again', async () => {
  const { sluice } = stage;
  const load = stage.load({ clients: 5 });
  await sluice.verb('weight', 'web/web1', '40');
  await sluice.verb('drain', 'web/web1');
  expect(await serverOf(sluice, 'web/web1')).toMatchObject({ admin: 'drain', weight: 40 });
  const undone = await sluice.verb('undo');
  expect(undone.code).toBe(0);
  expect(await serverOf(sluice, 'web/web1')).toMatchObject({ admin: 'ready', weight: 40, drain: null });
  const before = load.result.byServer.get('web1') ?? 0;
  await until('traffic on web1 again', () => (load.result.byServer.get('web1') ?? 0) > before + 20);
  expect((await load.stop()).failed).toEqual([]);
});

it('exits 5 when the deadline passes with something left, and the drain goes on', async () => {
  const load = stage.load({ ...toWeb, clients: 4, slow: 0, tunnels: 16, tunnelMs: 60_000 });
  await until('tunnels are up', async () => {
    const { matched } = (await stage.sluice.json(
      'show',
      'connections',
      '--filter',
      'phase=tunnel server=web/web1',
    )) as {
      matched: number;
    };
    return matched >= 1;
  });
  const drain = await stage.sluice.verb('drain', 'web/web1', '--deadline', '1s', '--wait');
  expect(drain.output).toMatch(/deadline passed for web\/web1: .*tunnel/);
  expect(drain.code).toBe(5);
  expect(await serverOf(stage.sluice, 'web/web1')).toMatchObject({
    admin: 'drain',
    drain: { phase: 'overdue' },
  });
  void load.stop();
});

it('kills at a steady pace when told so, and is drained then', async () => {
  const load = stage.load({ ...toWeb, clients: 4, slow: 0, tunnels: 16, tunnelMs: 60_000 });
  await until('tunnels are up', async () => {
    const { matched } = (await stage.sluice.json('show', 'connections', '--filter', 'phase=tunnel')) as {
      matched: number;
    };
    return matched >= 16;
  });
  const drain = await stage.sluice.verb(
    ...['drain', 'web/web1', '--deadline', '1s', '--then', 'kill', '--kill-rate', '5', '--wait'],
  );
  expect(drain.output).toMatch(/web\/web1 is drained/);
  expect(drain.code).toBe(0);
  expect(load.result.failed.every((problem) => problem.startsWith('tunnel'))).toBe(true);
  void load.stop();
});

it('leaves the job running when the one who waits is interrupted', async () => {
  const load = stage.load({ ...toWeb, clients: 2, tunnels: 16, tunnelMs: 60_000 });
  await until('tunnels are up', async () => {
    const { matched } = (await stage.sluice.json(
      ...['show', 'connections', '--filter', 'phase=tunnel server=web/web1'],
    )) as { matched: number };
    return matched >= 1;
  });
  const waiting = await start(
    process.execPath,
    [stage.sluice.program, 'drain', 'web/web1', '--wait', '--attach', stage.sluice.url],
    { ready: /is draining/ },
  );
  waiting.signal('SIGINT');
  expect(await waiting.exited).toBe(130);
  expect(waiting.output()).toMatch(/goes on/);
  expect((await serverOf(stage.sluice, 'web/web1')).drain).toMatchObject({ phase: 'draining' });
  void load.stop();
});
