// Instances die, are scaled, are replaced one after another, and the runtime over them dies, while clients of many addresses
// are served: nobody notices but who was on the one that was killed.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import { startLoad } from '../support/load.ts';
import { type Origin, postsSeen, startOrigin } from '../support/origin.ts';
import { until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { bindOf } from './two-backends.ts';

/** A prime; small, so that a table is made in no time. */
const tableSize = 4_099;
const clients = 40;
const addressOf = (client: number) => `127.9.${client >> 6}.${(client & 63) + 1}`;

let place: Scratch;
let origins: readonly Origin[];
let sluice: RunningSluice;

interface ShownInstance {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly pid: number;
}

async function instances(of: RunningSluice = sluice): Promise<readonly ShownInstance[]> {
  const { instances } = (await of.json('show', 'instances')) as { instances: ShownInstance[] };
  return instances;
}

const serving = async (of: RunningSluice = sluice) =>
  (await instances(of)).filter(({ state }) => state === 'serving');

/** The instance that the table gives an address. */
function expected(address: string, count: number): string {
  return `default/${slotTable(count, tableSize)[slotOfClient(address, tableSize, 128)!]}`;
}

/** Of every client seen on the default shard: which instances carry it now. */
async function carriers(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { connections: rows } = (await sluice.json('show', 'connections', '--limit', '5000')) as {
    connections: { client: string; bind: string; instance: string; phase: string }[];
  };
  const seen = new Map<string, Set<string>>();
  for (const { client, bind, instance } of rows) {
    if (bind !== 'http') continue;
    const address = client.slice(0, client.lastIndexOf(':'));
    seen.set(address, (seen.get(address) ?? new Set()).add(instance));
  }
  return seen;
}

async function load(bind: string, host: string, prefix: string) {
  const { port } = await bindOf(sluice, bind);
  return startLoad({
    port,
    targets: [{ host, serverPrefix: prefix }],
    clients,
    tunnels: 4,
    tunnelMs: 1_500,
    reconnects: 0.2,
    addressOf,
  });
}

beforeEach(async () => {
  place = scratch();
  const posts = place.path('posts');
  origins = await Promise.all(['web1', 'web2', 'api1'].map((name) => startOrigin(name, posts)));
  const at = (name: string) => origins.find((origin) => origin.name === name)!.port;
  sluice = await startSluice({
    yaml: `runtime:
  name: scenario
  stateFile: ${place.path('state.json')}
  grace: 5s
shards:
  - name: default
    default: true
    instances: 2
    tableSize: ${tableSize}
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http }]
  - name: sharded
    routeSelector: { matchLabels: { sharded: "true" } }
    instances: 2
    tableSize: ${tableSize}
    binds: [{ name: sharded, listen: "127.0.0.1:0", mode: http }]
routes:
  - { name: web, host: web.example.com, to: [{ backend: web }] }
  - { name: api, host: api.example.com, labels: { sharded: "true" }, to: [{ backend: api }] }
backends:
  - name: web
    servers:
      - { name: web1, address: "127.0.0.1:${at('web1')}" }
      - { name: web2, address: "127.0.0.1:${at('web2')}" }
  - name: api
    servers: [{ name: api1, address: "127.0.0.1:${at('api1')}" }]
`,
  });
});

afterEach(async () => {
  await sluice.stop();
  await Promise.all(origins.map(({ process }) => process.stop()));
  place.remove();
});

it('carries each client by the instance that the table gives it', async () => {
  const running = await load('http', 'web.example.com', 'web');
  await until('all clients were seen', async () => (await carriers()).size >= clients);
  const seen = await carriers();
  await running.stop();
  for (const [address, by] of seen) expect([...by], address).toEqual([expected(address, 2)]);
  expect(new Set([...seen.values()].flatMap((by) => [...by])).size).toBe(2);
  expect(running.result.failed).toEqual([]);
});

it('kill -9 of an instance: only its own clients lose what was under way, and it is back', async () => {
  const running = await load('http', 'web.example.com', 'web');
  const other = await load('sharded', 'api.example.com', 'api');
  await until('traffic', () => running.result.requests > 400);
  const victim = (await serving()).find(({ name }) => name === 'default/2')!;
  process.kill(victim.pid, 'SIGKILL');
  await until('a successor serves', async () =>
    (await serving()).some(({ name, pid }) => name === 'default/2' && pid !== victim.pid),
  );
  const { requests } = running.result;
  const failures = running.result.failed.length;
  await until('traffic goes on', () => running.result.requests > requests + 400);
  const result = await running.stop();
  expect((await other.stop()).failed).toEqual([]);
  // What was in flight on it is lost; whoever it was on another instance's noticed nothing.
  for (const address of result.failedOf) expect(expected(address, 2)).toBe('default/2');
  expect(result.failed.length).toBeLessThanOrEqual(clients + 4);
  expect(result.failed.slice(failures), 'after it was replaced').toEqual([]);
  expect(result.misrouted).toEqual([]);
});

it('scales 2 → 4 → 3: nobody fails, and who moves is who had to', async () => {
  const running = await load('http', 'web.example.com', 'web');
  await until('traffic', () => running.result.requests > 200);
  for (const count of [4, 3]) {
    const scaled = await sluice.verb('shards', 'scale', 'default', String(count));
    expect(scaled, scaled.output).toMatchObject({ code: 0 });
    await until(`${count} serve and carry all`, async () => {
      const seen = await carriers();
      return (
        seen.size >= clients &&
        [...seen].every(([address, by]) => by.size === 1 && by.has(expected(address, count)))
      );
    });
    expect((await serving()).filter(({ name }) => name.startsWith('default/')).length).toBe(count);
  }
  const result = await running.stop();
  expect(result.failed).toEqual([]);
  expect(result.misrouted).toEqual([]);
  expect(postsSeen(place.path('posts')).twice).toEqual([]);
  expect(await sluice.json('show', 'drift')).toMatchObject({
    drift: [{ shard: 'default', field: 'instances', configured: '2', running: '3' }],
  });
});

it('reloads 20 times and renews every instance: nobody fails', async () => {
  const running = await load('http', 'web.example.com', 'web');
  await until('traffic', () => running.result.requests > 200);
  const processes = async () => (await serving()).map(({ name, pid }) => `${name} ${pid}`);
  const before = await processes();
  for (let turn = 0; turn < 20; turn += 1) {
    const done = await sluice.verb('reload');
    expect(done, done.output).toMatchObject({ code: 0 });
  }
  expect(await processes()).toEqual(before);
  const renewed = await sluice.verb('shards', 'renew', 'default');
  expect(renewed, renewed.output).toMatchObject({ code: 0 });
  await until('only new ones serve the shard', async () =>
    (await processes()).every((each) => !each.startsWith('default/') || !before.includes(each)),
  );
  const { requests } = running.result;
  await until('traffic goes on', () => running.result.requests > requests + 300);
  const result = await running.stop();
  expect(result.failed).toEqual([]);
  expect(result.misrouted).toEqual([]);
  expect(postsSeen(place.path('posts')).twice).toEqual([]);
});

it('kill -9 of the runtime: nobody fails, and the next one adopts the instances as they are', async () => {
  const running = await load('http', 'web.example.com', 'web');
  await until('traffic', () => running.result.requests > 200);
  expect((await sluice.verb('shards', 'scale', 'default', '3')).code).toBe(0);
  const before = (await serving()).map(({ name, pid }) => `${name} ${pid}`).sort();
  sluice.process.signal('SIGKILL');
  await sluice.process.exited;
  const { requests } = running.result;
  await until('traffic goes on without a runtime', () => running.result.requests > requests + 300);
  const next = await sluice.again();
  try {
    expect((await serving(next)).map(({ name, pid }) => `${name} ${pid}`).sort()).toEqual(before);
    expect(await next.json('show', 'drift')).toMatchObject({
      drift: [{ shard: 'default', field: 'instances', running: '3' }],
    });
    const scaled = await next.verb('shards', 'scale', 'default', '2');
    expect(scaled, scaled.output).toMatchObject({ code: 0 });
    const result = await running.stop();
    expect(result.failed).toEqual([]);
    expect(result.misrouted).toEqual([]);
  } finally {
    await next.process.stop(15_000);
  }
});

it('relabelling moves a route to the other shard, and drops no connection', async () => {
  // Long answers and tunnels begin on the shard that the route leaves, and end there in their own time.
  const { port } = await bindOf(sluice, 'http');
  const targets = [{ host: 'web.example.com', serverPrefix: 'web' }];
  const before = startLoad({
    port,
    targets,
    clients: 30,
    slow: 1,
    posts: 0,
    slowMs: 4_000,
    tunnels: 4,
    tunnelMs: 5_000,
    addressOf,
  });
  await until('all are under way', async () => {
    const { matched } = (await sluice.json('show', 'connections', '--filter', 'phase=wait')) as {
      matched: number;
    };
    return matched >= 30;
  });
  const stopped = before.stop();
  const planned = (await sluice.json('shards', 'plan', '--relabel', 'web:sharded=true')) as {
    routes: { moved: unknown[] };
  };
  expect(planned.routes.moved).toEqual([{ route: 'web', from: ['default'], to: ['sharded'] }]);
  const moved = await sluice.verb('shards', 'relabel', 'web', 'sharded=true');
  expect(moved, moved.output).toMatchObject({ code: 0 });
  const { failed, requests, tunnels } = await stopped;
  expect(failed).toEqual([]);
  expect([requests, tunnels]).toEqual([30, 4]);

  const after = await load('sharded', 'web.example.com', 'web');
  await until('traffic on the other shard', () => after.result.requests > 200);
  const result = await after.stop();
  expect(result.failed).toEqual([]);
  expect(result.misrouted).toEqual([]);
  expect((await sluice.verb('undo')).code).toBe(0);
});
