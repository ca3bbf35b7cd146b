import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPlan, planAsIfIn } from '../../../src/config/load-plan.ts';
import { planHash } from '../../../src/config/plan-hash.ts';
import type { Command } from '../../../src/domain/command.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { type Scratch, scratch } from '../../support/scratch.ts';
import { route, type ShapeScene, scaleTo, shapeScene, shopToSharded } from './shape-scene.ts';

const text = `# two shards
runtime: { control: { listen: unix:control.sock } }
shards:
  - name: default
    default: true
    instances: 2 # as many as cores
    binds: [{ listen: ":80", mode: http }]
  - name: sharded
    routeSelector: { matchLabels: { sharded: "true" } }
    binds: [{ listen: ":81", mode: http }]
routes:
  - { name: shop, host: shop.example.com, to: [{ backend: web }] }
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:8001" }]
`;

let place: Scratch;
let file: string;
let on: ShapeScene;
beforeEach(async () => {
  place = scratch();
  file = place.path('sluice.yaml');
  writeFileSync(file, text);
  const loaded = await loadPlan(file);
  if (!loaded.ok) throw new Error(loaded.errors[0]!.message);
  on = await shapeScene({
    plan: loaded.plan,
    configFile: file,
    reload: async (asIf) => (asIf === undefined ? loadPlan(file) : planAsIfIn(file, asIf)),
  });
});
afterEach(async () => {
  await on?.close();
  place.remove();
});

const selectGold: Command = {
  kind: 'reshape',
  changes: [
    {
      kind: 'select',
      shard: 'sharded',
      routeSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
    },
  ],
};
const selectAll: Command = {
  kind: 'reshape',
  changes: [{ kind: 'select', shard: 'sharded', routeSelector: {} }],
};

describe('an override of shape written back', () => {
  it.each<readonly [string, Command, string, string]>([
    [
      'default:instances',
      scaleTo(4),
      'instances: 4 # as many as cores',
      'default: 4 instances is written to',
    ],
    ['shop:labels', shopToSharded, 'sharded: "true"', 'shop: sharded=true is written to'],
    ['sharded:routeSelector', selectGold, 'tier', 'sharded: tier is written to'],
    ['sharded:routeSelector', selectAll, 'name: sharded\n    binds', 'sharded: all routes is written to'],
  ])('%s is the configuration’s own, and what runs stays as it is', async (drift, change, line, said) => {
    await on.act(change);
    const running = on.hash();
    expect(await on.preview({ kind: 'write-back-shape', drift })).toMatchObject({
      title: `write back ${drift}`,
    });
    expect(await on.act({ kind: 'write-back-shape', drift })).toMatchObject({
      result: 'done',
      text: expect.stringContaining(said),
    });
    expect(readFileSync(file, 'utf8')).toContain(line);
    expect(on.drift()).toEqual([]);
    expect(on.hash()).toBe(running);
    expect((await on.act({ kind: 'undo' })).result).toBe('done');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(on.hash()).toBe(running);
    expect(on.drift()).toHaveLength(1);
    expect(on.drift()[0]).toContain(drift);
    expect(on.told().at(-1)).toMatch(/^undo of anna's/);
  });

  it('leaves other overrides alone', async () => {
    await on.act(scaleTo(4));
    await on.act(shopToSharded);
    const running = on.hash();
    await on.act({ kind: 'write-back-shape', drift: 'shop:labels' });
    expect(on.drift()).toEqual(['default:instances: 2 → 4 by anna']);
    expect(on.hash()).toBe(running);
  });

  it('is shown before, line by line', async () => {
    await on.act(scaleTo(4));
    const { lines } = await on.preview({ kind: 'write-back-shape', drift: 'default:instances' });
    expect(lines).toEqual([
      { tone: 'now', text: 'default: 4 instances; configured: 2 instances' },
      { tone: 'now', text: `${file}:6: instances: 2 # as many as cores` },
      { tone: 'then', text: `${file}:6: instances: 4 # as many as cores` },
      {
        tone: 'then',
        text: "what runs stays as it is, and is the configuration's own: no override of anna any more",
      },
    ]);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('is refused for a route of the watched folder, which is not in the file', async () => {
    await on.close();
    const { plan } = (await loadPlan(file)) as { readonly plan: Plan };
    const watched = { ...plan, runtime: { ...plan.runtime, watch: '/etc/routes.d' } };
    const withIt = { ...watched, routes: [...plan.routes, route('bank:pay')] };
    const beside = { ...withIt, hash: planHash(withIt) };
    on = await shapeScene({
      plan: beside,
      configFile: file,
      reload: async () => ({ ok: true, plan: beside }),
    });
    await on.act({ kind: 'reshape', changes: [{ kind: 'relabel', route: 'bank:pay', labels: { a: 'b' } }] });
    expect(await on.act({ kind: 'write-back-shape', drift: 'bank:pay:labels' })).toMatchObject({
      code: 'bad-configuration',
      text: `${file}: the route bank:pay is not in the file`,
      remedy: 'what comes from the watched folder /etc/routes.d is relabelled there',
    });
  });

  it('is refused where there is none, or the file was edited', async () => {
    expect(await on.act({ kind: 'write-back-shape', drift: 'default:instances' })).toMatchObject({
      code: 'bad-value',
      text: 'there is no drift default:instances',
    });
    await on.act(scaleTo(4));
    writeFileSync(file, text.replace('shop.example.com', 'store.example.com'));
    expect(await on.act({ kind: 'write-back-shape', drift: 'default:instances' })).toMatchObject({
      code: 'changed-since',
    });
  });
});
