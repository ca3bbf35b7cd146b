// Binds with `path: kernel` in the real kernel: who is sent where, that connections outlive whatever happens beside them, and
// what is told of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BindPathEntity } from '../../src/domain/kernel.ts';
import { createStar, type Namespace, nftablesFault, type Star } from '../support/namespaces.ts';
import { type Started, until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const support = (name: string) => new URL(`../support/${name}`, import.meta.url).pathname;
const port = 5432;

let star: Star;
let sluice: RunningSluice | undefined;
const servers: Started[] = [];

type Counts = Readonly<Record<string, number>>;
interface Clients {
  open(count: number, host?: string, to?: number, from?: string): Promise<Counts>;
  ping(): Promise<Counts>;
  state(): Promise<Counts>;
  close(): Promise<Counts>;
}

async function clientsIn(namespace: Namespace): Promise<Clients> {
  const started = await namespace.start(process.execPath, [support('held-clients.ts')], { stdin: 'pipe' });
  let asked = 0;
  const ask = async (line: string): Promise<Counts> => {
    const place = asked;
    asked += 1;
    started.child.stdin!.write(`${line}\n`);
    await until(`an answer to ${line}`, () => started.stdout().split('\n').length > place + 1, 30_000);
    return JSON.parse(started.stdout().split('\n')[place]!) as Counts;
  };
  return {
    open: (count, host = star.addresses.proxy, to = port, from) =>
      ask(`open ${count} ${host} ${to}${from === undefined ? '' : ` ${from}`}`),
    ping: () => ask('ping'),
    state: () => ask('state'),
    close: () => ask('close'),
  };
}

interface Wished {
  readonly bind?: string;
  readonly listen?: string;
  readonly balance?: string;
  readonly runtime?: string;
  readonly shard?: string;
  readonly weights?: readonly number[];
  readonly addresses?: readonly string[];
  readonly more?: string;
}

const configuration = (wished: Wished = {}): string => {
  const addresses = wished.addresses ?? star.addresses.containers;
  const list = addresses.map(
    (address, index) =>
      `{ name: pg${index + 1}, address: "${address.includes(':') ? `[${address}]` : address}:${port}", weight: ${wished.weights?.[index] ?? 100} }`,
  );
  const listen = wished.listen ?? `${star.addresses.proxy}:${port}`;
  return `
runtime: { name: paths, grace: 1s, stateFile: state.json, control: { listen: "CONTROL" }${wished.runtime ?? ''} }
shards:
  - name: default${wished.shard ?? ''}
    binds:
      - { name: db, listen: "${listen}", mode: tcp, backend: db, path: kernel${wished.bind ?? ''} }${wished.more ?? ''}
backends:
  - name: db
    mode: tcp
    balance: { algorithm: ${wished.balance ?? 'roundrobin'} }
    check: { tcp: {}, interval: 200ms, fall: 2, rise: 1 }
    servers: [${list.join(', ')}]
`;
};

async function startWith(wished?: Wished): Promise<RunningSluice> {
  sluice = await startSluice({ yaml: configuration(wished), under: star.proxy.prefix });
  return sluice;
}

async function reload(wished?: Wished): Promise<void> {
  sluice!.write(configuration(wished));
  const { code, output } = await sluice!.verb('reload', '--yes');
  expect(code, output).toBe(0);
}

interface Row {
  readonly id: string;
  readonly server?: string;
  readonly client: string;
  readonly kernel?: boolean;
  readonly bytesIn: number;
  readonly uncounted?: boolean;
}

async function pathOf(bind = 'db'): Promise<BindPathEntity | undefined> {
  const { binds } = (await sluice!.json('show', 'binds')) as {
    binds: readonly { name: string; path?: BindPathEntity }[];
  };
  return binds.find(({ name }) => name === bind)?.path;
}

async function rows(): Promise<readonly Row[]> {
  const words = ['show', 'connections', '--limit', '1000'];
  return ((await sluice!.json(...words)) as { connections: readonly Row[] }).connections;
}

const rules = (): string => star.proxy.ask('nft', ['list', 'ruleset']);
const sum = (counts: Counts): number => Object.values(counts).reduce((all, count) => all + count, 0);
const seen = (count: number): Promise<unknown> =>
  until(`${count} connections to be seen`, async () => (await rows()).length === count);

async function verb(...words: readonly string[]): Promise<void> {
  const { code, output } = await sluice!.verb(...words);
  expect(code, output).toBe(0);
}

interface ServerRow {
  readonly key: string;
  readonly operational: string;
  readonly traffic: object | null;
  readonly drain: { readonly phase: string; readonly progress: { readonly killed: number } } | null;
}
async function server(key: string): Promise<ServerRow> {
  const { servers: all } = (await sluice!.json('show', 'servers')) as { servers: readonly ServerRow[] };
  return all.find((each) => each.key === key)!;
}

async function startServer(index: number, on = port): Promise<Started> {
  const started = await star.containers[index]!.start(
    process.execPath,
    [support('named-server.ts'), `pod${index + 1}`, `${on}`],
    { ready: /ready/ },
  );
  servers.push(started);
  return started;
}

describe.skipIf(fault !== undefined)(
  `path: kernel${fault === undefined ? '' : ` (${fault})`}`,
  { timeout: 120_000 },
  () => {
    let clients: Clients;
    beforeEach(async () => {
      star = await createStar({ label: 'paths', containers: 3, clients: 24 });
      servers.length = 0;
      for (const index of [0, 1, 2]) await startServer(index);
      clients = await clientsIn(star.clients);
    });
    afterEach(async () => {
      await sluice?.stop();
      sluice = undefined;
      await star.remove();
    });

    it('roundrobin spreads clients in turn by weight, who are seen as they are', async () => {
      await startWith({ weights: [100, 100, 200] });
      expect(await pathOf()).toEqual({ by: 'kernel' });
      expect(await clients.open(8)).toEqual({ 'pod1 10.1.0.2': 2, 'pod2 10.1.0.2': 2, 'pod3 10.1.0.2': 4 });
      await until('the connections to be listed', async () => (await rows()).length === 8);
      expect((await rows()).every(({ kernel }) => kernel)).toBe(true);
      const trace = (await sluice!.json('trace', `tcp://${star.addresses.proxy}:${port}`)) as {
        steps: { what: string; candidates?: { share: number }[] }[];
        result: string;
      };
      expect(trace.result).toBe('kernel → db → pg1 or pg2 or pg3');
      expect(trace.steps.at(-1)).toMatchObject({
        what: 'kernel',
        candidates: [{ share: 0.25 }, {}, { share: 0.5 }],
      });
      expect((await sluice!.verb('show', 'binds')).stdout).toContain('⇢ kernel');
    });

    it('does not pretend that nothing flows where the kernel counts no bytes', async () => {
      star.proxy.sysctl('net.netfilter.nf_conntrack_acct', 0);
      await startWith();
      await clients.open(3);
      await clients.ping();
      await seen(3);
      expect((await rows()).every(({ uncounted }) => uncounted)).toBe(true);
      expect(await totals()).toBe(3);
    });

    it('drains a server under live connections: none breaks, none comes, and it is drained when they end', async () => {
      await startWith();
      const others = await clientsIn(star.clients);
      await others.open(3);
      await clients.open(27);
      await seen(30);
      await verb('drain', 'db/pg1', '--yes');
      const later = await clientsIn(star.clients);
      expect(await later.open(20)).toEqual({ 'pod2 10.1.0.2': 10, 'pod3 10.1.0.2': 10 });
      expect(await clients.ping()).toEqual({ pod1: 9, pod2: 9, pod3: 9 });
      expect(await others.ping()).toEqual({ pod1: 1, pod2: 1, pod3: 1 });
      expect((await server('db/pg1')).drain?.phase).toBe('draining');
      for (const each of [clients, others]) await each.close();
      await until(
        'it to be drained',
        async () => (await server('db/pg1')).drain?.phase === 'drained',
        30_000,
      );
      expect(await later.ping()).toEqual({ pod2: 10, pod3: 10 });
      await verb('ready', 'db/pg1');
      expect((await later.open(3))['pod1 10.1.0.2']).toBe(1);
    });

    it('counts each connection, however short, and its bytes', async () => {
      await startWith();
      await clients.open(50);
      await clients.close();
      await until('them to be counted', async () => (await server('db/pg1')).traffic !== null);
      expect(await totals()).toBe(50);
      await clients.open(5);
      await clients.ping();
      await until('bytes to be seen', async () => (await rows()).some(({ bytesIn }) => bytesIn > 200));
    });

    it('takes a new weight at once', async () => {
      await startWith({ balance: 'random' });
      await verb('weight', 'db/pg1', '0', '--yes');
      await verb('weight', 'db/pg2', '200', '--yes');
      const counts = await clients.open(300);
      expect(counts['pod1 10.1.0.2']).toBeUndefined();
      expect(sum(counts)).toBe(300);
      // Two of three; ten standard deviations to either side.
      expect(counts['pod2 10.1.0.2']).toBeGreaterThan(120);
      expect(counts['pod2 10.1.0.2']).toBeLessThan(280);
    });

    it('sends nobody to a server whose check fails, and somebody again once it answers', async () => {
      await startWith();
      await servers[0]!.stop();
      await until('it to be down', async () => (await server('db/pg1')).operational === 'down');
      expect(await clients.open(10)).toEqual({ 'pod2 10.1.0.2': 5, 'pod3 10.1.0.2': 5 });
      await startServer(0);
      await until('it to be up', async () => (await server('db/pg1')).operational === 'up');
      expect((await clients.open(3))['pod1 10.1.0.2']).toBe(1);
      expect(await clients.ping()).toEqual({ pod1: 1, pod2: 6, pod3: 6 });
    });

    it('refuses at once where no server takes clients, and lets those go on that are there', async () => {
      await startWith();
      await clients.open(3);
      for (const name of ['pg1', 'pg2', 'pg3']) await verb('drain', `db/${name}`, '--yes');
      const others = await clientsIn(star.clients);
      expect(await others.open(4)).toEqual({ ECONNREFUSED: 4 });
      expect(await clients.ping()).toEqual({ pod1: 1, pod2: 1, pod3: 1 });
    });

    it('source: a client comes to the same server again', async () => {
      await startWith({ balance: 'source' });
      const first: string[] = [];
      for (const from of star.addresses.clients.slice(0, 24)) {
        const counts = await clients.open(3, undefined, undefined, from);
        expect(sum(counts)).toBe(3);
        expect(Object.keys(counts)).toHaveLength(1);
        first.push(Object.keys(counts)[0]!.split(' ')[0]!);
      }
      expect(new Set(first).size).toBe(3);
    });

    it('masquerade: servers see the address of the proxy', async () => {
      await startWith({ bind: ', masquerade: true' });
      expect(await clients.open(3)).toEqual({ 'pod1 10.2.1.1': 1, 'pod2 10.2.2.1': 1, 'pod3 10.2.3.1': 1 });
      await reload({ bind: ', masquerade: true', listen: `0.0.0.0:${port}` });
      expect(await clients.ping()).toEqual({ pod1: 1, pod2: 1, pod3: 1 });
      expect(Object.keys(await clients.open(3)).sort()).toEqual([
        'pod1 10.2.1.1',
        'pod2 10.2.2.1',
        'pod3 10.2.3.1',
      ]);
    });

    it('takes clients on the machine itself, too; those from loopback are relayed', async () => {
      await startWith({ listen: `0.0.0.0:${port}` });
      const local = await clientsIn(star.proxy);
      expect(sum(await local.open(6))).toBe(6);
      await seen(6);
      expect((await rows()).every(({ kernel }) => kernel)).toBe(true);
      expect(sum(await local.open(1, '127.0.0.1'))).toBe(1);
      await seen(7);
      expect((await rows()).filter(({ kernel }) => kernel)).toHaveLength(6);
      expect(sum(await local.ping())).toBe(7);
    });

    it('IPv6, on an address and on all of them', async () => {
      const addresses = star.addresses.containers6;
      await startWith({ listen: `[${star.addresses.proxy6}]:${port}`, addresses });
      const { proxy6 } = star.addresses;
      const from = star.addresses.clients6[0]!;
      expect(await clients.open(3, proxy6, port, from)).toEqual({
        [`pod1 ${from}`]: 1,
        [`pod2 ${from}`]: 1,
        [`pod3 ${from}`]: 1,
      });
      await seen(3);
      await reload({ listen: `[::]:${port}`, addresses, bind: ', masquerade: true' });
      expect(sum(await clients.open(3, proxy6))).toBe(3);
      expect(await clients.ping()).toEqual({ pod1: 2, pod2: 2, pod3: 2 });
    });

    it('port 0: the port that was found', async () => {
      await startWith({ listen: `${star.addresses.proxy}:0` });
      const { binds } = (await sluice!.json('show', 'binds')) as { binds: readonly { address: string }[] };
      const found = Number(binds[0]!.address.split(':')[1]);
      expect(sum(await clients.open(6, undefined, found))).toBe(6);
      await seen(6);
      expect((await rows()).every(({ kernel }) => kernel)).toBe(true);
    });

    it('goes on when the runtime is killed, and the next one adopts connections and counts', async () => {
      const first = await startWith();
      await clients.open(9);
      await seen(9);
      first.process.signal('SIGKILL');
      await first.process.exited;
      expect(sum(await clients.open(6))).toBe(6);
      expect(await clients.ping()).toEqual({ pod1: 5, pod2: 5, pod3: 5 });
      sluice = await first.again();
      expect(await pathOf()).toEqual({ by: 'kernel' });
      await seen(15);
      expect(await totals()).toBe(15);
      expect(await clients.ping()).toEqual({ pod1: 5, pod2: 5, pod3: 5 });
    });

    it('relays where the machine does not forward, says why, and goes back to the kernel with a reload', async () => {
      star.proxy.sysctl('net.ipv4.ip_forward', 0);
      await startWith();
      expect(await pathOf()).toEqual({ by: 'relay', why: expect.stringContaining('net.ipv4.ip_forward=1') });
      expect(sum(await clients.open(3))).toBe(3);
      await seen(3);
      expect((await rows()).some(({ kernel }) => kernel)).toBe(false);
      star.proxy.sysctl('net.ipv4.ip_forward', 1);
      await verb('reload', '--yes');
      expect(await pathOf()).toEqual({ by: 'kernel' });
      expect(sum(await clients.open(3))).toBe(3);
      await until(
        'those of the kernel',
        async () => (await rows()).filter(({ kernel }) => kernel).length === 3,
      );
      expect(sum(await clients.ping())).toBe(6);
      expect(await clients.state()).not.toHaveProperty('closed');
    });

    it('fallback none: nobody listens; refused while it is impossible, and says so', async () => {
      star.proxy.sysctl('net.ipv4.ip_forward', 0);
      await startWith({ bind: ', fallback: none' });
      expect(await pathOf()).toEqual({ by: 'none', why: expect.stringContaining('net.ipv4.ip_forward=1') });
      expect(await clients.open(2)).toEqual({ ECONNREFUSED: 2 });
      star.proxy.sysctl('net.ipv4.ip_forward', 1);
      await verb('reload', '--yes');
      expect(await pathOf()).toEqual({ by: 'kernel' });
      expect(sum(await clients.open(3))).toBe(3);
      expect(star.proxy.ask('ss', ['-Hltn', `sport = :${port}`])).toBe('');
      await seen(3);
    });

    it('ends one connection: its client is told with its next packet, and so is its server', async () => {
      await startWith();
      const [one, other] = [await clientsIn(star.clients), await clientsIn(star.clients)];
      await one.open(1);
      await seen(1);
      await other.open(2);
      await seen(3);
      const victim = (await rows()).find(({ server: each }) => each === 'db/pg1')!;
      await verb('kill', victim.id);
      expect((await rows()).map(({ server: each }) => each).sort()).toEqual(['db/pg2', 'db/pg3']);
      expect(await one.ping()).toEqual({ ECONNRESET: 1 });
      expect(await other.ping()).toEqual({ pod2: 1, pod3: 1 });
      expect((await sluice!.verb('kill', victim.id)).code).not.toBe(0);
      // The very same port may come again.
      expect(sum(await one.open(1))).toBe(1);
    });

    it('drain --then kill ends those that are left', async () => {
      await startWith();
      await clients.open(12);
      await seen(12);
      await verb('drain', 'db/pg2', '--deadline', '1s', '--then', 'kill', '--kill-rate', '1000', '--yes');
      await until(
        'it to be drained',
        async () => (await server('db/pg2')).drain?.phase === 'drained',
        30_000,
      );
      expect((await server('db/pg2')).drain?.progress.killed).toBe(4);
      expect(await clients.ping()).toEqual({ ECONNRESET: 4, pod1: 4, pod3: 4 });
    });

    it('connections of a bind that a reload removes go on, and are seen', async () => {
      const other = `\n      - { name: other, listen: "${star.addresses.proxy}:6000", mode: tcp, backend: db }`;
      await startWith({ more: other });
      await clients.open(3);
      await seen(3);
      sluice!.write(configuration({ more: other }).replace(/\n.*name: db, listen.*/, ''));
      await verb('reload', '--yes');
      expect(await clients.ping()).toEqual({ pod1: 1, pod2: 1, pod3: 1 });
      expect(await rows()).toHaveLength(3);
      const late = await clientsIn(star.clients);
      expect(await late.open(1)).toEqual({ ECONNREFUSED: 1 });
      expect(sum(await late.open(3, undefined, 6000))).toBe(3);
    });

    it('a clean exit takes the rules along, having given connections their time', async () => {
      const running = await startWith();
      await clients.open(3);
      await seen(3);
      expect(await running.process.stop(15_000)).toBe(0);
      expect(rules()).toBe('');
      // Without any rule the kernel translates nothing.
      expect(await clients.ping()).toEqual({ ECONNRESET: 3 });
    });

    it('atExit stay: it all goes on', async () => {
      const running = await startWith({ runtime: ', nft: { atExit: stay }' });
      await clients.open(3);
      await seen(3);
      expect(await running.process.stop(15_000)).toBe(0);
      expect(await clients.ping()).toEqual({ pod1: 1, pod2: 1, pod3: 1 });
      expect(sum(await clients.open(3))).toBe(3);
      star.proxy.rules('flush ruleset\n');
    });

    it('SIGUSR2: the runtime leaves, and all goes on', async () => {
      const running = await startWith();
      await clients.open(3);
      running.process.signal('SIGUSR2');
      await running.process.exited;
      expect(sum(await clients.open(3))).toBe(3);
      expect(await clients.ping()).toEqual({ pod1: 2, pod2: 2, pod3: 2 });
      sluice = await running.again();
      await seen(6);
    });

    it('beside steering by nft: its binds take the kernel’s path, others are steered', async () => {
      await startWith({
        shard: '\n    instances: 2\n    steering: nft',
        more: `\n      - { name: plain, listen: "${star.addresses.proxy}:6000", mode: tcp, backend: db }`,
      });
      expect(sum(await clients.open(4))).toBe(4);
      expect(sum(await clients.open(4, undefined, 6000))).toBe(4);
      await seen(8);
      expect((await rows()).filter(({ kernel }) => kernel)).toHaveLength(4);
      expect(rules()).toContain('chain steer_prerouting');
      expect(sum(await clients.ping())).toBe(8);
    });
  },
);

async function totals(): Promise<number> {
  const counters = JSON.parse(
    star.proxy.ask('nft', ['-j', 'list', 'counters', 'table', 'inet', 'sluice']),
  ) as {
    nftables: { counter?: { name: string; packets: number } }[];
  };
  return counters.nftables
    .flatMap(({ counter }) => (counter?.name.startsWith('path_') ? [counter.packets] : []))
    .reduce((all, packets) => all + packets, 0);
}
