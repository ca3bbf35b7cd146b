import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseJournal } from '../../src/runtime/journal-file.ts';
import { readState } from '../../src/runtime/state-file.ts';
import { type TlsScene, tlsPlan, tlsRoute, tlsScene, toReencrypt } from './tls-scene.ts';

let on: TlsScene;
let folder: string;
let settings: { stateFile: string; journalFile: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  settings = { stateFile: join(folder, 'state.json'), journalFile: join(folder, 'journal') };
});
afterEach(async () => {
  await on?.close();
  await rm(folder, { recursive: true });
});

/** Until the attached console has the model of the runtime that was started anew. */
async function again(over: Parameters<TlsScene['restart']>[0] = {}): Promise<void> {
  await on.restart(over);
  await on.pass(3_000);
  await on.settle();
}

describe('TLS modes over a restart', () => {
  it('are kept, told to the engine, and undone', async () => {
    on = await tlsScene({ plan: tlsPlan({ settings }) });
    await on.act({ ...toReencrypt, watchMs: 0 });
    await again();
    expect(on.mode()).toBe('reencrypt');
    expect(on.engine.terminations.get('shop')).toBe('reencrypt');
    expect(on.told().join('\n')).toContain('overrides of 1 route in force');
    expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('edge');
  });

  it('are watched no more: it is said, and the mode before stays known', async () => {
    on = await tlsScene({ plan: tlsPlan({ settings }) });
    await on.act(toReencrypt);
    await again();
    expect(on.told().join('\n')).toContain(
      'the switch to reencrypt by anna was being watched when the runtime ended: it stays reencrypt',
    );
    expect(on.anna.client.model.switch.get('shop')).toMatchObject({
      phase: 'settled',
      from: 'edge',
      closeAt: 0,
    });
    expect(await on.act({ kind: 'tls-revert', route: 'shop' })).toMatchObject({ result: 'done' });
    expect(on.mode()).toBe('edge');
  });

  it('are given up, and that is said, where the configuration leaves no room for them', async () => {
    on = await tlsScene({ plan: tlsPlan({ settings }) });
    await on.act({ ...toReencrypt, termination: 'passthrough', watchMs: 0 });
    const routes = [
      tlsRoute('shop', 'edge'),
      tlsRoute('cart', 'edge', { host: 'shop.example.com', path: '/cart' }),
    ];
    await again({ plan: tlsPlan({ settings, routes }) });
    expect(on.mode()).toBe('edge');
    expect(on.told().join('\n')).toContain('shop is not passthrough by anna any more');
  });

  it('refuses to start with broken files', async () => {
    on = await tlsScene();
    on.certificates.problem = 'holds no certificate';
    await expect(on.restart()).rejects.toMatchObject({
      code: 'bad-tls-files',
      message: '/etc/tls/shop.pem: holds no certificate',
    });
  });
});

describe('files of runtimes before', () => {
  it('reads a state file without routes, and writes none where there are none', async () => {
    on = await tlsScene({ plan: tlsPlan({ settings }) });
    await on.act({ kind: 'maint', server: 'web/app1' });
    const text = await readFile(settings.stateFile, 'utf8');
    expect(Object.keys(JSON.parse(text))).toEqual(['version', 'savedAt', 'overrides', 'drains']);
    expect((await readState(settings.stateFile, 0)).state.routes.size).toBe(0);
  });

  it('sets aside a state file with a mode that there is not', async () => {
    on = await tlsScene();
    const routes = [{ route: 'shop', value: 'magic', by: 'anna', at: 1 }];
    await writeFile(
      settings.stateFile,
      JSON.stringify({ version: 1, savedAt: 1, overrides: [], drains: [], routes }),
    );
    expect((await readState(settings.stateFile, 0)).warning).toContain('routes.0.value');
  });

  it('reads undo records of servers and of routes', () => {
    const entry = {
      at: 1,
      kind: 'act',
      actor: { name: 'a', from: 'b' },
      severity: 'note',
      subject: 's',
      text: 't',
    };
    const { undos } = parseJournal(
      [
        {
          ...entry,
          id: 1,
          undo: { server: 'web/app1', before: {}, after: { admin: { value: 'maint', by: 'a', at: 1 } } },
        },
        { ...entry, id: 2, undo: { route: 'shop', before: null, after: { value: 'edge', by: 'a', at: 1 } } },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    expect(undos.get(1)).toMatchObject({ server: 'web/app1' });
    expect(undos.get(2)).toEqual({ route: 'shop', before: null, after: { value: 'edge', by: 'a', at: 1 } });
  });
});
