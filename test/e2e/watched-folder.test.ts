// A folder of Kubernetes YAML that somebody keeps changing while it is served: through `sluice run`, with real servers.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endpointsText, routeText } from '../runtime/watch/kubernetes-texts.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, sluice, startSluice } from '../support/sluice.ts';

let place: Scratch;
let running: RunningSluice;
let origins: readonly Origin[];
let ports: { readonly web: number; readonly inside: number };

beforeAll(async () => {
  place = scratch();
  origins = await Promise.all(['one', 'two'].map((name) => startOrigin(name, place.path(`posts-${name}`))));
  const bind = (name: string) => `binds: [{ name: ${name}, listen: "127.0.0.1:0", mode: http }]`;
  mkdirSync(place.path('routes.d'));
  running = await startSluice({
    yaml: `runtime:
  name: e2e
  watch: ${place.path('routes.d')}
  grace: 20s
shards:
  - name: default
    default: true
    ${bind('web')}
  - name: sharded
    routeSelector: { matchLabels: { sharded: "true" } }
    ${bind('inside')}
`,
  });
  const { binds } = (await running.json('show', 'binds')) as { binds: { name: string; address: string }[] };
  const portOf = (name: string) =>
    Number(
      binds
        .find((each) => each.name === name)!
        .address.split(':')
        .at(-1),
    );
  ports = { web: portOf('web'), inside: portOf('inside') };
});

afterAll(async () => {
  await running?.stop();
  for (const origin of origins ?? []) await origin.process.stop();
  place?.remove();
});

/** As `kubectl` mounts a ConfigMap: a new folder, and one link put in another's place. */
let version = 0;
function mount(text: string): void {
  const folder = `..v${++version}`;
  mkdirSync(place.path(`routes.d/${folder}`));
  writeFileSync(place.path(`routes.d/${folder}/shop.yaml`), text);
  symlinkSync(folder, place.path('routes.d/..data_tmp'));
  renameSync(place.path('routes.d/..data_tmp'), place.path('routes.d/..data'));
  if (version === 1) symlinkSync('..data/shop.yaml', place.path('routes.d/shop.yaml'));
}

const servers = ({ port }: Origin, name = 'shop') => endpointsText(name, ['127.0.0.1'], port);

/** The server that answers, or the status. */
function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', headers: { Host: host }, agent: false }, (answer) => {
      const { statusCode, headers } = answer.resume();
      answer.on('end', () => resolve(statusCode === 200 ? String(headers['x-server']) : String(statusCode)));
    });
    asked.on('error', reject).end();
  });
}

const answers = (what: string, port: number, host: string, expected: string) =>
  until(what, async () => (await ask(port, host)) === expected);

it('a route appears, moves, gets another server, is broken, and goes', async () => {
  const [one, two] = origins as [Origin, Origin];
  const host = 'shop.example.com';
  expect(await ask(ports.web, host)).toBe('503');

  mount(routeText('shop') + servers(one));
  await answers('the route is served', ports.web, host, 'one');
  expect(await ask(ports.inside, host)).toBe('503');

  mount(routeText('shop', { labels: { sharded: 'true' } }) + servers(one));
  await answers('the route has moved', ports.inside, host, 'one');
  await answers('and is not where it was', ports.web, host, '503');

  mount(routeText('shop', { labels: { sharded: 'true' } }) + servers(two));
  await answers('the other server answers', ports.inside, host, 'two');

  mount('kind: Route\n  broken: [');
  await until('it is told', async () => running.process.output().includes('shop.yaml'));
  writeFileSync(place.path('routes.d/pay.yaml'), routeText('pay') + servers(one, 'pay'));
  await answers('what else comes is served', ports.web, 'pay.example.com', 'one');
  expect(await ask(ports.inside, host)).toBe('two');

  rmSync(place.path('routes.d/shop.yaml'));
  await answers('what is gone is not served', ports.inside, host, '503');
  expect(await ask(ports.web, 'pay.example.com')).toBe('one');

  const { journal: entries } = (await running.json('show', 'journal')) as {
    journal: { actor: { from: string }; kind: string; result?: string }[];
  };
  const reloads = entries.filter(({ actor, kind }) => kind === 'act' && actor.from === 'watch');
  expect(reloads.length).toBeGreaterThanOrEqual(5);
  expect(new Set(reloads.map(({ result }) => result))).toEqual(new Set(['done']));
  // Told once, however often the folder was looked at.
  expect(running.process.output().match(/routes\.d\/shop\.yaml/g)).toHaveLength(1);
});

it('is checked with the configuration', async () => {
  writeFileSync(
    place.path('routes.d/bad.yaml'),
    routeText('bad', { host: 'pay.example.com' }).replace('2026-01', '2026-03'),
  );
  const checked = await sluice(['check', '-c', running.place.path('sluice.yaml')]);
  expect(checked.code).toBe(0);
  expect(checked.output).toContain(`${place.path('routes.d/bad.yaml')}:1: warning: `);
  expect(checked.output).toContain('2 routes');
  rmSync(place.path('routes.d/bad.yaml'));
});

it('keeps certificates of routes to itself, and leaves none behind', async () => {
  const pem = (name: string) =>
    readFileSync(join(import.meta.dirname, '../support/certificates', name), 'utf8');
  const tls = { termination: 'edge', certificate: pem('server.pem'), key: pem('server.key') };
  writeFileSync(place.path('routes.d/pay.yaml'), routeText('pay', { tls }) + servers(origins[0]!, 'pay'));
  const kept = () => readdirSync(running.place.folder).filter((name) => name.startsWith('imported-'));
  const files = () => kept().flatMap((name) => readdirSync(running.place.path(name)));
  await until('they are there', async () => files().length === 2);
  await running.process.stop(15_000);
  expect(kept()).toEqual([]);
});
