// Processes are killed under load: a server, the runtime, an instance. Who is not on the dead one does not notice.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postsSeen, startOrigin } from '../support/origin.ts';
import { isAlive, until } from '../support/processes.ts';
import { instancePids, type Stage, serverOf, setStage } from './two-backends.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage();
});
afterEach(() => stage.close());

it('kill -9 of a server: at most five requests fail, and it comes back by itself', async () => {
  const { sluice, origins } = stage;
  const load = stage.load({ clients: 20, slow: 0 });
  await until('traffic on web1', () => (load.result.byServer.get('web1') ?? 0) > 50);
  origins.web1.process.signal('SIGKILL');
  await until('web1 is found down', async () => (await serverOf(sluice, 'web/web1')).operational === 'down');
  const again = await startOrigin('web1', stage.postLog, origins.web1.port);
  const before = load.result.byServer.get('web1') ?? 0;
  await until('web1 serves again', () => (load.result.byServer.get('web1') ?? 0) > before + 20);
  const result = await load.stop();
  await again.process.stop();
  expect(result.failed.length, result.failed.join('\n')).toBeLessThanOrEqual(5);
  expect(result.misrouted).toEqual([]);
  expect(postsSeen(stage.postLog).twice).toEqual([]);
});

it('kill -9 of the runtime: nothing fails, the next one adopts the data plane and the drain goes on', async () => {
  const { sluice } = stage;
  const load = stage.load({ clients: 20, slow: 0.05, tunnels: 16, tunnelMs: 8_000 });
  await until('a tunnel on web1', async () => {
    const { matched } = (await sluice.json(
      'show',
      'connections',
      '--filter',
      'phase=tunnel server=web/web1',
    )) as {
      matched: number;
    };
    return matched >= 1;
  });
  const pids = await instancePids(sluice);
  await sluice.verb('drain', 'web/web1');
  const { drain } = await serverOf(sluice, 'web/web1');

  sluice.process.signal('SIGKILL');
  await sluice.process.exited;
  expect((await sluice.verb('show', 'servers')).code).toBe(3);
  const answered = load.result.requests;
  await until('traffic goes on without a runtime', () => load.result.requests > answered + 300);

  const next = await sluice.again();
  try {
    expect(await instancePids(next)).toEqual(pids);
    const server = await serverOf(next, 'web/web1');
    expect(server.admin).toBe('drain');
    expect(server.drain?.startedAt).toBe(drain?.startedAt);
    const wait = await next.verb('drain', 'web/web1', '--wait');
    expect(wait.output).toMatch(/web\/web1 is drained/);
    const result = await load.stop();
    expect(result.failed).toEqual([]);
    expect(result.misrouted).toEqual([]);
    expect(postsSeen(stage.postLog).twice).toEqual([]);
  } finally {
    await next.process.stop(15_000);
  }
});

it('kill -9 of the instance: another takes its place and the servers keep their states', async () => {
  const { sluice } = stage;
  await sluice.verb('maint', 'web/web2');
  const [pid] = await instancePids(sluice);
  process.kill(pid!, 'SIGKILL');
  await until('another instance serves', async () => {
    const pids = await instancePids(sluice);
    return pids.length === 1 && pids[0] !== pid;
  });
  const load = stage.load({ clients: 5 });
  await until('traffic', () => load.result.requests > 100);
  const result = await load.stop();
  expect(result.failed).toEqual([]);
  expect(result.byServer.has('web2')).toBe(false);
});

it('SIGTERM ends runtime and data plane, and leaves no process', async () => {
  const { sluice } = stage;
  const pids = await instancePids(sluice);
  expect(await sluice.process.stop()).toBe(0);
  await until('no instance is left', () => pids.every((pid) => !isAlive(pid)));
});

it('refuses a second runtime on the same control socket', async () => {
  await expect(stage.sluice.again()).rejects.toThrow(/already running/);
});
