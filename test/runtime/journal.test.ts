import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJournal } from '../../src/runtime/journal.ts';
import { parseJournal } from '../../src/runtime/journal-file.ts';
import { createModelStore } from '../../src/runtime/model-store.ts';
import { testClock } from './fixture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const act = {
  actor: { name: 'anna', from: 'local' },
  subject: 'web/app1',
  text: 'maint',
  command: { kind: 'maint', server: 'web/app1' },
} as const;
async function openJournal(...made: Parameters<typeof createJournal>) {
  const journal = createJournal(...made);
  const warning = await journal.open();
  return { journal, warning };
}
const event = { subject: 'web/app1', text: 'down', severity: 'bad', from: 'check' } as const;

it('goes on numbering where the file ended, and takes an act that was cut off for unknown', async () => {
  const path = join(folder, 'goes-on.jsonl');
  const first = await openJournal(path, createModelStore('a'), testClock());
  first.journal.event(event);
  await first.journal.begin(act);
  await first.journal.close();
  // As a crash leaves it: the last line is cut.
  appendFileSync(path, '{"id":3,"at":1,"ki');
  const store = createModelStore('b');
  const { journal, warning } = await openJournal(path, store, testClock());
  expect(warning).toBeUndefined();
  expect([...store.model.journal.values()].map(({ id, result }) => [id, result])).toEqual([
    [1, undefined],
    [2, 'unknown'],
  ]);
  journal.event(event);
  await journal.close();
  expect(parseJournal(readFileSync(path, 'utf8')).entries.map(({ id }) => id)).toEqual([1, 2, 3]);
});

it('keeps the newest in memory, safe to show', async () => {
  const store = createModelStore('a');
  const { journal } = await openJournal(undefined, store, testClock());
  for (let index = 0; index < 700; index++)
    journal.event({ ...event, text: `\u001b[2J${index}${'x'.repeat(2_000)}` });
  expect(store.model.journal.size).toBe(500);
  const newest = store.model.journal.get('700')!;
  expect(newest.text).toMatch(/^\\x1b\[2J699x+…$/);
  expect(newest.text.length).toBeLessThanOrEqual(1_000);
});

it('has nothing in its file that a terminal would obey', async () => {
  const path = join(folder, 'safe.jsonl');
  const { journal } = await openJournal(path, createModelStore('a'), testClock());
  journal.event({ ...event, text: 'died: \u001b[2J\u009b2J\u202e\u007f' });
  journal.complete(await journal.begin(act), { result: 'unknown', severity: 'bad', note: '\u009b2J' });
  await journal.close();
  expect(readFileSync(path, 'latin1')).toMatch(/^[\x20-\x7e\n]+$/);
});

it('is no reason not to start when it cannot be written', async () => {
  const path = join(folder, 'file', 'journal.jsonl');
  writeFileSync(join(folder, 'file'), '');
  const store = createModelStore('a');
  const { journal, warning } = await openJournal(path, store, testClock());
  expect(warning).toMatch(/journal .* cannot be used: .*; acts are remembered in memory only/);
  expect(await journal.begin(act)).toBe(1);
  journal.complete(1, { result: 'done', severity: 'note' });
  expect(store.model.journal.get('1')).toMatchObject({ result: 'done' });
});
