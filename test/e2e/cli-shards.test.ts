// Shards as an operator handles them by hand: asked what would move, scaled, relabelled, renewed, traced, taken back.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { start, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

let place: Scratch;
let running: RunningSluice;
let origin: Origin;
/** Of the bind http. */
let port = 0;

beforeAll(async () => {
  place = scratch();
  origin = await startOrigin('web1', place.path('posts'));
  const bind = (name: string) => `binds: [{ name: ${name}, listen: "127.0.0.1:0", mode: http }]`;
  running = await startSluice({
    yaml: `runtime:
  name: e2e
  stateFile: ${place.path('state.json')}
  grace: 20s
shards:
  - name: default
    default: true
    domain: apps.example.com
    instances: 2
    tableSize: 251
    ${bind('http')}
  - name: sharded
    routeSelector: { matchLabels: { sharded: "true" } }
    tableSize: 251
    ${bind('inside')}
routes:
  - { name: web, host: web.example.com, to: [{ backend: web }] }
  - { name: api, host: api.example.com, labels: { sharded: "true" }, to: [{ backend: web }] }
  - { name: copy, namespace: bank, host: web.example.com, to: [{ backend: web }] }
backends:
  - name: web
    balance: { algorithm: source }
    servers: [{ name: web1, address: "127.0.0.1:${origin.port}" }]
`,
  });
  const { binds } = (await running.json('show', 'binds')) as { binds: { name: string; address: string }[] };
  port = Number(/:(\d+)$/.exec(binds.find(({ name }) => name === 'http')!.address)![1]);
});

afterAll(async () => {
  await running?.stop();
  await origin?.process.stop();
  place?.remove();
});

/** Whatever a test changed. */
afterEach(async () => {
  const { drift } = (await running.json('show', 'drift')) as { drift: { key: string }[] };
  for (const { key } of drift) expect(await running.verb('reset', key)).toMatchObject({ code: 0 });
});

interface ShownInstance {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly traffic: { readonly clients: number; readonly connections: number } | null;
}

async function instances(state: string): Promise<readonly ShownInstance[]> {
  const shown = (await running.json('show', 'instances')) as { instances: ShownInstance[] };
  return shown.instances.filter((each) => each.state === state);
}

/** One request over a connection that stays open, from an address of its own. */
async function client(localAddress: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'web.example.com' };
    request({ host: '127.0.0.1', port, localAddress, agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
  return { status, close: () => agent.destroy() };
}

describe('what is shown', () => {
  it('shards, with what they take and refuse', async () => {
    const { stdout } = await running.verb('show', 'shards');
    expect(stdout).toMatch(
      /^default \(default\) +apps\.example\.com +all routes, what no other takes +1 +▲ 1 +2\/2 +handoff/m,
    );
    expect(stdout).toMatch(/^sharded +– +sharded=true +1 +0 +1\/1 +direct/m);
  });

  it('instances, with what they carry', async () => {
    const opened = await client('127.9.0.1');
    expect(opened.status).toBe(200);
    await until('the connection is seen', async () =>
      (await instances('serving')).some(({ traffic }) => traffic?.connections === 1 && traffic.clients === 1),
    );
    const { stdout } = await running.verb('show', 'instances');
    opened.close();
    for (const name of ['default/1', 'default/2', 'sharded/1'])
      expect(stdout).toMatch(new RegExp(`^${name} +● serving +\\d+ +\\S+ .* MiB +0 `, 'm'));
  });

  it('routes, with the shard that serves them, and why none does', async () => {
    const { stdout } = await running.verb('show', 'routes');
    expect(stdout).toMatch(/^web +web\.example\.com +\/ +default +none/m);
    expect(stdout).toMatch(/^api +api\.example\.com +\/ +sharded +none/m);
    expect(stdout).toMatch(/^copy .* ▼ refused by default: HostAlreadyClaimed/m);
  });
});

describe('a plan', () => {
  it('says what would move, and moves nothing', async () => {
    const clients = await Promise.all(
      Array.from({ length: 24 }, (_, index) => client(`127.9.1.${index + 1}`)),
    );
    const { code, stdout } = await running.verb('shards', 'plan', '--scale', 'default=3');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^What if +scale default to 3$/m);
    expect(stdout).toMatch(
      /^Clients +default, 2 → 3 instances: moves \d+(\.\d)? % of \d+ clients seen in the last minute \(\d+\)$/m,
    );
    expect(stdout).toMatch(/^ +default\/3 +– +→ +\d+ █+$/m);
    expect(stdout).toMatch(/evenness, max\/mean: \d\.\d\d → \d\.\d\d \(chance alone \d\.\d\d\)/);
    for (const { close } of clients) close();
    expect((await instances('serving')).length).toBe(3);
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
  });

  it('--apply comes to what was shown', async () => {
    const plan = (await running.json(
      ...['shards', 'plan', '--scale', 'default=3', '--relabel', 'web:sharded=true', '--apply'],
    )) as { to: string; routes: { moved: unknown }; outcomes: unknown };
    expect(plan).toMatchObject({
      routes: {
        moved: [
          { route: 'web', from: ['default'], to: ['sharded'] },
          { route: 'copy', from: [], to: ['default'] },
        ],
      },
      outcomes: [{ result: 'done' }],
    });
    const serving = (await instances('serving')) as readonly (ShownInstance & { planHash: string })[];
    expect(serving.map(({ name }) => name).sort()).toEqual([
      'default/1',
      'default/2',
      'default/3',
      'sharded/1',
    ]);
    expect(new Set(serving.map(({ planHash }) => planHash))).toEqual(new Set([plan.to]));
  });

  it.each([
    [['shards', 'plan'], 2, /plan what\?/],
    [['shards', 'plan', '--scale', 'default'], 2, /SHARD=INSTANCES, such as default=3/],
    [['shards', 'plan', '--select', 'default:tier in a'], 2, /At character 9/],
    [['shards', 'plan', '--reload', '--scale', 'default=3'], 2, /--reload asks about the file alone/],
    [['shards', 'plan', '--scale', 'defualt=3'], 1, /no shard defualt: did you mean default\?/],
    [['shards', 'scale', 'default', '65'], 2, /whole number from 1 to 64/],
    [['shards', 'relabel', 'web', 'a b=c'], 2, /The key, before "="/],
    [['shards', 'renew', 'shraded'], 1, /did you mean sharded\?/],
  ])('%j is told what is wrong', async (args, code, words) => {
    const ended = await running.verb(...args);
    expect(ended.output).toMatch(words);
    expect(ended.code).toBe(code);
  });
});

describe('instances', () => {
  it('are added, and leave with what they carry', async () => {
    expect(await running.verb('shards', 'scale', 'default', '3')).toMatchObject({ code: 0 });
    expect((await instances('serving')).length).toBe(4);
    // Enough of them that the last instance has one.
    const clients = await Promise.all(
      Array.from({ length: 24 }, (_, index) => client(`127.9.2.${index + 1}`)),
    );
    await until('the last one has clients', async () =>
      (await instances('serving')).some(({ name, traffic }) => name === 'default/3' && traffic!.clients > 0),
    );
    const scaled = await start(
      process.execPath,
      [running.program, 'shards', 'scale', 'default', '2', '--wait', '--attach', running.url],
      { ready: /default\/3 \(pid \d+\) leaves with [1-9]\d* connections?, ended in/ },
    );
    expect(await instances('leaving')).toMatchObject([{ name: 'default/3' }]);
    for (const { close } of clients) close();
    expect(await scaled.exited).toBe(0);
    expect(scaled.output()).toMatch(/those that left default are gone/);
    expect(await instances('leaving')).toEqual([]);
    expect((await instances('serving')).map(({ name }) => name).sort()).toEqual([
      'default/1',
      'default/2',
      'sharded/1',
    ]);
  });

  it('are renewed one after another', async () => {
    const pidsOf = async () =>
      (await instances('serving')).map(({ name, pid }) => ({ name, pid })).sort(byName);
    const before = await pidsOf();
    const { code, output } = await running.verb('shards', 'renew', 'default', '--wait');
    expect(code, output).toBe(0);
    const after = await pidsOf();
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    for (const [at, { name, pid }] of after.entries())
      expect(pid === before[at]!.pid, name).toBe(name === 'sharded/1');
  });
});

const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);

describe('labels and selectors', () => {
  it('move a route, and warn of one that nobody serves', async () => {
    const moved = await running.verb('shards', 'relabel', 'web', 'sharded=true', 'tier=gold');
    expect(moved.output).toMatch(/web moves from default to sharded/);
    const selected = await running.verb('shards', 'select', 'default', 'nobody=has');
    expect(selected.output).toMatch(/▲ copy is served by no shard: none selects it/);
    expect(selected.code).toBe(0);
    const all = await running.verb('shards', 'select', 'default', '');
    expect(all.output).toMatch(/copy moves from no shard to default/);
    const undone = await running.verb('undo');
    expect(undone.code, undone.output).toBe(0);
  });

  it('are drift, written into the configuration or taken back', async () => {
    await running.verb('shards', 'relabel', 'web', 'sharded=true');
    const drift = await running.verb('show', 'drift');
    expect(drift.stdout).toMatch(/^web:labels +labels +/m);
    const reset = await running.verb('reset', 'web:labels');
    expect(reset.output).toMatch(/web moves from sharded to default/);
    await running.verb('shards', 'scale', 'sharded', '2');
    const written = await running.verb('write-back', 'sharded:instances');
    expect(written.code, written.output).toBe(0);
    expect(readFileSync(running.place.path('sluice.yaml'), 'utf8')).toMatch(
      /routeSelector: \{ matchLabels: \{ sharded: "true" \} \}[\s\S]*instances: 2/,
    );
    expect(await running.json('show', 'drift')).toEqual({ drift: [] });
    const undone = await running.verb('undo');
    expect(undone.code, undone.output).toBe(0);
  });
});

describe('a trace', () => {
  it('tells where a request would go, and why', async () => {
    const asked = [`http://web.example.com:${port}/`, '--from', '127.9.0.1'];
    const { code, stdout } = await running.verb('trace', ...asked);
    expect(code, stdout).toBe(0);
    for (const rung of [/^ +bind +http /m, /^ +shard +default /m, /^ +route +web /m, /^ +server +web1 /m])
      expect(stdout).toMatch(rung);
    expect(stdout).toMatch(/not copy: /);
    const [, instance] = /^ +instance +(default\/\d)/m.exec(stdout)!;
    const opened = await client('127.9.0.1');
    const { connections } = (await running.json('show', 'connections')) as {
      connections: { client: string; instance: string }[];
    };
    opened.close();
    expect(connections.find((row) => row.client.startsWith('127.9.0.1:'))?.instance).toBe(instance);
  });

  it('exits 1 where nobody would answer, and 2 where the question makes no sense', async () => {
    const nobody = await running.verb('trace', 'http://nobody.example.com/', '--from', '127.9.0.1');
    expect(nobody.stdout).toMatch(/^✗ .*503/m);
    expect(nobody.code).toBe(1);
    const document = await running.verb('trace', 'http://nobody.example.com/', '--json');
    expect(JSON.parse(document.stdout)).toMatchObject({ ok: false });
    expect((await running.verb('trace', 'shop')).code).toBe(2);
  });
});
