import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backend, plan, type Scene, scene, server } from './fixture.ts';

let folder: string;
let on: Scene;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-state-'));
});
afterEach(async () => {
  await on.close();
  rmSync(folder, { recursive: true, force: true });
});

const kept = () => ({
  plan: plan({
    settings: { stateFile: join(folder, 'state.json'), journalFile: join(folder, 'journal.jsonl') },
  }),
});

async function act(command: Parameters<Awaited<ReturnType<Scene['console']>>['client']['execute']>[0]) {
  const { client } = await on.console();
  const outcome = client.execute(command);
  // The state file is on a real disk: until the outcome is there.
  let done = false;
  void outcome.then(() => {
    done = true;
  });
  while (!done) await on.settle();
  return outcome;
}

describe('a runtime that starts again', () => {
  it('keeps overrides with their authors, and a drain job with its deadline', async () => {
    on = await scene(kept());
    on.engine.open({ server: 'web/app1', backend: 'web' });
    await act({ kind: 'weight', server: 'web/app2', weight: 7 });
    await act({ kind: 'drain', server: 'web/app1', deadlineMs: 10_000, then: 'maint', killRate: 1 });
    expect(statSync(join(folder, 'state.json')).mode & 0o777).toBe(0o600);
    const before = on.runtime.services.store.model.drain.get('web/app1')!;
    on.clock.advance(4_000);

    await on.restart();
    const { client } = await on.console({ user: 'ben' });
    expect(client.model.server.get('web/app2')).toMatchObject({ weight: 7, configuredWeight: 100 });
    expect(client.model.server.get('web/app1')).toMatchObject({ admin: 'drain', adminBy: 'anna' });
    expect(client.model.drain.get('web/app1')).toMatchObject({
      deadlineAt: before.deadlineAt,
      startedAt: before.startedAt,
      then: 'maint',
      by: 'anna',
    });
    expect([...client.model.drift.keys()]).toEqual(['web/app2:weight', 'web/app1:admin']);
    await on.pass(5_000);
    expect(client.model.server.get('web/app1')?.admin).toBe('drain');
    await on.pass(2_000);
    while (client.model.drain.size > 0) await on.settle();
    expect(client.model.server.get('web/app1')?.admin).toBe('maint');
  });

  it('tells that a drain ended where its server was taken away in between', async () => {
    on = await scene(kept());
    await act({ kind: 'drain', server: 'web/app1', deadlineMs: 10_000, then: 'maint', killRate: 1 });
    const without = { ...kept().plan, backends: [backend({ servers: [server('app2')] })] };
    await on.restart({ plan: without });
    const { client } = await on.console();
    expect(client.model.drain.size).toBe(0);
    expect([...client.model.journal.values()].map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^drain by anna ended with the restart: web\/app1 is not in the configuration/),
    );
  });

  it('finds a drained server drained only once the quiet time went by without its clients coming back', async () => {
    on = await scene(kept());
    await act({ kind: 'drain', server: 'web/app1', deadlineMs: 0, then: 'wait', killRate: 1 });
    const phase = () => on.runtime.services.store.model.drain.get('web/app1')?.phase;
    await on.pass(400);
    expect(phase()).toBe('drained');
    await on.restart();
    expect(phase()).toBe('draining');
    await on.pass(2_600);
    expect(phase()).toBe('draining');
    await on.pass(800);
    expect(phase()).toBe('drained');
  });

  it('CM10: can undo what was done before, where the journal is kept', async () => {
    on = await scene(kept());
    await act({ kind: 'weight', server: 'web/app2', weight: 7 });
    await on.restart();
    expect(await act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(on.runtime.services.store.model.server.get('web/app2')?.weight).toBe(100);
    const ids = [...on.runtime.services.store.model.journal.keys()].map(Number);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['cut', '{"version":1,"overri'],
    [
      'of another shape',
      '{"version":1,"savedAt":1,"overrides":[{"server":"web/app1","admin":"gone"}],"drains":[]}',
    ],
    [
      'of a weight that no server may have',
      '{"version":1,"savedAt":1,"overrides":[{"server":"web/app1","weight":{"value":1000,"by":"x","at":1}}],"drains":[]}',
    ],
    ['of a later version', '{"version":2}'],
    ['empty', ''],
  ])('sets a state file aside that is %s, says so, and starts', async (_, text) => {
    writeFileSync(join(folder, 'state.json'), text);
    const warnings: string[] = [];
    on = await scene({ ...kept(), warn: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([
      expect.stringMatching(
        /state\.json makes no sense \(.+\), kept as .+; overrides of earlier runs are not in force/,
      ),
    ]);
    const aside = readdirSync(folder).find((name) => name.includes('unreadable'))!;
    expect(readFileSync(join(folder, aside), 'utf8')).toBe(text);
    expect(on.runtime.services.store.model.server.get('web/app1')?.admin).toBe('ready');
    const told = [...on.runtime.services.store.model.journal.values()].some(
      ({ severity }) => severity === 'warning',
    );
    expect(told).toBe(true);
    await act({ kind: 'maint', server: 'web/app1' });
    expect(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')).overrides).toHaveLength(1);
  });

  it('writes its state through no link that somebody laid', async () => {
    on = await scene(kept());
    const precious = join(folder, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, join(folder, `state.json.new-${process.pid}`));
    await act({ kind: 'maint', server: 'web/app1' });
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(lstatSync(join(folder, 'state.json')).isFile()).toBe(true);
  });

  it('reports the override of a server that is gone, and drops it only when told', async () => {
    on = await scene(kept());
    await act({ kind: 'maint', server: 'web/app3' });
    await on.restart({
      plan: { ...kept().plan, backends: [backend({ servers: [server('app1'), server('app2')] })] },
    });
    const { store } = on.runtime.services;
    expect(store.model.drift.get('web/app3:admin')).toMatchObject({
      configured: 'no such server',
      running: 'maint',
    });
    expect(await act({ kind: 'ready', server: 'web/app3' })).toMatchObject({ code: 'no-such-server' });
    expect(await act({ kind: 'reset', server: 'web/app3' })).toMatchObject({ result: 'done' });
    expect(store.model.drift.size).toBe(0);
  });

  it('CM9: writes an act into the journal before it is carried out', async () => {
    on = await scene(kept());
    on.engine.hold();
    const { client } = await on.console();
    const outcome = client.execute({ kind: 'maint', server: 'web/app1' });
    while (!on.engine.calls.some((call) => call.includes('app1=maint'))) await on.settle();
    const lines = () =>
      readFileSync(join(folder, 'journal.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(lines().at(-1)).toMatchObject({
      actor: { name: 'anna', from: 'local' },
      subject: 'web/app1',
      command: { kind: 'maint' },
      before: 'ready, weight 100',
    });
    expect(lines().at(-1).result).toBeUndefined();
    on.engine.release();
    let done = false;
    void outcome.then(() => {
      done = true;
    });
    while (!done) await on.settle();
    await on.runtime.close(0);
    expect(lines().find(({ result }) => result !== undefined)).toMatchObject({
      result: 'done',
      after: 'maint, weight 100',
      undo: { server: 'web/app1', before: {} },
    });
    expect(existsSync(join(folder, 'state.json'))).toBe(true);
  });
});
