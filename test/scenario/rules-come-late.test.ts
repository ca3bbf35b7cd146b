// Rules of nftables that come while instances relay: on a machine where nothing tracked connections before, the kernel takes the
// next packet of each of them for the first one of a new connection. None must be sent elsewhere by it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { type Started, until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const support = (name: string) => new URL(`../support/${name}`, import.meta.url).pathname;
const count = 30;

let star: Star;
let clients: Started;
let sluice: RunningSluice | undefined;
let asked = 0;

async function tell(line: string): Promise<Readonly<Record<string, number>>> {
  const place = asked;
  asked += 1;
  clients.child.stdin!.write(`${line}\n`);
  await until(`an answer to ${line}`, () => clients.stdout().split('\n').length > place + 1, 30_000);
  return JSON.parse(clients.stdout().split('\n')[place]!) as Readonly<Record<string, number>>;
}

const configuration = (shard: string, bind: string) => `
runtime: { name: late, grace: 1s, stateFile: state.json, control: { listen: "CONTROL" } }
shards:
  - name: default
    instances: 3
    tableSize: 1009
    steering: ${shard}
    binds: [{ name: db, listen: "${star.addresses.proxy}:5432", mode: tcp, backend: db${bind} }]
backends:
  - name: db
    mode: tcp
    servers: [{ name: pg1, address: "${star.addresses.containers[0]}:5432" }]
`;

async function reload(shard: string, bind: string): Promise<void> {
  sluice!.write(configuration(shard, bind));
  const { code, output } = await sluice!.verb('reload', '--yes');
  expect(code, output).toBe(0);
}

const rules = (): string => star.proxy.ask('nft', ['list', 'ruleset']);

describe.skipIf(fault !== undefined)(
  `rules that come while instances relay${fault === undefined ? '' : ` (${fault})`}`,
  { timeout: 120_000 },
  () => {
    beforeEach(async () => {
      star = await createStar({ label: 'late', containers: 1, clients: count });
      await star.containers[0]!.start(process.execPath, [support('named-server.ts'), 'pod1', '5432'], {
        ready: /ready/,
      });
      clients = await star.clients.start(process.execPath, [support('held-clients.ts')], { stdin: 'pipe' });
      asked = 0;
      sluice = await startSluice({ yaml: configuration('handoff', ''), under: star.proxy.prefix });
      for (const address of star.addresses.clients)
        await tell(`open 1 ${star.addresses.proxy} 5432 ${address}`);
      expect(await tell('ping')).toEqual({ pod1: count });
      // Else this would show nothing.
      expect(rules()).toBe('');
    });
    afterEach(async () => {
      await sluice?.stop();
      sluice = undefined;
      await star.remove();
    });

    it('steering by nft leaves those that were handed over', async () => {
      await reload('nft', '');
      await until('the rules', () => rules().includes('steer_prerouting'));
      expect(await tell('ping')).toEqual({ pod1: count });
    });

    it('path: kernel leaves those that are relayed', async () => {
      await reload('handoff', ', path: kernel');
      await until('the rules', () => rules().includes('dnat ip to'));
      expect(await tell('ping')).toEqual({ pod1: count });
      expect(await tell(`open 1 ${star.addresses.proxy} 5432`)).toEqual({ 'pod1 10.1.0.2': 1 });
      await until('the next one to be sent on by the kernel', async () => {
        const { connections } = (await sluice!.json('show', 'connections')) as {
          connections: { kernel?: boolean }[];
        };
        return connections.filter(({ kernel }) => kernel).length === 1;
      });
    });
  },
);
