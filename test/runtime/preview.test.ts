import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import type { Backend } from '../../src/domain/plan.ts';
import { backend, plan, type Scene, scene, server } from './fixture.ts';

const drain = { kind: 'drain', server: 'web/app1', deadlineMs: 300_000, then: 'kill', killRate: 10 } as const;

async function busy(over: Partial<Backend> = {}): Promise<Scene> {
  const on = await scene({ plan: plan({ backends: [backend(over)] }) });
  on.engine.traffic('web', 300);
  for (let index = 0; index < 3; index++) on.engine.open({ server: 'web/app1', backend: 'web' });
  on.engine.open({ server: 'web/app1', backend: 'web', phase: 'tunnel' });
  await on.pass(4_000);
  return on;
}

async function lines(on: Scene, command: Command): Promise<string[]> {
  const preview = await on.runtime.services.preview(command);
  const text = preview.lines.map(({ tone, text: line }) => `${tone}: ${line}`);
  await on.close();
  return text;
}

describe('a drain', () => {
  it('says who is there, who takes over at what load, and what the deadline does', async () => {
    const on = await busy();
    expect(await lines(on, drain)).toEqual([
      'now: app1 is ready, weight 100, unchecked: 3 requests in flight, 1 tunnel',
      'then: new clients go to app2, app3: 200 → 300 req/s, 1.5 × their load now',
      'then: 1 tunnel ends only when a client or the server ends it',
      'then: deadline 5 min then kill what is left, 10/s',
    ]);
  });

  it('speaks of cookies where there are some', async () => {
    const on = await busy({ cookie: { name: 'SRV' } });
    for (let index = 0; index < 40; index++)
      on.engine.open({ server: 'web/app1', backend: 'web', phase: 'idle' });
    await on.pass(400);
    expect(await lines(on, drain)).toContain(
      'then: ~40 clients with a cookie for app1 still arrive in drain until they leave',
    );
  });

  it('speaks of the hash where it chooses', async () => {
    const on = await busy({ algorithm: 'source' });
    const text = await lines(on, drain);
    expect(text).toContain('then: its clients move to app2, app3; the others keep theirs');
    expect(text).toContain('then: on ready its clients move back to it');
  });

  it('warns when others are not there', async () => {
    const on = await busy();
    void on.runtime.services.execute({
      id: 'command-1',
      actor: { name: 'anna', from: 'local' },
      command: { kind: 'maint', server: 'web/app2' },
    });
    await on.settle();
    expect(await lines(on, drain)).toContain('warning: leaves 1 of 3 servers in web');
  });

  it('warns when nobody is left', async () => {
    const on = await busy({ servers: [server('app1')] });
    const text = await lines(on, drain);
    expect(text).toContain('then: nobody takes over');
    expect(text).toContain('warning: no server left in web: new requests get 503');
  });

  it('warns when only backups are left', async () => {
    const on = await busy({ servers: [server('app1'), server('spare', { backup: true })] });
    expect(await lines(on, drain)).toContain('warning: only backup servers are left: spare');
  });
});

it('maint does not cut what is in flight', async () => {
  const on = await busy();
  expect(await lines(on, { kind: 'maint', server: 'web/app1' })).toContain(
    'then: maint does not cut what is in flight: 4 streams may finish',
  );
});

it('weight 0 is not drain', async () => {
  const on = await busy();
  expect(await lines(on, { kind: 'weight', server: 'web/app1', weight: 0 })).toContain(
    'warning: weight 0 is not drain: it takes no new clients, clients with a cookie stay, and no job watches it empty',
  );
});

it('a weight changes the share', async () => {
  const on = await busy();
  expect(await lines(on, { kind: 'weight', server: 'web/app1', weight: 200 })).toContain(
    'then: its share of new clients in web: 33 % → 50 %',
  );
});

it('an undo names its entry and author', async () => {
  const on = await busy();
  const { client } = await on.console({ user: 'ben' });
  void client.execute({ kind: 'maint', server: 'web/app1' });
  await on.settle();
  const preview = await on.runtime.services.preview({ kind: 'undo' });
  expect(preview).toMatchObject({
    title: 'undo "maint" of web/app1',
    entry: 2,
    from: { admin: 'maint', weight: 100 },
    lines: [
      { tone: 'now', text: 'web/app1 is maint, weight 100; that was done by ben' },
      { tone: 'then', text: 'it is ready, weight 100 again' },
    ],
  });
  await on.close();
});

it('what would be refused says so', async () => {
  const on = await busy();
  expect(
    await lines(on, { kind: 'drain', server: 'web/app9', deadlineMs: 0, then: 'wait', killRate: 1 }),
  ).toEqual(['warning: there is no server web/app9']);
});

it('a kill that was carried out names the client', async () => {
  const on = await busy();
  const id = on.engine.open({ server: 'web/app1', backend: 'web' });
  const { client } = await on.console();
  const killed = client.execute({ kind: 'kill', connection: id });
  await on.settle();
  expect(await killed).toMatchObject({
    result: 'done',
    text: expect.stringMatching(/^10\.0\.0\.1:\d+ ended$/),
  });
});

it('a kill of nobody is refused, and not journalled: nothing was tried', async () => {
  const on = await busy();
  const { client } = await on.console();
  const entries = [...client.model.journal.keys()];
  for (let times = 0; times < 2; times += 1) {
    const refused = client.execute({ kind: 'kill', connection: 'gone-1' });
    await on.settle();
    expect(await refused).toMatchObject({ result: 'refused', code: 'no-such-connection' });
  }
  expect([...client.model.journal.keys()]).toEqual(entries);
  expect(on.engine.calls).not.toContain('kill gone-1');
});

it('a kill says whom it hits and what becomes of them, and that there is nobody', async () => {
  const on = await busy();
  const id = on.engine.open({
    server: 'web/app1',
    backend: 'web',
    phase: 'wait',
    mode: 'http',
    method: 'GET',
    path: '/\u001b[2J',
  });
  await on.pass(5_000);
  const { lines: found } = await on.runtime.services.preview({ kind: 'kill', connection: id });
  expect(found.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^10\.0\.0\.1:\d+ on :80 to web\/app1, wait, open for 5 s, GET \/\\x1b\[2J$/),
    'its request is not answered by the server: the client gets 502 or a reset',
    'the client may come back: killing keeps nobody away',
    'it cannot be undone',
  ]);
  expect(await lines(on, { kind: 'kill', connection: 'gone-1' })).toEqual([
    'warning: there is no such connection any more',
  ]);
});
