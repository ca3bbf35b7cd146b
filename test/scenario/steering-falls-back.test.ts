// `steering: nft` where it cannot be: clients are handed over, and the shard says why and what would help.
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createNetwork, type Network, nftablesFault } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

/** A user's own network: root there, and nobody to the machine. */
const unprivileged = ['unshare', '-Urn', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];
const rootFault = nftablesFault('nft');
const fault =
  spawnSync('unshare', ['-Urn', 'nft', 'list', 'tables']).status === 0
    ? undefined
    : 'no unprivileged namespaces with nftables';

const configuration = (tableSize: number) => `
runtime:
  name: steered
shards:
  - name: default
    instances: 2
    steering: nft
    tableSize: ${tableSize}
    binds: [{ name: web, listen: "127.0.0.1:8080", mode: http, defaultBackend: web }]
backends:
  - name: web
    servers: [{ name: app1, address: "127.0.0.1:1" }]
`;

let sluice: RunningSluice | undefined;
afterEach(async () => {
  await sluice?.stop();
  sluice = undefined;
});

/** Once it is known. */
async function steering(): Promise<{ readonly by: string; readonly why?: string }> {
  return until('steering to be decided', async () => {
    const { shards } = (await sluice!.json('show', 'shards')) as {
      shards: { steering: { by: string; why?: string } }[];
    };
    const { steering } = shards[0]!;
    return steering.why?.includes('not set yet') === true ? undefined : steering;
  });
}

describe.skipIf(rootFault !== undefined)(
  `without privilege${rootFault === undefined ? '' : ` (${rootFault})`}`,
  () => {
    let network: Network | undefined;
    afterAll(() => network?.remove());

    it('what is missing, and how to grant it', async () => {
      // Root without the one capability, and never in the machine's own network.
      network = createNetwork('fallback');
      const under = [...network.namespace('proxy').prefix, 'setpriv', '--bounding-set', '-net_admin'];
      sluice = await startSluice({ yaml: configuration(1_009), under });
      const { by, why } = await steering();
      expect(by).toBe('handoff');
      expect(why).toMatch(/not permitted.*CAP_NET_ADMIN/i);
    });
  },
);

describe.skipIf(fault !== undefined)(
  `in a namespace of a user's own${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    it('a small table is steered by', async () => {
      sluice = await startSluice({ yaml: configuration(1_009), under: unprivileged });
      expect(await steering()).toMatchObject({ by: 'nft' });
    });

    it('one that is more than the kernel takes from a user is handed over by, and says so', async () => {
      sluice = await startSluice({ yaml: configuration(655_373), under: unprivileged });
      const { by, why } = await steering();
      expect(by).toBe('handoff');
      expect(why).toMatch(/too long.*smaller tableSize/i);
    });
  },
);
