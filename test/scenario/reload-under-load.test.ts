// A configuration is read again while clients are served: nobody notices; a wrong one changes nothing.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postsSeen } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { instancePids, type Stage, serverOf, setStage } from './two-backends.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage();
});
afterEach(() => stage.close());

it('reloads by command and by SIGHUP under load: nothing fails, tunnels stay', async () => {
  const { sluice } = stage;
  const load = stage.load({ clients: 20, slow: 0.1, tunnels: 4, tunnelMs: 1_500 });
  await until('traffic', () => load.result.requests > 100);
  const pids = await instancePids(sluice);
  for (const weight of [50, 10, 200]) {
    sluice.write(stage.yaml(weight));
    const reload = await sluice.verb('reload');
    expect(reload.output).not.toBe('');
    expect(reload.code).toBe(0);
    expect((await serverOf(sluice, 'web/web1')).weight).toBe(weight);
  }
  sluice.write(stage.yaml(60));
  sluice.process.signal('SIGHUP');
  await until('the SIGHUP is heard', async () => (await serverOf(sluice, 'web/web1')).weight === 60);
  const answered = load.result.requests;
  await until('more traffic', () => load.result.requests > answered + 200);
  const result = await load.stop();
  expect(result.failed).toEqual([]);
  expect(result.misrouted).toEqual([]);
  expect(result.tunnels).toBeGreaterThan(3);
  expect(postsSeen(stage.postLog).twice).toEqual([]);
  expect(await instancePids(sluice)).toEqual(pids);
});

it('refuses a wrong configuration as a whole, and serves on with the old one', async () => {
  const { sluice } = stage;
  const load = stage.load({ clients: 5 });
  sluice.write(stage.yaml(50).replace('mode: http', 'mode: hhtp').replace('interval: 1s', 'interval: 1'));
  const reload = await sluice.verb('reload');
  expect(reload.code).toBe(1);
  expect(reload.output).toMatch(/hhtp|mode/);
  expect((await serverOf(sluice, 'web/web1')).weight).toBe(100);
  const answered = load.result.requests;
  await until('more traffic', () => load.result.requests > answered + 50);
  expect((await load.stop()).failed).toEqual([]);
});

it('keeps what an operator changed, and shows it as drift', async () => {
  const { sluice } = stage;
  await sluice.verb('maint', 'web/web2');
  sluice.write(stage.yaml(70));
  expect((await sluice.verb('reload')).code).toBe(0);
  expect(await serverOf(sluice, 'web/web2')).toMatchObject({ admin: 'maint' });
  expect(await sluice.json('show', 'drift')).toMatchObject({
    drift: [{ server: 'web/web2', field: 'admin', configured: 'ready', running: 'maint' }],
  });
  expect((await sluice.verb('reset', 'web/web2')).code).toBe(0);
  expect(await serverOf(sluice, 'web/web2')).toMatchObject({ admin: 'ready' });
  expect(await sluice.json('show', 'drift')).toEqual({ drift: [] });
});
