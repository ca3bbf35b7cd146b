// What the proxy counted beside what the kernel counted, and the ruleset as a table: with the program as an operator starts it.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compared, RulesetRow } from '../../src/domain/kernel.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const fault = nftablesFault('nft', 'conntrack');
const peer = (name: string) => join(import.meta.dirname, '../support', name);

const yaml = `
runtime:
  name: here
  nft: { counters: true }
  grace: 1s
shards:
  - name: default
    binds:
      - { name: db, listen: "10.1.0.1:5432", mode: tcp, backend: db }
      - { name: any, listen: "0.0.0.0:5433", mode: tcp, backend: same }
  - name: many
    instances: 2
    steering: nft
    binds:
      - { name: spread, listen: "10.1.0.1:5434", mode: tcp, backend: db }
backends:
  - name: db
    mode: tcp
    servers:
      - name: app1
        service:
          address: 10.96.0.10:80
          endpoints: ["10.2.1.2:8080", "10.2.2.2:8080"]
  - name: same
    mode: tcp
    servers: [{ name: pod1, address: "10.2.1.2:8080" }]
`;

describe.skipIf(fault !== undefined)(`what both counted${fault === undefined ? '' : ` (${fault})`}`, () => {
  let star: Star;
  let sluice: RunningSluice;
  beforeAll(async () => {
    star = await createStar({ label: 'both', containers: 2 });
    star.proxy.ask('ip', ['route', 'add', '10.96.0.0/16', 'dev', 'clients']);
    for (const [index, container] of star.containers.entries())
      await container.start(process.execPath, [peer('named-server.ts'), `pod${index + 1}`, '8080'], {
        ready: /ready/,
      });
    sluice = await startSluice({ yaml, under: star.proxy.prefix });
  }, 60_000);
  afterAll(async () => {
    await sluice?.stop();
    await star?.remove();
  });

  const ask = (port: number, times: number) =>
    star.clients.ask(process.execPath, [peer('named-client.ts')], `- 10.1.0.1 ${port}\n`.repeat(times));
  const compared = async (): Promise<readonly Compared[]> =>
    ((await sluice.json('show', 'compared')) as { compared: Compared[] }).compared;

  it('is the same number of connections for binds, shards, instances and servers', async () => {
    await until('counters', () => star.proxy.ask('nft', ['list', 'ruleset']).includes('count_bind_spread'));
    await until('private ports', () => /count_instance/.test(star.proxy.ask('nft', ['list', 'ruleset'])));
    await until('a common beginning', async () => (await compared()).some(({ kernel }) => kernel !== null));
    ask(5432, 5);
    ask(5433, 3);
    ask(5434, 8);
    const expected = {
      'bind db': 5,
      'bind any': 3,
      'bind spread': 8,
      'shard default': 8,
      'shard many': 8,
      'server db/app1': 13,
      'server same/pod1': 3,
    };
    const rows = await until('both', async () => {
      const now = await compared();
      const named = new Map(now.map((row) => [`${row.kind} ${row.name}`, row]));
      const all = Object.entries(expected).every(
        ([name, count]) =>
          named.get(name)?.proxy?.connections === count && named.get(name)?.kernel?.connections === count,
      );
      return all ? named : undefined;
    });
    for (const name of Object.keys(expected)) {
      const { proxy, kernel } = rows.get(name)!;
      // The heads of its packets: 40 to 60 bytes each, and more for a SYN.
      expect(kernel!.bytesIn!, name).toBeGreaterThan(proxy!.bytesIn! + 40 * kernel!.packetsIn);
      expect(kernel!.bytesOut!, name).toBeLessThan(proxy!.bytesOut! + 80 * kernel!.packetsOut);
    }
    const instances = [...rows.values()].filter(({ kind }) => kind === 'instance');
    expect(instances).toHaveLength(2);
    expect(instances.reduce((sum, { kernel }) => sum + kernel!.connections!, 0)).toBe(8);
    for (const { proxy, kernel } of instances) expect(kernel!.connections).toBe(proxy!.connections);
  });

  it('shows the ruleset, each rule in plain English where that is asked for', async () => {
    const { rows } = (await sluice.json('show', 'nft')) as { rows: RulesetRow[] };
    expect(rows[0]).toMatchObject({ key: 'inet sluice', ours: true });
    const endpoint = rows.find(
      ({ text, kind }) => kind === 'rule' && text.includes('dnat ip to 10.2.1.2:8080'),
    );
    expect(endpoint).toMatchObject({ counts: 'connections' });
    expect(endpoint?.packets).toBeGreaterThanOrEqual(0);
    const table = await sluice.verb('show', 'nft', '--explain', '--filter', 'service_output');
    expect(table.output).toMatch(/hook output, priority -105/);
    expect(table.code).toBe(0);
  });

  it('begins anew where somebody resets the counters', async () => {
    star.proxy.ask('nft', ['reset', 'counters', 'table', 'inet', 'sluice']);
    await until('nothing since', async () => {
      const bind = (await compared()).find(({ name }) => name === 'db');
      return bind?.kernel?.connections === 0 && bind.proxy?.connections === 0;
    });
    ask(5432, 2);
    await until('both since then', async () => {
      const bind = (await compared()).find(({ name }) => name === 'db');
      return bind?.kernel?.connections === 2 && bind.proxy?.connections === 2;
    });
  });
});
