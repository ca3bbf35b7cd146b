// A route's TLS mode is switched through all three modes while clients come and go: none fails, none is carried in the
// wrong mode, and none that is open is cut off or carried otherwise.
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import type { Termination } from '../../src/domain/tls.ts';
import { type Origin, postsSeen, startOrigin } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { startTlsLoad, type TlsLoadOptions } from '../support/tls-load.ts';
import { bindOf } from './two-backends.ts';

const host = 'shop.example.com';
/** Its servers' authority is not the one that the backend is told to trust. */
const distrusted = 'distrusted.example.com';
let place: Scratch;
let ca: string;
let origins: readonly Origin[];
let sluice: RunningSluice;
let port: number;

beforeEach(async () => {
  place = scratch();
  const authority = await makeAuthority('scenario');
  ca = authority.cert;
  writeFileSync(place.path('ca.pem'), ca);
  // Told apart by their common names; clients and the proxy look at the alternative names.
  for (const [name, names] of [
    ['proxy', ['proxy.example.com', host, distrusted]],
    ['server', ['server.example.com', host, distrusted]],
  ] as const) {
    const made = await makeCertificate({ names }, authority);
    writeFileSync(place.path(`${name}.pem`), made.cert);
    writeFileSync(place.path(`${name}.key`), made.key, { mode: 0o600 });
  }
  writeFileSync(place.path('another-ca.pem'), (await makeAuthority('another')).cert);
  const tls = { cert: place.path('server.pem'), key: place.path('server.key') };
  const posts = place.path('posts');
  origins = await Promise.all(['web1', 'web2'].map((name) => startOrigin(name, posts, 0, tls)));
  const servers = origins
    .map(
      ({ name, port: plain, tlsPort }) =>
        `{ name: ${name}, address: "127.0.0.1:${plain}", tlsPort: ${tlsPort} }`,
    )
    .join(', ');
  sluice = await startSluice({
    yaml: `runtime:
  name: scenario
  stateFile: ${place.path('state.json')}
  grace: 1s
certificates: [{ cert: ${place.path('proxy.pem')}, key: ${place.path('proxy.key')} }]
shards:
  - name: default
    binds: [{ name: tls, listen: "127.0.0.1:0", mode: tls }]
routes:
  - { name: shop, host: ${host}, tls: { termination: edge }, to: [{ backend: web }] }
  - { name: distrusted, host: ${distrusted}, tls: { termination: edge }, to: [{ backend: distrusted }] }
backends:
  - name: web
    tls: { ca: ${place.path('ca.pem')} }
    servers: [${servers}]
  - name: distrusted
    tls: { ca: ${place.path('another-ca.pem')} }
    servers: [${servers}]
`,
  });
  ({ port } = await bindOf(sluice, 'tls'));
});

afterEach(async () => {
  await sluice.stop();
  await Promise.all(origins.map(({ process }) => process.stop()));
  place.remove();
});

const load = (options: Partial<TlsLoadOptions> = {}) =>
  startTlsLoad({
    port,
    host,
    ca,
    proxyName: 'proxy.example.com',
    termination: 'edge',
    clients: 12,
    stayers: 6,
    ...options,
  });

it('switches five times through all three modes under load', async () => {
  const running = load();
  const { result } = running;
  await until('traffic', () => result.connections > 50);
  const modes: Termination[] = ['reencrypt', 'passthrough', 'edge', 'passthrough', 'reencrypt'];
  for (const mode of modes) {
    const switched = running.switching(mode);
    const done = await sluice.verb('tls', 'switch', 'shop', mode, '--watch', '0s');
    expect(done, done.output).toMatchObject({ code: 0 });
    switched();
    const before = result.byMode[mode];
    await until(`new connections in mode ${mode}`, () => result.byMode[mode] > before + 40);
  }
  await running.stop();
  expect(result.failed).toEqual([]);
  expect(result.wrongMode).toEqual([]);
  expect(result.flipped).toEqual([]);
  expect(result.resumed).toBeGreaterThan(0);
  expect(postsSeen(place.path('posts')).twice).toEqual([]);
});

it('refuses what would hurt; forced, it reverts by itself, and every client is served again', async () => {
  const running = load({ host: distrusted });
  const { result } = running;
  await until('traffic', () => result.connections > 50);
  const refused = await sluice.verb('tls', 'switch', 'distrusted', 'reencrypt');
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/distrusted\/web1/);
  expect(result.failed).toEqual([]);

  running.switching('reencrypt');
  const forced = ['--force', 'distrusted', '--watch', '50s', '--wait'];
  const reverted = await sluice.verb('tls', 'switch', 'distrusted', 'reencrypt', ...forced);
  expect(reverted, reverted.output).toMatchObject({ code: 1 });
  expect(reverted.output).toMatch(/by itself/);
  running.switching('edge')();
  expect(result.failed.length).toBeGreaterThan(0);

  // Connections that came in the mode that failed are sent away with the answer to their next request, at the latest.
  const edge = result.byMode.edge;
  await until('new connections in mode edge', () => result.byMode.edge > edge + 40);
  const failed = result.failed.length;
  const requests = result.requests;
  await until('more requests', () => result.requests > requests + 500);
  await running.stop();
  expect(result.failed.slice(failed)).toEqual([]);
  expect(result.flipped).toEqual([]);
  const { routes } = (await sluice.json('show', 'routes')) as {
    routes: { name: string; tls: { termination: string } }[];
  };
  expect(routes.find(({ name }) => name === 'distrusted')?.tls.termination).toBe('edge');
  expect((await sluice.verb('show', 'journal')).output).toMatch(/by itself/);
});
