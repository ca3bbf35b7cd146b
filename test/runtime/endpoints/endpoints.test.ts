import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Command } from '../../../src/domain/command.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { EngineError } from '../../../src/engine/engine.ts';
import { backend, plan, type Scene, scene, server } from '../fixture.ts';

const place = (host: string, port = 8080) => ({ kind: 'ip', host, port }) as const;

function planOf(endpoints = ['10.1.0.5', '10.1.0.6', '10.1.0.7'], hash = 'aaaaaaaaaaaa'): Plan {
  return plan({
    hash,
    backends: [
      backend({
        servers: [
          server('app1', {
            address: place('10.96.0.10', 80),
            service: {
              pick: 'random',
              endpoints: endpoints.map((host, index) => ({ address: place(host), weight: index + 1 })),
            },
          }),
          server('app2'),
        ],
      }),
    ],
  });
}

const drain = (endpoint = '10.1.0.5:8080', admin: 'ready' | 'drain' = 'drain'): Command => ({
  kind: 'endpoint',
  server: 'web/app1',
  endpoint,
  admin,
});

async function act(on: Scene, command: Command, user = 'anna') {
  const { client } = await on.console({ user });
  const outcome = client.execute(command);
  // The state file is on a real disk: until the outcome is there.
  let done = false;
  void outcome.then(() => {
    done = true;
  });
  while (!done) await on.settle();
  client.close();
  return outcome;
}

async function preview(on: Scene, command: Command) {
  const { client } = await on.console();
  const asked = client.preview(command);
  await on.settle();
  client.close();
  return asked;
}

const model = (on: Scene) => on.runtime.services.store.model;
const told = (on: Scene) => on.engine.wishes.get('web/app1')?.drained ?? [];

it('drains an endpoint: told to the engine, shown, journalled, and drift', async () => {
  const on = await scene({ plan: planOf() });
  expect(await act(on, drain())).toMatchObject({
    result: 'done',
    text: 'endpoint 10.1.0.5:8080 of web/app1 gets no new connections; those it has finish',
    entry: expect.any(Number),
  });
  expect(told(on)).toEqual(['10.1.0.5:8080']);
  expect(model(on).server.get('web/app1')?.service?.endpoints).toMatchObject([
    { address: '10.1.0.5:8080', weight: 1, admin: 'drain', configuredAdmin: 'ready', adminBy: 'anna' },
    { address: '10.1.0.6:8080', weight: 2, admin: 'ready' },
    { address: '10.1.0.7:8080', weight: 3, admin: 'ready' },
  ]);
  expect([...model(on).drift.values()]).toMatchObject([
    {
      key: 'web/app1 10.1.0.5:8080:endpoint',
      field: 'endpoint',
      endpoint: '10.1.0.5:8080',
      configured: 'ready',
      running: 'drain',
      by: 'anna',
    },
  ]);
  expect([...model(on).journal.values()].at(-1)).toMatchObject({
    subject: 'web/app1',
    text: 'drain of endpoint 10.1.0.5:8080',
    before: 'ready',
    after: 'drain',
    result: 'done',
  });
  expect(await act(on, drain())).toMatchObject({ result: 'done', text: expect.stringContaining('already') });
  expect(await act(on, drain('10.1.0.5:8080', 'ready'))).toMatchObject({ result: 'done' });
  expect(told(on)).toEqual([]);
  expect(model(on).drift.size).toBe(0);
  await on.close();
});

it('CM10: is undone, unless somebody changed it since', async () => {
  const on = await scene({ plan: planOf() });
  await act(on, drain());
  expect(await preview(on, { kind: 'undo' })).toMatchObject({
    title: 'undo "drain of endpoint 10.1.0.5:8080" of web/app1',
  });
  expect(await act(on, { kind: 'undo' })).toMatchObject({
    result: 'done',
    text: expect.stringContaining('endpoint 10.1.0.5:8080 of web/app1 is ready again'),
  });
  expect(told(on)).toEqual([]);
  const again = await act(on, drain());
  const entry = again.result === 'done' ? again.entry! : 0;
  await act(on, drain('10.1.0.5:8080', 'ready'), 'ben');
  expect(await act(on, { kind: 'undo', entry })).toMatchObject({ result: 'refused', code: 'changed-since' });
  await on.close();
});

it('says what there is instead of what there is not', async () => {
  const on = await scene({ plan: planOf() });
  expect(await act(on, drain('10.9.9.9:1'))).toMatchObject({
    result: 'refused',
    code: 'no-such-endpoint',
    remedy: expect.stringContaining('10.1.0.5:8080'),
  });
  expect(await act(on, { ...drain(), server: 'web/app2' } as Command)).toMatchObject({
    code: 'no-such-endpoint',
    text: expect.stringContaining('is no service'),
  });
  expect(await act(on, { ...drain(), server: 'web/nope' } as Command)).toMatchObject({
    code: 'no-such-server',
  });
  await on.close();
});

it('holds nothing that the engine did not confirm', async () => {
  const on = await scene({ plan: planOf() });
  on.engine.failNext(new EngineError('instance-failed', 'endpoints are as before: nft says no'));
  expect(await act(on, drain())).toMatchObject({
    result: 'refused',
    text: 'endpoints are as before: nft says no',
  });
  expect(model(on).server.get('web/app1')?.service?.endpoints[0]?.admin).toBe('ready');
  expect(model(on).drift.size).toBe(0);
  expect(told(on)).toEqual([]);
  await on.close();
});

it('a preview says who takes over, and warns before the last one goes', async () => {
  const on = await scene({ plan: planOf() });
  const texts = async (command: Command) => (await preview(on, command)).lines.map(({ text }) => text);
  expect(await texts(drain())).toEqual([
    'it is ready, and gets 17 % of the new connections',
    'new connections go to 10.1.0.6:8080, 10.1.0.7:8080',
    expect.stringContaining('kept connections'),
    expect.stringContaining('not translated now: this engine translates no addresses'),
  ]);
  await act(on, drain('10.1.0.6:8080'));
  await act(on, drain('10.1.0.7:8080'));
  expect(await texts(drain())).toEqual([
    'it is ready, and gets 100 % of the new connections',
    expect.stringContaining('finish'),
    'no endpoint of web/app1 is left: connecting to it is refused at once',
    'its clients are sent to 1 other server of web',
    expect.stringContaining('not translated now'),
  ]);
  await on.close();
});

it('a drain outlives a restart, and the endpoint; it is told when that is back, and can be ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-endpoints-'));
  const stateFile = join(folder, 'state.json');
  const withFile = (made: Plan): Plan => ({ ...made, runtime: { ...made.runtime, stateFile } });
  const all = withFile(planOf());
  let next = all;
  const on = await scene({
    plan: all,
    reload: async () => ({ ok: true, plan: next }),
  });
  await act(on, drain());
  expect(JSON.parse(readFileSync(stateFile, 'utf8')).endpoints).toMatchObject([
    { server: 'web/app1', endpoint: '10.1.0.5:8080', value: 'drain', by: 'anna' },
  ]);
  await on.restart();
  expect(told(on)).toEqual(['10.1.0.5:8080']);
  next = withFile(planOf(['10.1.0.6'], 'bbbbbbbbbbbb'));
  await act(on, { kind: 'reload' });
  expect([...model(on).drift.values()]).toMatchObject([{ configured: 'no such endpoint' }]);
  next = { ...all, hash: 'cccccccccccc' };
  await act(on, { kind: 'reload' });
  expect([...model(on).journal.values()].map(({ text }) => text)).toContain(
    'endpoint 10.1.0.5:8080 is in the configuration again: the drain by anna holds',
  );
  expect(told(on)).toEqual(['10.1.0.5:8080']);
  await act(on, drain('10.1.0.5:8080', 'ready'));
  expect(model(on).drift.size).toBe(0);
  await on.close();
  rmSync(folder, { recursive: true });
});

it('tells why a service is not reached, once, and when it is again', async () => {
  const warned: string[] = [];
  const on = await scene({ plan: planOf(), warn: (text) => warned.push(text) });
  expect(warned).toEqual([
    'service web/app1 cannot be reached: this engine translates no addresses; give its server an address: that it listens on',
  ]);
  expect(model(on).server.get('web/app1')?.service?.inForce).toMatchObject({
    no: 'this engine translates no addresses',
  });
  expect(model(on).server.get('web/app2')?.service).toBeUndefined();
  await on.close();
});
