import { afterEach, expect, it } from 'vitest';
import { planHash } from '../../../src/config/plan-hash.ts';
import type { Command } from '../../../src/domain/command.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { type TlsScene, tlsRoute, tlsScene } from '../tls-scene.ts';
import { type ShapeScene, scaleTo, shapeScene, shopToSharded, twoShards } from './shape-scene.ts';

let on: TlsScene | ShapeScene;
afterEach(() => on?.close());

const toPassthrough: Command = {
  kind: 'tls-switch',
  route: 'shop',
  termination: 'passthrough',
  watchMs: 60_000,
  threshold: 0.05,
  closeMs: 0,
};

/** Two routes of one host, each in a shard of its own. */
function sameHost(): Plan {
  return twoShards({
    routes: [
      tlsRoute('shop', 'edge', { host: 'shop.example.com' }),
      tlsRoute('cart', 'edge', { host: 'shop.example.com', path: '/cart', labels: { sharded: 'true' } }),
    ],
  });
}

it('switches a route whose host another shard serves too, and recomputes who is admitted', async () => {
  const scene = await tlsScene({ plan: sameHost() });
  on = scene;
  const { model } = scene.anna.client;
  expect(await scene.act(toPassthrough)).toMatchObject({ result: 'done' });
  expect(model.route.get('shop')?.shards).toEqual([{ shard: 'default', admitted: true }]);
  expect(model.route.get('cart')?.shards).toEqual([{ shard: 'sharded', admitted: true }]);
  // In one shard with the other it would not be admitted: the host is passed through there.
  expect(await scene.act({ ...shopToSharded })).toMatchObject({ result: 'done' });
  const statuses = [...model.route.values()].flatMap(({ shards }) => shards);
  expect(statuses.filter(({ admitted }) => !admitted)).toHaveLength(1);
  expect(model.shard.get('sharded')?.refused).toHaveLength(1);
  expect(model.shard.get('default')?.routes).toEqual([]);
  // The mode in force, and its watch, go on.
  expect(scene.mode()).toBe('passthrough');
  expect(scene.engine.terminations.get('shop')).toBe('passthrough');
  expect(model.switch.get('shop')).toMatchObject({ phase: 'watching' });
});

it('refuses a switch that would take the host from a route of the same shard', async () => {
  const scene = await tlsScene({ plan: sameHost() });
  on = scene;
  const both: Command = {
    kind: 'reshape',
    changes: [{ kind: 'select', shard: 'sharded', routeSelector: null }],
  };
  expect(await scene.act(both)).toMatchObject({ result: 'done' });
  expect(await scene.act(toPassthrough)).toMatchObject({
    result: 'refused',
    code: 'bad-value',
    text: 'shop cannot be passthrough: route cart has TLS on the same host shop.example.com (path /cart), and its requests would be passed through as well',
  });
});

it('a reload tells before what it would do', async () => {
  let loaded = { ...twoShards(), hash: planHash(twoShards()) };
  const scene = await shapeScene({
    plan: loaded,
    configFile: '/etc/sluice.yaml',
    reload: async () => ({ ok: true, plan: loaded }),
  });
  on = scene;
  await scene.act(scaleTo(4));
  const lines = async (): Promise<string[]> =>
    (await scene.preview({ kind: 'reload' })).lines.map(({ tone, text }) => `${tone}: ${text}`);
  const running = scene.hash();
  expect(await lines()).toEqual([
    `now: plan ${running} from /etc/sluice.yaml`,
    'then: the file is read again; a fault in it changes nothing',
    'then: open connections stay; streams under way finish under the old plan',
    'then: overrides of 1 of shape stay in force',
    `then: it is plan ${running} again: nothing changes`,
  ]);
  const next = twoShards();
  const [first, second] = next.shards;
  loaded = { ...next, shards: [first!, { ...second!, instances: 3, routeSelector: {} }] };
  const told = await lines();
  expect(told).toContain('then: sharded: 1 → 3 instances');
  expect(told).toContain('then: shop moves from default to sharded: open connections finish where they are');
  expect(told.join('\n')).not.toContain('default: ');
});

it('a preview of a reload says what would be refused', async () => {
  const scene = await shapeScene({
    configFile: '/etc/sluice.yaml',
    reload: async () => ({ ok: false, errors: [{ file: 's.yaml', line: 3, message: 'unknown key' }] }),
  });
  on = scene;
  expect((await scene.preview({ kind: 'reload' })).lines.at(-1)).toEqual({
    tone: 'warning',
    text: 'it would be refused: s.yaml:3: unknown key',
  });
});
