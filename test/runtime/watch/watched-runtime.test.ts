import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followedSource } from '../../../src/runtime/watch/follow-folder.ts';
import { createPlanSource } from '../../../src/runtime/watch/plan-source.ts';
import { machineClock } from '../../support/machine-clock.ts';
import { type Scratch, scratch } from '../../support/scratch.ts';
import { type Scene, scene } from '../fixture.ts';
import { endpointsText, routeText } from './kubernetes-texts.ts';

const own = `runtime: { watch: routes.d, control: { listen: unix:control.sock } }
shards:
  - name: default
    default: true
    binds: [{ listen: ":80", mode: http, defaultBackend: web }]
  - name: sharded
    routeSelector: { matchLabels: { sharded: "true" } }
    binds: [{ listen: ":81", mode: http, defaultBackend: web }]
routes: [{ name: own, host: own.example.com, to: [{ backend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
`;

const certificates = join(import.meta.dirname, '../../support/certificates');
const pem = (name: string) => readFileSync(join(certificates, name), 'utf8');

let place: Scratch;
let on: Scene;
beforeEach(() => {
  place = scratch();
  mkdirSync(place.path('routes.d'));
  writeFileSync(place.path('sluice.yaml'), own);
});
afterEach(async () => {
  await on.close();
  place.remove();
});

const put = (name: string, text: string) => writeFileSync(place.path(`routes.d/${name}`), text);

async function begin() {
  const file = place.path('sluice.yaml');
  const source = createPlanSource({
    file,
    filesFolder: () => place.path('kept'),
    keepsFiles: true,
    now: () => Date.UTC(2027, 0, 1),
    runtimeFolder: place.folder,
  });
  const loaded = await source.load();
  if (!loaded.ok) throw new Error(loaded.errors[0]!.message);
  const warned: string[] = [];
  const followed = followedSource(source, { clock: machineClock, lookEvery: 20, quiet: 1 });
  on = await scene({
    plan: loaded.plan,
    configFile: file,
    reload: followed.load,
    watch: followed.follow,
    warn: (text) => void warned.push(text),
  });
  const { client } = await on.console();
  /** Files take their own time, so the clock goes on until it is so. */
  async function until(condition: () => boolean): Promise<void> {
    await vi.waitFor(
      async () => {
        await on.pass(200);
        if (!condition()) throw new Error('it never was');
      },
      { timeout: 25_000, interval: 1 },
    );
  }
  const routes = () => [...client.model.route.keys()];
  const journal = () => [...client.model.journal.values()];
  return { client, warned, until, routes, journal };
}

it('serves what comes, changes and goes, and says from where', async () => {
  const { client, until, routes, journal } = await begin();
  put('a.yaml', routeText('shop') + endpointsText('shop', ['10.0.0.1']));
  await until(() => routes().includes('bank:shop'));
  const admitted = () => client.model.route.get('bank:shop')!.shards;
  expect(admitted()).toEqual([{ shard: 'default', admitted: true }]);
  expect([...client.model.server.keys()]).toContain('bank:shop/10-0-0-1');
  expect(journal().find(({ command }) => command?.kind === 'reload')).toMatchObject({
    actor: { name: 'runtime', from: 'watch' },
    result: 'done',
  });

  put(
    'a.yaml',
    routeText('shop', { labels: { sharded: 'true' } }) + endpointsText('shop', ['10.0.0.1', '10.0.0.2']),
  );
  await until(() => admitted()[0]?.shard === 'sharded');
  expect([...client.model.server.keys()]).toEqual(['web/app1', 'bank:shop/10-0-0-1', 'bank:shop/10-0-0-2']);

  rmSync(place.path('routes.d/a.yaml'));
  await until(() => !routes().includes('bank:shop'));
});

it('keeps what a broken file was, and says so once', async () => {
  put('a.yaml', routeText('shop') + endpointsText('shop', ['10.0.0.1']));
  const { warned, until, routes, journal } = await begin();
  expect(routes()).toEqual(['own', 'bank:shop']);
  put('a.yaml', 'kind: [');
  await until(() => warned.length > 0);
  put('b.yaml', routeText('pay') + endpointsText('pay', ['10.0.0.3']));
  await until(() => routes().includes('bank:pay'));
  expect(routes()).toEqual(['own', 'bank:pay', 'bank:shop']);
  expect(warned).toEqual([expect.stringContaining('a.yaml:')]);
  expect(journal().filter(({ actor, kind }) => kind === 'event' && actor.from === 'watch')).toHaveLength(1);
  rmSync(place.path('routes.d'), { recursive: true });
  await until(() => warned.length > 1);
  expect(warned[1]).toContain('what was in it is served on');
  expect(routes()).toEqual(['own', 'bank:pay', 'bank:shop']);
});

it('takes no edit of the configuration with it, and is there when that one is loaded or written', async () => {
  const { client, until, routes } = await begin();
  const file = place.path('sluice.yaml');
  writeFileSync(file, own.replace('routes:', 'routes: # half an edit {'));
  put('a.yaml', routeText('shop') + endpointsText('shop', ['10.0.0.1']));
  await until(() => routes().includes('bank:shop'));
  expect(routes()).toEqual(['own', 'bank:shop']);

  writeFileSync(file, own);
  const outcome = async (answer: ReturnType<typeof client.execute>) => {
    let done: Awaited<typeof answer> | undefined;
    void answer.then((each) => {
      done = each;
    });
    await until(() => done !== undefined);
    return done!;
  };
  expect(await outcome(client.execute({ kind: 'weight', server: 'web/app1', weight: 7 }))).toMatchObject({
    result: 'done',
  });
  expect(await outcome(client.execute({ kind: 'write-back', server: 'web/app1' }))).toMatchObject({
    result: 'done',
  });
  expect(readFileSync(file, 'utf8')).toContain('weight: 7');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: own', 'name: edited'));
  expect(await outcome(client.execute({ kind: 'reload' }))).toMatchObject({ result: 'done' });
  expect(routes()).toEqual(['edited', 'bank:shop']);
});

it('takes away certificates that are in force no more', async () => {
  const tls = { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') };
  put('a.yaml', routeText('shop', { tls }) + endpointsText('shop', ['10.0.0.1']));
  const { until } = await begin();
  expect(readdirSync(place.path('kept'))).toHaveLength(2);
  put(
    'a.yaml',
    routeText('shop', { tls: { ...tls, certificate: tls.certificate + pem('ca.pem') } }) +
      endpointsText('shop', ['10.0.0.1']),
  );
  await until(() => {
    const [, ...rest] = readdirSync(place.path('kept')).filter((name) => name.endsWith('.crt'));
    return rest.length > 0;
  });
  await until(() => readdirSync(place.path('kept')).length === 2);
  put('a.yaml', '');
  await until(() => readdirSync(place.path('kept')).length === 0);
});
