// Who may do what over TCP, as the command line meets it: tokens, roles, and exit code 4.
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, sluice, startSluice } from '../support/sluice.ts';

let place: Scratch;
let running: RunningSluice;
let url: string;

beforeAll(async () => {
  place = scratch();
  const line = (name: string, role: string) => {
    const token = randomBytes(32).toString('hex');
    writeFileSync(place.path(name), `${token}\n`, { mode: 0o600 });
    return `${name} ${role} ${createHash('sha256').update(token).digest('hex')}\n`;
  };
  writeFileSync(place.path('tokens'), line('anna', 'operator') + line('vera', 'viewer'), { mode: 0o600 });
  writeFileSync(place.path('stranger'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  running = await startSluice({
    yaml: `runtime:
  name: access
  control: { listen: ["CONTROL", "ws://127.0.0.1:0"], tokens: ${place.path('tokens')} }
shards:
  - name: default
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:9" }]
`,
  });
  url = /ws:\/\/127\.0\.0\.1:\d+/.exec(running.process.stdout())![0];
});
afterAll(async () => {
  await running?.stop();
  place?.remove();
});

const as = (name: string, ...args: string[]) =>
  sluice([...args, '--attach', url, '--token-file', place.path(name)]);

it('lets a viewer look, and refuses that a viewer acts', async () => {
  expect((await as('vera', 'show', 'servers')).code).toBe(0);
  const { code, output } = await as('vera', 'maint', 'web/app1');
  expect(output).toMatch(/viewer|permit|operator/);
  expect(code).toBe(4);
});

it('lets an operator act, and writes the name into the journal', async () => {
  expect((await as('anna', 'maint', 'web/app1')).code).toBe(0);
  const { journal } = (await running.json('show', 'journal')) as { journal: { actor: { name: string } }[] };
  expect(journal.at(-1)?.actor.name).toBe('anna');
});

it.each([
  ['a token that nobody was given', () => as('stranger', 'show', 'servers')],
  ['no token', () => sluice(['show', 'servers', '--attach', url])],
])('exits 4 for %s', async (_, ask) => {
  expect((await ask()).code).toBe(4);
});

it('refuses a token file that others can read', async () => {
  writeFileSync(place.path('open'), 'x\n');
  chmodSync(place.path('open'), 0o644);
  const { code, output } = await as('open', 'show', 'servers');
  expect(code).toBe(2);
  expect(output).toMatch(/chmod 600/);
});
