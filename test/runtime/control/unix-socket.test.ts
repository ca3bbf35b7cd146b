import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attach } from '../../../src/client/attach.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { type Runtime, startRuntime } from '../../../src/runtime/runtime.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { createScriptedEngine } from '../../support/scripted-engine.ts';
import { passing, plan } from '../fixture.ts';

let folder: string;
const open: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-control-'));
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

type Files = { readonly stateFile?: string; readonly journalFile?: string };

const at = (path: string, files: Files = {}) => ({
  settings: { ...files, control: [{ address: { kind: 'unix' as const, path }, origins: [] }] },
});

/** What a killed process leaves: the file without the listener. */
async function deadSocket(path: string): Promise<void> {
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.was`, resolve));
  renameSync(`${path}.was`, path);
  await new Promise((resolve) => dead.close(resolve));
}

async function runtimeAt(
  path: string,
  files?: Files,
): Promise<{ runtime: Runtime; engine: ReturnType<typeof createScriptedEngine> }> {
  const engine = createScriptedEngine({ clock: machineClock });
  const runtime = await startRuntime({
    plan: plan(at(path, files)),
    engine,
    clock: machineClock,
    random: Math.random,
    version: '1.2.3',
    demo: false,
    probe: passing,
  });
  open.push(() => runtime.close(0));
  return { runtime, engine };
}

function console(url: string) {
  const client = attach({ url, name: 'test', user: 'anna', clock: machineClock, retry: false });
  open.push(() => client.close());
  return client;
}

describe('a control socket in the file system', () => {
  it('AT10: is 0600 in a folder of 0700, and carries snapshot, changes, samples and commands', async () => {
    const path = join(folder, 'run', 'control.sock');
    const { runtime, engine } = await runtimeAt(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700);
    expect(runtime.urls).toEqual([`unix:${path}`]);

    const client = console(`unix:${path}`);
    await client.ready();
    expect(client.attach).toMatchObject({ state: 'live', role: 'operator', actor: 'anna' });
    expect([...client.model.server.keys()]).toEqual(['web/app1', 'web/app2', 'web/app3']);

    engine.arrive('web/app1', 5);
    const sample = await new Promise<Sample>((resolve) => {
      const stop = client.samples(['totals', 'servers'], 100, (next) => {
        if (next.totals?.requests === null) return;
        stop();
        resolve(next);
      });
    });
    expect(sample.servers?.map(({ key }) => key)).toEqual(['web/app1', 'web/app2', 'web/app3']);

    const outcome = await client.execute({ kind: 'weight', server: 'web/app1', weight: 50 });
    expect(outcome).toMatchObject({ result: 'done', text: 'web/app1 is ready, weight 50' });
    expect(client.model.server.get('web/app1')?.weight).toBe(50);
    expect(client.model.drift.get('web/app1:weight')).toMatchObject({
      configured: '100',
      running: '50',
      by: 'anna',
    });
  });

  it('AT11: a second runtime is refused while the first one answers', async () => {
    const path = join(folder, 'control.sock');
    await runtimeAt(path);
    await expect(runtimeAt(path)).rejects.toMatchObject({ code: 'control-in-use' });
  });

  it('AT11: one that is refused touches neither state nor journal', async () => {
    const path = join(folder, 'control.sock');
    await runtimeAt(path);
    const stateFile = join(folder, 'state.json');
    writeFileSync(stateFile, 'of the other runtime');
    const files = { stateFile, journalFile: join(folder, 'kept', 'journal.jsonl') };
    await expect(runtimeAt(path, files)).rejects.toMatchObject({ code: 'control-in-use' });
    expect(readdirSync(folder).sort()).toEqual(['control.sock', 'state.json']);
    expect(readFileSync(stateFile, 'utf8')).toBe('of the other runtime');
  });

  it('AT11: a socket that nobody answers is taken over', async () => {
    const path = join(folder, 'control.sock');
    await deadSocket(path);
    await runtimeAt(path);
    await console(`unix:${path}`).ready();
  });

  it('AT11: of many that start on one dead socket at once, one serves and the others are refused', async () => {
    const path = join(folder, 'control.sock');
    for (let time = 0; time < 5; time += 1) {
      await deadSocket(path);
      const starts = await Promise.allSettled(Array.from({ length: 6 }, () => runtimeAt(path)));
      const [serving, ...more] = starts.filter((start) => start.status === 'fulfilled');
      expect(more).toEqual([]);
      for (const start of starts)
        if (start.status === 'rejected') expect(start.reason).toMatchObject({ code: 'control-in-use' });
      await console(`unix:${path}`).ready();
      expect(readdirSync(folder)).toEqual(['control.sock']);
      await serving!.value.runtime.close(0);
    }
  });

  it.each([
    ['a folder in which others may replace files', () => chmodSync(folder, 0o777)],
    ['a file that is no socket', () => writeFileSync(join(folder, 'control.sock'), '')],
  ])('AT11: %s is refused', async (_, prepare) => {
    prepare();
    await expect(runtimeAt(join(folder, 'control.sock'))).rejects.toMatchObject({ code: 'control-unsafe' });
  });

  it('says that no runtime is there', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(console(`unix:${folder}/empty/control.sock`).ready()).rejects.toMatchObject({
      code: 'no-runtime',
    });
  });
});
