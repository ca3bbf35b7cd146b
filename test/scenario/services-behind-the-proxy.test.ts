// Proxy → nftables → container, in the real kernel: connections to a service's address are spread over its endpoints, drained and
// added under load without a request lost, and told where they went.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askFrom, oneRequest, startContainers } from '../support/containers.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { type Started, until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const support = (name: string) => new URL(`../support/${name}`, import.meta.url).pathname;

const servicePort = 80;
const containerPort = 8_080;

let star: Star;
let sluice: RunningSluice | undefined;

interface Told {
  readonly requests: number;
  readonly failed: readonly string[];
  readonly byName: Readonly<Record<string, number>>;
}
interface EndpointRow {
  readonly endpoint: string;
  readonly address: string;
  readonly admin: string;
  readonly inForce: true | { readonly no: string; readonly remedy?: string };
}

const endpoint = (index: number): string => `${star.addresses.containers[index]}:${containerPort}`;

interface Wished {
  readonly endpoints?: readonly string[];
  readonly pick?: string;
  readonly idle?: number;
}

const configuration = ({ endpoints, pick = 'random', idle = 100 }: Wished = {}): string => `
runtime: { name: services, grace: 1s, stateFile: state.json, control: { listen: "CONTROL" } }
shards:
  - name: default
    binds: [{ name: web, listen: "${star.addresses.proxy}:8000", mode: http, defaultBackend: web }]
backends:
  - name: web
    maxIdleConnections: ${idle}
    servers:
      - name: app1
        service:
          address: 10.96.0.10:${servicePort}
          pick: ${pick}
          endpoints: [${(endpoints ?? [0, 1, 2].map((index) => `"${endpoint(index)}"`)).join(', ')}]
`;

async function startWith(wished?: Wished): Promise<RunningSluice> {
  sluice = await startSluice({ yaml: configuration(wished), under: star.proxy.prefix });
  return sluice;
}

async function rows(): Promise<readonly EndpointRow[]> {
  return ((await sluice!.json('show', 'endpoints')) as { endpoints: readonly EndpointRow[] }).endpoints;
}

/** Clients that keep their connections, until they are stopped. */
async function load(clients: number) {
  const started: Started = await star.clients.start(
    process.execPath,
    [support('http-load.ts'), star.addresses.proxy, '8000', String(clients)],
    { stdin: 'pipe' },
  );
  let asked = 0;
  const told = async (): Promise<Told> => {
    const place = asked;
    asked += 1;
    started.child.stdin!.write('\n');
    await until('what came of the load', async () => started.stdout().split('\n').length > place + 1, 30_000);
    return JSON.parse(started.stdout().split('\n')[place]!) as Told;
  };
  const more = async (count: number): Promise<Told> => {
    const before = await told();
    let now = before;
    await until(
      `${count} more requests`,
      async () => {
        now = await told();
        return now.requests >= before.requests + count || now.failed.length > 0;
      },
      60_000,
    );
    return now;
  };
  return {
    told,
    more,
    async stop() {
      started.child.stdin!.end();
      await started.exited;
    },
  };
}

/** What a container says of itself, asked past Sluice and its rules. */
function stateOf(index: number): { readonly requests: number; readonly open: number } {
  return askFrom(star.proxy, `http://${endpoint(index)}/state`) as { requests: number; open: number };
}

const routed = (): void => void star.proxy.ask('ip', ['route', 'add', '10.96.0.0/16', 'dev', 'lo']);

describe.skipIf(fault !== undefined)(
  `services behind the proxy${fault === undefined ? '' : ` (${fault})`}`,
  { timeout: 120_000 },
  () => {
    beforeEach(async () => {
      star = await createStar({ label: 'services', containers: 3 });
      await startContainers(star, containerPort);
    });
    afterEach(async () => {
      await sluice?.stop();
      sluice = undefined;
      await star.remove();
    });

    it('spreads connections over the endpoints by weight, within chance, and counts them', async () => {
      routed();
      const weighted = [0, 1, 2].map(
        (index) => `{ address: "${endpoint(index)}", weight: ${index === 2 ? 2 : 1} }`,
      );
      // No connection is kept, so that each request is a new one.
      await startWith({ endpoints: weighted, idle: 0 });
      const clients = await load(4);
      await clients.more(800);
      await clients.stop();
      const states = [0, 1, 2].map((index) => stateOf(index).requests);
      const total = states.reduce((sum, requests) => sum + requests, 0);
      for (const [index, requests] of states.entries()) {
        const share = index === 2 ? 0.5 : 0.25;
        // Seven standard deviations.
        const slack = 7 * Math.sqrt(total * share * (1 - share));
        expect(Math.abs(requests - total * share), `${states} of ${total}`).toBeLessThan(slack);
      }
      const counters = JSON.parse(star.proxy.ask('nft', ['-j', 'list', 'counters'])) as {
        nftables: { counter?: { name: string; packets: number; comment?: string } }[];
      };
      const counted = counters.nftables.flatMap(({ counter }) =>
        counter?.name.startsWith('service_') ? [counter.packets] : [],
      );
      expect(counted).toEqual(states);
    });

    it('picks by hash of where a connection comes from: the same again for the same', async () => {
      routed();
      await startWith({ pick: 'hash' });
      const names = star.proxy.ask(process.execPath, [
        '-e',
        fromPorts,
        '10.96.0.10',
        '80',
        star.addresses.proxy,
      ]);
      const rounds = names.trim().split('\n');
      expect(rounds).toHaveLength(2);
      expect(rounds[0]).toBe(rounds[1]);
      expect(new Set(rounds[0]!.split(' ')).size).toBe(3);
    });

    it('drains an endpoint under load: nothing fails, and no further request reaches it', async () => {
      routed();
      await startWith();
      const clients = await load(8);
      await clients.more(300);
      // Few connections are kept, and chance may leave one of three endpoints without any.
      const busy = [0, 1, 2].find((index) => stateOf(index).requests > 0)!;
      const { code, output } = await sluice!.verb('nft', 'drain', 'web/app1', endpoint(busy), '--yes');
      expect(code, output).toBe(0);
      // Kept connections go with the request under way on them.
      await until('its connections to end', async () => stateOf(busy).open === 0, 20_000);
      const { requests } = stateOf(busy);
      const after = await clients.more(1_000);
      expect(stateOf(busy)).toEqual({ requests, open: 0 });
      expect(after.failed).toEqual([]);
      expect((await rows()).map(({ admin }) => admin)).toEqual(
        [0, 1, 2].map((index) => (index === busy ? 'drain' : 'ready')),
      );

      await sluice!.verb('nft', 'ready', 'web/app1', endpoint(busy));
      const { code: undone } = await sluice!.verb('show', 'drift');
      expect(undone).toBe(0);
      await clients.stop();
      // Those that are kept stay where they are; new ones are spread over all again. Another drain makes all of them new.
      for (let turn = 0; turn < 12 && stateOf(busy).requests === requests; turn += 1) {
        for (const act of ['drain', 'ready'])
          await sluice!.verb('nft', act, 'web/app1', endpoint((busy + 1) % 3), '--yes');
        const others = await load(24);
        await others.more(300);
        expect((await others.told()).failed).toEqual([]);
        await others.stop();
      }
      expect(stateOf(busy).requests).toBeGreaterThan(requests);
    });

    it('refuses connections where every endpoint drains, and answers 503 at once', async () => {
      routed();
      await startWith();
      for (const index of [0, 1, 2])
        expect((await sluice!.verb('nft', 'drain', 'web/app1', endpoint(index), '--yes')).code).toBe(0);
      const status = star.clients.ask(process.execPath, [
        '-e',
        'fetch(process.argv[1]).then((answer) => console.log(answer.status))',
        `http://${star.addresses.proxy}:8000/`,
      ]);
      expect(status.trim()).toBe('503');
    });

    it('an endpoint that a reload adds gets its share at once; one that it removes, nothing; nothing fails', async () => {
      routed();
      // No connection is kept, so that its share is no matter of chance.
      await startWith({ endpoints: [0, 1].map((index) => `"${endpoint(index)}"`), idle: 0 });
      const clients = await load(6);
      await clients.more(200);
      sluice!.write(configuration({ endpoints: [1, 2].map((index) => `"${endpoint(index)}"`), idle: 0 }));
      const { code, output } = await sluice!.verb('reload', '--yes');
      expect(code, output).toBe(0);
      await until('the removed one to be left', async () => stateOf(0).open === 0, 20_000);
      const { requests } = stateOf(0);
      const after = await clients.more(1_000);
      expect(stateOf(0).requests).toBe(requests);
      expect(stateOf(2).requests).toBeGreaterThan(0);
      expect(after.failed).toEqual([]);
      await clients.stop();
    });

    it('tells of a live connection where it really went, and of a trace where it may go', async () => {
      routed();
      const running = await startWith();
      const bind = `${star.addresses.proxy}:8000`;
      const { detail, answeredBy } = await oneRequest(star.clients, running, bind);
      const index = Number(answeredBy.slice(3)) - 1;
      expect(detail.serverAddress).toBe('10.96.0.10:80');
      expect(detail.hop).toEqual({
        to: '10.96.0.10:80',
        endpoint: endpoint(index),
        rule: `inet sluice service_web_app1_${star.addresses.containers[index]}_${containerPort}`,
        text: 'service web/app1 → one of 3 endpoints, at random, by weight',
      });
      await running.verb('nft', 'drain', 'web/app1', endpoint(0), '--yes');
      const trace = (await running.json('trace', `http://${star.addresses.proxy}:8000/`)) as {
        steps: { what: string; chosen?: string; others: { name: string; why: string }[] }[];
        result: string;
        ok: boolean;
      };
      expect(trace.steps.at(-1)).toMatchObject({
        what: 'kernel',
        chosen: `${endpoint(1)} or ${endpoint(2)}`,
        others: [{ name: endpoint(0), why: expect.stringContaining('in drain') }],
      });
      expect(trace.ok).toBe(true);
    });

    it('says that it cannot be reached without a route, which remedy helps, and that it is then', async () => {
      const running = await startWith();
      const [first] = await rows();
      expect(first!.inForce).toMatchObject({ no: expect.stringContaining('no route to 10.96.0.10') });
      expect(running.process.output()).toContain(
        'service web/app1 cannot be reached: this machine has no route',
      );
      const remedy = (first!.inForce as { remedy: string }).remedy;
      const [, words = ''] = /`ip (.*)`/.exec(remedy) ?? [];
      star.proxy.ask('ip', words.split(' '));
      await until('the route to be noticed', async () => (await rows())[0]!.inForce === true, 20_000);
      expect(askFrom(star.clients, `http://${star.addresses.proxy}:8000/`)).toMatchObject({
        name: expect.stringMatching(/^pod/),
      });
    });

    it('a drain outlives a restart; the rules go with a clean exit', async () => {
      routed();
      const running = await startWith();
      await running.verb('nft', 'drain', 'web/app1', endpoint(2), '--yes');
      expect(star.proxy.ask('nft', ['list', 'tables'])).toContain('inet sluice');
      await running.process.stop(15_000);
      expect(star.proxy.ask('nft', ['list', 'tables'])).toBe('');
      sluice = await running.again();
      expect((await rows()).map(({ admin, inForce }) => [admin, inForce])).toEqual([
        ['ready', true],
        ['ready', true],
        ['drain', true],
      ]);
      expect(star.proxy.ask('nft', ['list', 'table', 'inet', 'sluice'])).not.toContain(
        `dnat ip to ${endpoint(2)}`,
      );
    });
  },
);

/** Connects from a row of ports, twice, and prints who answered. */
const fromPorts = `
const { connect } = require('node:net');
const [host, port, localAddress] = process.argv.slice(1);
const ask = (localPort) => new Promise((resolve, reject) => {
  const socket = connect({ host, port: Number(port), localAddress, localPort });
  socket.on('error', reject);
  socket.once('data', (octets) => {
    socket.resetAndDestroy();
    resolve(JSON.parse(String(octets).split('\\r\\n\\r\\n')[1]).name);
  });
  socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nTransfer-Encoding: identity\\r\\n\\r\\n'.replace('Transfer-Encoding: identity\\r\\n', ''));
});
(async () => {
  for (let round = 0; round < 2; round++) {
    const names = [];
    for (let at = 0; at < 40; at++) names.push(await ask(20000 + at));
    console.log(names.join(' '));
    require('node:child_process').spawnSync('conntrack', ['-D', '-p', 'tcp']);
  }
})();
`;
