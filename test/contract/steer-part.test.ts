// What the kernel makes of the rules: each of thousands of clients has to come to the instance that hand-over gives it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jhash } from '../../src/domain/jhash.ts';
import { createShardSteering } from '../../src/engine/embedded/shard-steering.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import { type SteeredBind, steerPart } from '../../src/nft/table/parts/steer-part.ts';
import { tableChange } from '../../src/nft/table/table-change.ts';
import { contentOf } from '../../src/nft/table/table-content.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { createNetwork, type Namespace, type Network, nftablesFault } from '../support/namespaces.ts';

const fault = nftablesFault('nft');
const program = new URL('../support/steered-listeners.ts', import.meta.url).pathname;
const word = (i: number, seed: number) => jhash([i & 255, i >> 8], seed);
const group = (i: number, seed: number) => (word(i, seed) & 0xffff).toString(16);

/** All over the address space, but where packets go to many, to nobody, or to this machine alone. */
function ipv4(count: number): string[] {
  const found = new Set<string>();
  for (let i = 0; found.size < count; i += 1) {
    const hash = word(i, 4);
    const first = hash & 255;
    if (first === 0 || first === 127 || first >= 224) continue;
    found.add([first, hash >>> 24, (hash >>> 16) & 255, (hash >>> 8) & 255].join('.'));
  }
  return [...found];
}
const loopback = Array.from({ length: 500 }, (_, i) => `127.${i % 7}.${i >> 2}.${(i % 250) + 1}`);
const ipv6 = Array.from({ length: 1_000 }, (_, i) =>
  ['2001', ...[1, 2, 3, 4, 5, 6].map((seed) => group(i, seed)), group(i, 7)].join(':'),
);

let network: Network;
let proxy: Namespace;
beforeEach(() => {
  network = createNetwork('steer');
  proxy = network.namespace('proxy');
  // Every address is local: clients of all of them are on this machine.
  proxy.ask('ip', ['route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo']);
  proxy.ask('ip', ['-6', 'route', 'add', 'local', '::/0', 'dev', 'lo']);
  proxy.sysctl('net.ipv6.ip_nonlocal_bind', 1);
});
afterEach(() => network?.remove());

/** Puts rules in force for a bind with its listeners, and has clients come; answers who accepted them. */
async function steered(
  host: string,
  over: Partial<SteeredBind>,
  absent: readonly number[],
  clients: readonly { readonly to: string; readonly from: readonly string[] }[],
): Promise<Readonly<Record<string, number>>> {
  const instances = over.instances ?? 3;
  const started = await proxy.start(process.execPath, [program, host, String(instances)], {
    stdin: 'pipe',
    ready: /\]\n/,
  });
  const [port, ...ports] = JSON.parse(started.stdout().split('\n')[0]!) as number[];
  const part = steerPart({
    binds: [
      {
        ...{ shard: 's', bind: 'web', host, port: port!, instances, tableSize: 65_537, ipv6Prefix: 64 },
        ...over,
        privatePorts: new Map(
          ports
            .map((each, index) => [index + 1, each] as const)
            .filter(([number]) => !absent.includes(number)),
        ),
      },
    ],
    others: [],
  });
  const commands = tableChange(undefined, contentOf([part], 0), 0);
  await createNft({ command: [...proxy.prefix, 'nft'], clock: systemClock }).transact(commands);
  for (const { to, from } of clients) started.child.stdin!.write(`to ${to}\n${from.join('\n')}\n`);
  started.child.stdin!.end();
  await started.exited;
  const { failed, acceptedBy } = JSON.parse(started.stdout().trim().split('\n').at(-1)!) as {
    failed: number;
    acceptedBy: Record<string, number>;
  };
  expect(failed).toBe(0);
  return acceptedBy;
}

const expected = (
  clients: readonly string[],
  spread: { instances: number; tableSize: number; ipv6Prefix: 64 | 128 },
  absent: readonly number[] = [],
) => {
  const { memberOf, substituteOf } = createShardSteering({ shard: 's', ...spread });
  const away = new Set(absent);
  return clients.map((client) => {
    const member = memberOf(client);
    return [client, away.has(member) ? substituteOf(client, away) : member];
  });
};
const seen = (clients: readonly string[], by: Readonly<Record<string, number>>) =>
  clients.map((client) => [client, by[client]]);

describe.skipIf(fault !== undefined)(
  `clients steered by the kernel meet the instance that hand-over gives them${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    it('10,000 IPv4 addresses, with a wildcard bind', async () => {
      const clients = ipv4(10_000);
      const by = await steered(
        '0.0.0.0',
        {},
        [],
        [
          { to: '203.0.113.9', from: clients },
          { to: '127.0.0.1', from: loopback },
        ],
      );
      const spread = { instances: 3, tableSize: 65_537, ipv6Prefix: 64 } as const;
      expect(seen(clients, by)).toEqual(expected(clients, spread));
      expect(seen(loopback, by)).toEqual(expected(loopback, spread));
    });

    it.each([64, 128] as const)('IPv6 by /%i, and IPv4 on the same socket', async (ipv6Prefix) => {
      const spread = { instances: 3, tableSize: 1_009, ipv6Prefix } as const;
      const clients = ipv4(200);
      const by = await steered(
        '::',
        spread,
        [],
        [
          { to: '2001:db8::9', from: ipv6 },
          { to: '203.0.113.9', from: clients },
        ],
      );
      expect(seen(ipv6, by)).toEqual(expected(ipv6, spread));
      expect(seen(clients, by)).toEqual(expected(clients, spread));
    });

    it('a bind on loopback, and one that is away lends its slots as hand-over does', async () => {
      const spread = { instances: 4, tableSize: 1_009, ipv6Prefix: 128 } as const;
      const by = await steered('127.0.0.1', spread, [3], [{ to: '127.0.0.1', from: loopback }]);
      expect(seen(loopback, by)).toEqual(expected(loopback, spread, [3]));
    });
  },
);
