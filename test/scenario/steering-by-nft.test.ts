// Clients steered to instances by the real kernel while instances are scaled, replaced and killed, the runtime dies and somebody
// else takes the rules away: nobody notices but who was on what was killed.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';
import { type Started, until } from '../support/processes.ts';
import { scratch } from '../support/scratch.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft');
const program = new URL('../support/steered-clients.ts', import.meta.url).pathname;
const tableSize = 4_099;
const port = 8_080;

interface Report {
  readonly done: number;
  readonly failed: readonly string[];
  readonly wrong: readonly string[];
}
interface ShownShard {
  readonly steering: { readonly by: string; readonly why?: string };
}
interface ShownInstance {
  readonly id: string;
  readonly state: string;
  readonly pid: number;
}

let network: Network;
let proxy: Namespace;
let clients: Started;
let sluice: RunningSluice;
let answers = 0;

/** Says a line to the clients; answers what they say to it. */
async function tell<T>(line: string): Promise<T> {
  const place = answers;
  answers += 1;
  clients.child.stdin!.write(`${line}\n`);
  await until(`an answer to ${line}`, async () => clients.stdout().split('\n').length > place + 1, 30_000);
  return JSON.parse(clients.stdout().split('\n')[place]!) as T;
}
const configuration = (origin: number, instances: number, more = '') => `
runtime:
  name: steered
  grace: 1s${more}
shards:
  - name: default
    instances: ${instances}
    steering: nft
    tableSize: ${tableSize}
    binds: [{ name: web, listen: "0.0.0.0:${port}", mode: http, defaultBackend: web, maxConnections: 100 }]
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:${origin}" }]
`;
async function begin(instances: number, more = ''): Promise<void> {
  const origin = await tell<number>('port');
  sluice = await startSluice({ yaml: configuration(origin, instances, more), under: proxy.prefix });
}
async function steering(): Promise<ShownShard['steering']> {
  const { shards } = (await sluice.json('show', 'shards')) as { shards: ShownShard[] };
  return shards[0]!.steering;
}
const steeredBy = (by: string) =>
  until(`clients to be steered by ${by}`, async () => (await steering()).by === by, 30_000);
async function serving(): Promise<readonly ShownInstance[]> {
  const { instances } = (await sluice.json('show', 'instances')) as { instances: ShownInstance[] };
  return instances.filter(({ state }) => state === 'serving');
}
const expected = (address: string, count: number) =>
  `default/${slotTable(count, tableSize)[slotOfClient(address, tableSize, 128)!]}`;
/** By address, of connections that are held. */
async function carriers(): Promise<Readonly<Record<string, string>>> {
  const { connections } = (await sluice.json('show', 'connections', '--limit', '5000')) as {
    connections: { client: string; instance: string; bind: string }[];
  };
  for (const { bind } of connections) expect(bind).toBe('web');
  return Object.fromEntries(
    connections.map(({ client, instance }) => [client.slice(0, client.lastIndexOf(':')), instance]),
  );
}
async function meetTheirs(count: number): Promise<void> {
  const held = await tell<readonly string[]>('hold 60');
  const theirs = Object.fromEntries(held.map((address) => [address, expected(address, count)]));
  await until('the connections', async () => Object.keys(await carriers()).length >= held.length, 10_000);
  expect(await carriers()).toEqual(theirs);
  await tell('drop-held');
  await until('the connections', async () => Object.keys(await carriers()).length === 0, 10_000);
}
/** Slots and ports as the kernel has them. */
const rules = () =>
  proxy.ask('nft', ['-j', 'list', 'chain', 'inet', 'sluice', 'steer_1_ip']).replaceAll(/"handle": \d+/g, '');
const tables = () => proxy.ask('nft', ['list', 'tables']).trim();
/** Lets some more requests be done, and tells of all since the last report. */
async function after(requests = 300): Promise<Report> {
  const sum = { done: 0, failed: [] as string[], wrong: [] as string[] };
  await until(
    'requests',
    async () => {
      const { done, failed, wrong } = await tell<Report>('report');
      sum.done += done;
      sum.failed.push(...failed);
      sum.wrong.push(...wrong);
      return sum.done >= requests;
    },
    30_000,
  );
  return sum;
}
async function nobodyFailed(): Promise<void> {
  const { failed, wrong } = await after();
  expect({ failed, wrong }).toEqual({ failed: [], wrong: [] });
}

/** In the namespace: connections that are asked on and held; how many were answered, and how many closed. */
const openedAtOnce = `
const { connect } = require('node:net');
const [port, count] = process.argv.slice(1).map(Number);
let answered = 0, closed = 0;
const told = () => {
  if (answered + closed < count) return;
  console.log(JSON.stringify({ answered, closed }));
  process.exit(0);
};
const next = (left) => {
  if (left === 0) return;
  const socket = connect(port, '127.0.0.1');
  let over = false;
  const end = (isAnswered) => {
    if (over) return;
    over = true;
    if (isAnswered) answered += 1; else closed += 1;
    told();
    next(left - 1);
  };
  socket.on('data', () => end(true)).on('error', () => {}).on('close', () => end(false));
  socket.write('GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n');
};
next(count);
`;

describe.skipIf(fault !== undefined)(
  `steering: nft, under load${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    beforeEach(async () => {
      network = createNetwork('steering');
      proxy = network.namespace('proxy');
      answers = 0;
      clients = await proxy.start(process.execPath, [program, '24', String(port)], { stdin: 'pipe' });
    });
    afterEach(async () => {
      await sluice?.stop();
      await network?.remove();
    });

    it('2 → 4 → 3 → 1 → 2, and a renewal: nobody fails, each meets its own', async () => {
      await begin(2);
      await steeredBy('nft');
      await meetTheirs(2);
      await tell('start');
      for (const count of [4, 3]) {
        await sluice.verb('shards', 'scale', 'default', String(count));
        await nobodyFailed();
        await steeredBy('nft');
      }
      await sluice.verb('shards', 'renew', 'default');
      await nobodyFailed();
      await sluice.verb('shards', 'scale', 'default', '1');
      await nobodyFailed();
      expect((await steering()).by).toBe('direct');
      await sluice.verb('shards', 'scale', 'default', '2');
      await steeredBy('nft');
      await nobodyFailed();
    });

    it('one is killed: who was on it fails, and nobody else; later nobody', async () => {
      await begin(3);
      await steeredBy('nft');
      await tell('start');
      await nobodyFailed();
      const victim = (await serving()).find(({ id }) => id === 'default/2')!;
      process.kill(victim.pid, 'SIGKILL');
      await until('the successor', async () =>
        (await serving()).some(({ id, pid }) => id === 'default/2' && pid !== victim.pid),
      );
      const { failed } = await after(500);
      for (const line of failed) expect(expected(line.split(' ')[0]!, 3)).toBe('default/2');
      await nobodyFailed();
    });

    it('the runtime dies: rules and instances stay, the next one adopts them', async () => {
      await begin(2);
      await steeredBy('nft');
      await tell('start');
      await nobodyFailed();
      const before = rules();
      sluice.process.signal('SIGKILL');
      await sluice.process.exited;
      await nobodyFailed();
      expect(rules() === before).toBe(true);
      sluice = await sluice.again();
      await steeredBy('nft');
      await nobodyFailed();
      expect(rules() === before).toBe(true);
    });

    it('somebody else takes the table away: clients are handed over, and steered again; who is connected stays', async () => {
      // Without any other NAT the kernel would stop translating altogether.
      proxy.rules(
        'table ip theirs { chain post { type nat hook postrouting priority 100; ip daddr 192.0.2.1 masquerade; }; }',
      );
      await begin(2);
      await steeredBy('nft');
      const held = await tell<readonly string[]>('hold 20');
      await tell('start');
      await nobodyFailed();
      proxy.ask('nft', ['delete', 'table', 'inet', 'sluice']);
      await nobodyFailed();
      expect(await tell('ask-held')).toBe(held.length);
      await until('the table', async () => tables().includes('sluice'), 40_000);
      await nobodyFailed();
      expect(await tell('ask-held')).toBe(held.length);
    });

    it('the whole ruleset is flushed: what the kernel translated is reset, everybody else is handed over', async () => {
      await begin(2);
      await steeredBy('nft');
      await tell('start');
      await nobodyFailed();
      proxy.ask('nft', ['flush', 'ruleset']);
      const { failed } = await after(500);
      expect(failed.length).toBeLessThanOrEqual(24);
      await nobodyFailed();
      await until('the table', async () => tables().includes('sluice'), 40_000);
      await nobodyFailed();
    });

    it("connections that came by a private port are the bind's: its limit, its log, its figures", async () => {
      const log = scratch();
      try {
        await begin(2, `\n  accessLog: { path: "${log.path('access.log')}", format: haproxy }`);
        await steeredBy('nft');
        // All of one client, so of one instance; the limit is each instance's.
        const { stdout } = await proxy.run(process.execPath, ['-e', openedAtOnce, String(port), '101']);
        expect(JSON.parse(stdout)).toEqual({ answered: 100, closed: 1 });
        const { binds } = (await sluice.json('show', 'binds')) as {
          binds: { name: string; address: string }[];
        };
        expect(binds.map(({ name, address }) => [name, address])).toEqual([['web', `0.0.0.0:${port}`]]);
        const lines = await until('the log', () => {
          const all = readFileSync(log.path('access.log'), 'utf8').trim().split('\n');
          return all.length >= 100 ? all : undefined;
        });
        for (const line of lines) expect(line).toMatch(/127\.0\.0\.1:\d+ \[.*\] web /);
      } finally {
        log.remove();
      }
    });

    it('its end takes the rules away; private ports are for nobody else', async () => {
      await begin(2);
      await steeredBy('nft');
      const guarded = proxy.ask('nft', ['-j', 'list', 'chain', 'inet', 'sluice', 'steer_output']);
      const ports = [...guarded.matchAll(/\b[3-6]\d{4}\b/g)].map(([text]) => text);
      expect(ports.length).toBeGreaterThanOrEqual(2);
      const direct = await proxy.run('sh', [
        '-c',
        `exec timeout 2 bash -c '</dev/tcp/127.0.0.1/${ports[0]}'`,
      ]);
      expect(direct.code).not.toBe(0);
      sluice.process.signal('SIGTERM');
      await sluice.process.exited;
      expect(tables()).toBe('');
    });
  },
);
