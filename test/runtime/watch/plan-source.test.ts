import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadResult } from '../../../src/config/problem.ts';
import { createPlanSource } from '../../../src/runtime/watch/plan-source.ts';
import { scratch } from '../../support/scratch.ts';
import { endpointsText, type RouteText, routeText } from './kubernetes-texts.ts';

let place = scratch();
beforeEach(() => {
  place = scratch();
  mkdirSync(place.path('routes.d'));
  write('../sluice.yaml', own);
  // A clone's files are readable by everybody, of which keys are warned.
  for (const name of ['server.pem', 'server.key'])
    writeFileSync(place.path(name), pem(name), { mode: 0o600 });
});
afterEach(() => place.remove());

const certificates = join(import.meta.dirname, '../../support/certificates');
const pem = (name: string) => readFileSync(join(certificates, name), 'utf8');
const now = Date.UTC(2027, 0, 1);

const own = `runtime: { watch: routes.d }
shards: [{ name: default, domain: apps.example.com, binds: [{ listen: "127.0.0.1:0", mode: http }, { name: s, listen: "127.0.0.1:0", mode: tls }] }]
routes: [{ name: own, host: own.example.com, to: [{ backend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
certificates: [{ cert: server.pem, key: server.key }]
`;

const route = (name: string, text: RouteText = {}) => routeText(name, { host: 'www.example.com', ...text });
const endpoints = (name: string) => endpointsText(name, ['10.0.0.1']);
const all = (name: string, text: RouteText = {}) => route(name, text) + endpoints(name);

function write(name: string, text: string): void {
  writeFileSync(place.path(`routes.d/${name}`), text);
}

function source(keepsFiles = true, kept = 'kept') {
  return createPlanSource({
    file: place.path('sluice.yaml'),
    filesFolder: () => place.path(kept),
    keepsFiles,
    now: () => now,
    runtimeFolder: place.folder,
  });
}

function planOf(result: LoadResult) {
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.plan;
}
const routesOf = (result: LoadResult) => planOf(result).routes.map(({ name }) => name);
const textsOf = (result: LoadResult) =>
  (result.ok ? result.warnings : result.errors).map(({ message }) => message);

describe('a watched folder', () => {
  it('is served beside the configuration', async () => {
    write('a.yaml', route('shop', { labels: { sharded: 'true' } }));
    write('b.yml', endpoints('shop'));
    const plan = planOf(await source().load());
    expect(plan.routes.map(({ name }) => name)).toEqual(['own', 'bank:shop']);
    expect(plan.routes[1]).toMatchObject({
      namespace: 'bank',
      labels: { sharded: 'true' },
      createdAt: Date.UTC(2026, 0, 31, 10),
      uid: 'u-shop',
    });
    expect(plan.backends.map(({ servers }) => servers.map(({ address }) => address))).toEqual([
      [{ kind: 'ip', host: '127.0.0.1', port: 80 }],
      [{ kind: 'ip', host: '10.0.0.1', port: 8080 }],
    ]);
  });

  it('is the same however it is looked at', async () => {
    write(
      'a.yaml',
      all('shop', { tls: { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') } }),
    );
    const [run, check] = [await source().load(), await source(false).load()];
    expect(planOf(run).hash).toBe(planOf(check).hash);
  });

  it('has its certificates and keys in files that are the owner’s alone', async () => {
    const tls = { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') };
    write('a.yaml', all('shop', { tls }));
    await source(false).load();
    expect(readdirSync(place.folder)).not.toContain('kept');
    const { tls: planned } = planOf(await source().load()).routes[1]!;
    const { cert, key } = planned!.certificate!;
    expect([cert, key].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(place.path('kept')).mode & 0o777).toBe(0o700);
    expect(readFileSync(key, 'utf8').trim()).toBe(tls.key.trim());

    write('a.yaml', all('shop', { tls: { ...tls, certificate: `${tls.certificate}${pem('ca.pem')}` } }));
    const after = planOf(await source().load()).routes[1]!.tls!.certificate!;
    expect([after.cert === cert, after.key === key]).toEqual([false, true]);
  });

  it('leaves none of them, not even of a load under way, when all has ended', async () => {
    const tls = { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') };
    write('a.yaml', all('shop', { tls }));
    const plans = source();
    await plans.load();
    write('a.yaml', all('pay', { tls }));
    const late = plans.load();
    await plans.clear();
    await late;
    expect(readdirSync(place.folder)).not.toContain('kept');
  });

  it('costs the route alone whose certificate is wrong', async () => {
    const good = { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') };
    write(
      'a.yaml',
      all('good', { tls: good }) +
        all('bad', { tls: { ...good, key: pem('client.key') }, host: 'b.example.com' }),
    );
    const result = await source().load();
    expect(routesOf(result)).toEqual(['own', 'bank:good']);
    expect(textsOf(result).join()).toMatch(/Route bad is left out/);
    expect(planOf(result).backends.map(({ name }) => name)).not.toContain('bank:bad');
  });

  it('serves on what a broken file was before', async () => {
    const { load } = source();
    write('a.yaml', all('shop'));
    write('b.yaml', all('pay', { host: 'pay.example.com' }));
    const before = planOf(await load());
    write('a.yaml', 'kind: [');
    write('b.yaml', Buffer.from('caf\xe9', 'latin1').toString('latin1'));
    writeFileSync(place.path('routes.d/b.yaml'), Buffer.from([0xff, 0xfe]));
    const broken = await load();
    expect(planOf(broken).hash).toBe(before.hash);
    expect(textsOf(broken)).toEqual([
      expect.stringContaining('what it was before is served on'),
      expect.stringContaining('what it was before is served on'),
    ]);
    expect(broken.ok && broken.warnings.map(({ file, imported }) => [file, imported])).toEqual([
      [place.path('routes.d/a.yaml'), true],
      [place.path('routes.d/b.yaml'), true],
    ]);
    write('a.yaml', all('shop'));
    rmSync(place.path('routes.d/b.yaml'));
    const right = await load();
    expect([routesOf(right), textsOf(right)]).toEqual([['own', 'bank:shop'], []]);
  });

  it('serves on what a broken file was, by a runtime that is started again as well', async () => {
    write('a.yaml', all('shop'));
    write('b.yaml', all('pay', { host: 'pay.example.com' }));
    const { load } = source();
    const { hash } = planOf(await load());
    write('a.yaml', 'kind: [');
    await load();
    expect(statSync(place.path('kept/held.json')).mode & 0o777).toBe(0o600);
    for (const keeps of [true, false]) expect(planOf(await source(keeps).load()).hash).toBe(hash);
    write('a.yaml', all('shop'));
    await load();
    expect(readdirSync(place.path('kept'))).toEqual([]);
    writeFileSync(place.path('kept/held.json'), '[1]');
    write('a.yaml', 'kind: [');
    expect(routesOf(await source().load())).toEqual(['own', 'bank:pay']);
  });

  it('goes on without a file that was never right', async () => {
    write('a.yaml', 'kind: [');
    write('b.yaml', all('shop'));
    const result = await source().load();
    expect(routesOf(result)).toEqual(['own', 'bank:shop']);
    expect(textsOf(result)).toHaveLength(1);
    expect(textsOf(result)[0]).not.toContain('before');
  });

  it('serves on what was in it when it is gone, and warns where it never was', async () => {
    const { load } = source();
    write('a.yaml', all('shop'));
    const { hash } = planOf(await load());
    renameSync(place.path('routes.d'), place.path('away'));
    const gone = await load();
    expect(planOf(gone).hash).toBe(hash);
    expect(textsOf(gone)).toEqual(['there is no such folder: what was in it is served on']);
    const never = await source(true, 'another').load();
    expect([routesOf(never), textsOf(never)]).toEqual([['own'], ['there is no such folder']]);
    mkdirSync(place.path('routes.d'));
    expect(routesOf(await load())).toEqual(['own']);
  });

  it('may be another one from now on, or none', async () => {
    const { load } = source();
    write('a.yaml', all('shop'));
    mkdirSync(place.path('other'));
    writeFileSync(place.path('other/a.yaml'), all('pay'));
    expect(routesOf(await load())).toEqual(['own', 'bank:shop']);
    writeFileSync(place.path('sluice.yaml'), own.replace('routes.d', 'other'));
    expect(routesOf(await load())).toEqual(['own', 'bank:pay']);
    writeFileSync(place.path('sluice.yaml'), own.replace('runtime: { watch: routes.d }', ''));
    expect(routesOf(await load())).toEqual(['own']);
  });
});

describe('what a plan was made from', () => {
  it('is what an edited text is loaded with, whatever the folder has become', async () => {
    const plans = source();
    write('a.yaml', all('shop'));
    const { hash } = planOf(await plans.load());
    plans.inForce(() => hash);
    write('a.yaml', all('pay'));
    // As a preview of a reload does.
    expect(routesOf(await plans.load())).toEqual(['own', 'bank:pay']);
    expect(planOf(await plans.load(own)).hash).toBe(hash);
    expect(routesOf(await plans.load(own.replace('name: own', 'name: edited')))).toEqual([
      'edited',
      'bank:shop',
    ]);
  });

  it('stays known however many plans are looked at', async () => {
    const plans = source();
    write('a.yaml', all('shop'));
    const { hash } = planOf(await plans.load());
    plans.inForce(() => hash);
    for (let i = 0; i < 20; i++) await plans.load(own.replace('name: own', `name: own${i}`));
    expect(plans.originOf(hash)?.text).toBe(own);
  });

  it('is kept where the folder alone is loaded', async () => {
    const plans = source();
    const { hash } = planOf(await plans.load());
    writeFileSync(place.path('sluice.yaml'), 'half an edit');
    write('a.yaml', all('shop'));
    expect(routesOf(await plans.loadBeside(plans.originOf(hash)!))).toEqual(['own', 'bank:shop']);
    expect((await plans.load()).ok).toBe(false);
  });
});

it('a configuration that cannot be read is told as ever', async () => {
  rmSync(place.path('sluice.yaml'));
  expect(await source().load()).toMatchObject({ ok: false, errors: [{ message: 'there is no such file' }] });
});
