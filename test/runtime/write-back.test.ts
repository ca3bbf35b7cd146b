import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadPlan, planAsIfIn } from '../../src/config/load-plan.ts';
import type { Command, Outcome } from '../../src/domain/command.ts';
import type { ServerKey } from '../../src/domain/plan.ts';
import { EngineError } from '../../src/engine/engine.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type SceneOptions, scene } from './fixture.ts';

const text = `# the shop
runtime: { control: { listen: unix:control.sock } }
shards: [{ name: default, binds: [{ listen: ":80", mode: http, defaultBackend: web }] }]
backends:
  - name: web
    check: { http: {}, interval: 1s }
    servers:
      - { name: app1, address: 127.0.0.1:8001, weight: 100 } # the old one
      - name: app2   # the new one
        address: 127.0.0.1:8002
`;
const app1 = 'web/app1';

let place: Scratch;
let file: string;
beforeEach(() => {
  place = scratch();
  file = place.path('sluice.yaml');
  writeFileSync(file, text);
});
afterEach(() => place.remove());

async function begin(over: SceneOptions = {}) {
  const loaded = await loadPlan(file);
  if (!loaded.ok) throw new Error(loaded.errors[0]!.message);
  const on = await scene({
    plan: loaded.plan,
    configFile: file,
    reload: async (asIf) => (asIf === undefined ? loadPlan(file) : planAsIfIn(file, asIf)),
    ...over,
  });
  const { client } = await on.console();
  /** Files take their own time, so messages are carried until the answer is there. */
  async function until<T>(answer: Promise<T>): Promise<T> {
    let there = false;
    void answer.finally(() => {
      there = true;
    });
    while (!there) await on.settle();
    return answer;
  }
  const act = (command: Command): Promise<Outcome> => until(client.execute(command));
  return {
    on,
    act,
    preview: (command: Command) => until(client.preview(command)),
    model: client.model,
    shown: () => client.model.server.get(app1),
  };
}

const writeBackOf = (server: ServerKey): Command => ({ kind: 'write-back', server });
const writeBackApp1 = writeBackOf(app1);

it('CM13: writes what differs into the file, and leaves what runs as it is', async () => {
  const { on, act, preview, model, shown } = await begin();
  await act({ kind: 'maint', server: app1 });
  await act({ kind: 'weight', server: app1, weight: 7 });
  await act({ kind: 'drain', server: 'web/app2', deadlineMs: 0, then: 'wait', killRate: 1 });
  on.clock.advance(5_000);
  const before = shown();
  const line = '- { name: app1, address: 127.0.0.1:8001, weight:';
  expect(await preview(writeBackApp1)).toEqual({
    title: 'write back web/app1',
    from: { admin: 'maint', weight: 7 },
    lines: [
      { tone: 'now', text: 'web/app1 is maint, weight 7; configured: ready, weight 100' },
      { tone: 'now', text: `${file}:8: ${line} 100 } # the old one` },
      { tone: 'then', text: `${file}:8: ${line} 7, admin: maint } # the old one` },
      {
        tone: 'then',
        text: "what runs stays as it is, and is the configuration's own: no override of anna any more",
      },
    ],
  });
  expect(readFileSync(file, 'utf8')).toBe(text);
  const calls = on.engine.calls.length;
  expect(await act(writeBackApp1)).toMatchObject({ result: 'done', entry: expect.any(Number) });
  expect(readFileSync(file, 'utf8')).toBe(text.replace('weight: 100 }', 'weight: 7, admin: maint }'));
  expect([...model.drift.keys()]).toEqual(['web/app2:admin']);
  const { adminBy: _, ...own } = before!;
  expect(shown()).toEqual({ ...own, configuredAdmin: 'maint', configuredWeight: 7 });
  // The engine gets the plan with the very wishes that held, and nothing else.
  expect(on.engine.calls.slice(calls).filter((call) => call.startsWith('setServers'))).toEqual([]);
  expect(on.engine.wishes.get(app1)).toMatchObject({ admin: 'maint', weight: 7, operational: 'paused' });
  expect(on.engine.plan?.hash).toBe(model.runtime.get('runtime')?.plan.hash);
  expect(model.drain.get('web/app2')).toMatchObject({ by: 'anna' });
  const entry = [...model.journal.values()].at(-1);
  expect(entry).toMatchObject({
    subject: app1,
    actor: { name: 'anna' },
    result: 'done',
    before: `${file}:8: ${line} 100 } # the old one`,
    after: `${file}:8: ${line} 7, admin: maint } # the old one`,
  });
  await on.close();
});

it('CM13: undo puts the former text back, and the override with it', async () => {
  const { on, act, preview, model, shown } = await begin();
  await act({ kind: 'maint', server: app1 });
  const before = shown();
  const drift = [...model.drift.values()];
  await act(writeBackApp1);
  const { lines } = await preview({ kind: 'undo' });
  expect(lines.at(-1)?.text).toBe('it stays maint, weight 100, as an override of the configuration');
  const calls = on.engine.calls.length;
  expect(await act({ kind: 'undo' })).toMatchObject({
    result: 'done',
    text: expect.stringMatching(/^web\/app1 stays maint, weight 100, as an override; .* is as before/),
  });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(shown()).toEqual(before);
  expect([...model.drift.values()]).toEqual(drift);
  expect(on.engine.calls.slice(calls).some((call) => call.includes(`${app1}=ready`))).toBe(false);
  // And the act before it can be undone again.
  expect(await act({ kind: 'undo' })).toMatchObject({ result: 'done' });
  expect(shown()).toMatchObject({ admin: 'ready' });
  await on.close();
});

it('CM13: undo is refused where the file was edited since', async () => {
  const { on, act, shown } = await begin();
  await act({ kind: 'maint', server: app1 });
  await act(writeBackApp1);
  const edited = `${readFileSync(file, 'utf8')}# a word more\n`;
  writeFileSync(file, edited);
  expect(await act({ kind: 'undo' })).toMatchObject({ result: 'refused', code: 'changed-since' });
  expect(readFileSync(file, 'utf8')).toBe(edited);
  expect(shown()).toMatchObject({ admin: 'maint', configuredAdmin: 'maint' });
  await on.close();
});

it('adds a key on a line of its own, and says so', async () => {
  const { on, act, preview } = await begin();
  await act({ kind: 'weight', server: 'web/app2', weight: 3 });
  const { lines } = await preview(writeBackOf('web/app2'));
  expect(lines[1]).toEqual({ tone: 'then', text: `${file}:11: added: weight: 3` });
  await act(writeBackOf('web/app2'));
  expect(readFileSync(file, 'utf8')).toBe(`${text}        weight: 3\n`);
  await on.close();
});

it.each<readonly [string, () => void, string, string]>([
  [
    'edited and not reloaded',
    () => writeFileSync(file, text.replace('8002', '8003')),
    'changed-since',
    'was edited, and is not what was loaded',
  ],
  ['wrong now', () => writeFileSync(file, `${text}x: 1\n`), 'bad-configuration', 'unknown key "x"'],
  ['gone', () => renameSync(file, `${file}.old`), 'not-capable', 'cannot be read'],
  [
    'one file with two names',
    () => linkSync(file, place.path('other.yaml')),
    'not-capable',
    'it has 2 names (hard links)',
  ],
  [
    'in a folder that lets nothing be written',
    () => mkdirSync(`${file}.new-${process.pid}`),
    'not-capable',
    'cannot be written',
  ],
  [
    'written with an alias',
    () =>
      writeFileSync(
        file,
        text.replace('weight: 100', 'weight: &w 100').replace('8002', '8002\n        weight: *w'),
      ),
    'bad-configuration',
    'sluice.yaml:8: weight of the server web/app1 is used in other places too, as *w',
  ],
])('is refused, with nothing changed, where the file is %s', async (name, change, code, words) => {
  if (name === 'written with an alias') change();
  const { on, act, model } = await begin();
  await act({ kind: 'weight', server: app1, weight: 7 });
  if (name !== 'written with an alias') change();
  const files = readdirSync(place.folder);
  expect(await act(writeBackApp1)).toMatchObject({
    result: 'refused',
    code,
    text: expect.stringContaining(words),
  });
  expect(readdirSync(place.folder)).toEqual(files);
  expect(model.drift.size).toBe(1);
  await on.close();
});

it.each<readonly [string, readonly Command[], object]>([
  ['nothing differs', [], { result: 'done', text: 'web/app1 is ready, weight 100, as configured already' }],
  [
    'a drain job runs',
    [{ kind: 'drain', server: app1, deadlineMs: 0, then: 'wait', killRate: 1 }],
    { result: 'refused', code: 'busy', text: 'a drain job of anna runs on web/app1' },
  ],
])('leaves the file alone where %s', async (_, before, outcome) => {
  const { on, act, preview } = await begin();
  for (const command of before) await act(command);
  expect((await preview(writeBackApp1)).lines.at(-1)?.tone).toBe('warning');
  expect(await act(writeBackApp1)).toMatchObject(outcome);
  expect(readFileSync(file, 'utf8')).toBe(text);
  await on.close();
});

it('says why, without a configuration file or such a server', async () => {
  const { on, act } = await begin({ configFile: undefined as never });
  await act({ kind: 'maint', server: app1 });
  expect(await act(writeBackApp1)).toMatchObject({ result: 'refused', code: 'not-capable' });
  expect(await act(writeBackOf('web/app9'))).toMatchObject({ result: 'refused', code: 'no-such-server' });
  await on.close();
});

it.each([
  ['refuses', new EngineError('bind-failed', ':80 is held by pid 7'), 'refused'],
  ['does not confirm', new EngineError('unknown', 'the instance went away'), 'unknown'],
])('puts the file back when the engine %s', async (_, failure, result) => {
  const { on, act, model, shown } = await begin();
  await act({ kind: 'maint', server: app1 });
  const before = shown();
  on.engine.failNext(failure);
  expect(await act(writeBackApp1)).toMatchObject({ result });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(shown()).toEqual(before);
  expect(model.drift.size).toBe(1);
  // The same holds for its undo.
  await act(writeBackApp1);
  const written = readFileSync(file, 'utf8');
  on.engine.failNext(failure);
  expect(await act({ kind: 'undo' })).toMatchObject({ result });
  expect(readFileSync(file, 'utf8')).toBe(written);
  expect(model.drift.size).toBe(0);
  await on.close();
});

it('keeps the mode, and a link with the file behind it', async () => {
  const target = place.path('real.yaml');
  renameSync(file, target);
  symlinkSync('real.yaml', file);
  chmodSync(target, 0o640);
  const { on, act } = await begin();
  await act({ kind: 'weight', server: app1, weight: 7 });
  await act(writeBackApp1);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(statSync(target).mode & 0o777).toBe(0o640);
  expect(readFileSync(target, 'utf8')).toContain('weight: 7 }');
  unlinkSync(file);
  await on.close();
});

it('can be undone after a restart', async () => {
  const withFiles = text.replace(
    'runtime: {',
    'runtime: { stateFile: state.json, journalFile: journal.jsonl,',
  );
  writeFileSync(file, withFiles);
  const { on, act } = await begin();
  await act({ kind: 'maint', server: app1 });
  await act(writeBackApp1);
  const loaded = await loadPlan(file);
  await on.restart({ ...(loaded.ok && { plan: loaded.plan }) });
  const outcome = await on.runtime.services.execute({
    id: 'after-restart',
    actor: { name: 'anna', from: 'local' },
    command: { kind: 'undo' },
  });
  expect(outcome).toMatchObject({ result: 'done' });
  expect(readFileSync(file, 'utf8')).toBe(withFiles);
  expect(on.runtime.services.store.model.drift.get('web/app1:admin')).toMatchObject({ running: 'maint' });
  await on.close();
});
