import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadPlan, planAsIfIn } from '../../src/config/load-plan.ts';
import type { Preview } from '../../src/domain/command.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type TlsScene, tlsScene, toReencrypt } from './tls-scene.ts';

const text = `# the shop
runtime: { control: { listen: unix:control.sock } }
shards: [{ name: default, binds: [{ listen: ":80", mode: http }, { listen: ":443", mode: tls }] }]
routes:
  - name: shop   # by the team of the shop
    host: shop.example.com
    tls:
      termination: edge   # since spring
    to: [{ backend: web }]
backends:
  - { name: web, servers: [{ name: app1, address: 127.0.0.1:8001, tlsPort: 8443 }] }
`;
const writeBack = { kind: 'write-back-route', route: 'shop' } as const;

let place: Scratch;
let file: string;
let on: TlsScene;
beforeEach(async () => {
  place = scratch();
  file = place.path('sluice.yaml');
  writeFileSync(file, text);
  const loaded = await loadPlan(file);
  if (!loaded.ok) throw new Error(loaded.errors[0]!.message);
  on = await tlsScene({
    plan: loaded.plan,
    configFile: file,
    reload: async (asIf) => (asIf === undefined ? loadPlan(file) : planAsIfIn(file, asIf)),
  });
});
afterEach(async () => {
  await on.close();
  place.remove();
});

async function previewOf(command: Parameters<TlsScene['act']>[0]): Promise<Preview> {
  let preview: Preview | undefined;
  void on.anna.client.preview(command).then((came) => {
    preview = came;
  });
  while (!preview) await on.settle();
  return preview;
}

it('writes the mode in force into the file, and leaves what runs as it is', async () => {
  await on.act({ ...toReencrypt, watchMs: 0 });
  const preview = await previewOf(writeBack);
  expect(preview.lines.map(({ text: line }) => line)).toEqual([
    'shop is reencrypt; configured: edge',
    `${file}:8: termination: edge   # since spring`,
    `${file}:8: termination: reencrypt   # since spring`,
    "what runs stays as it is, and is the configuration's own: no override of anna any more",
  ]);
  expect(await on.act(writeBack, { from: preview.from! })).toMatchObject({ result: 'done' });
  expect(readFileSync(file, 'utf8')).toBe(text.replace('edge ', 'reencrypt '));
  expect(on.anna.client.model.drift.size).toBe(0);
  expect(on.mode()).toBe('reencrypt');
  expect(on.anna.client.model.route.get('shop')?.tls?.configuredTermination).toBe('reencrypt');

  const undo = await previewOf({ kind: 'undo' });
  expect(undo).toMatchObject({ from: { termination: 'reencrypt' } });
  expect(await on.act({ kind: 'undo' })).toMatchObject({ result: 'done' });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(on.mode()).toBe('reencrypt');
  expect([...on.anna.client.model.drift.values()]).toMatchObject([
    { configured: 'edge', running: 'reencrypt' },
  ]);
});

it('is nothing where nothing differs', async () => {
  expect(await on.act(writeBack)).toMatchObject({ text: 'shop is edge, as configured already' });
  expect((await previewOf(writeBack)).lines.at(-1)?.tone).toBe('warning');
});

it('waits for the end of a watch', async () => {
  await on.act(toReencrypt);
  expect(await on.act(writeBack)).toMatchObject({ result: 'refused', code: 'busy' });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it('is refused where the file was edited since', async () => {
  await on.act({ ...toReencrypt, watchMs: 0 });
  writeFileSync(file, text.replace('8001', '8002'));
  expect(await on.act(writeBack)).toMatchObject({ result: 'refused', code: 'changed-since' });
});
