// The blocklist's part of our table in a real kernel, with real packets.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system-clock.ts';
import { createNft } from '../../src/nft/process/run-nft.ts';
import { createOwnTable } from '../../src/nft/table/create-own-table.ts';
import type { OwnTable } from '../../src/nft/table/own-table.ts';
import { blockCounts, blockPart, blockSets } from '../../src/nft/table/parts/block-part.ts';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';

const fault = nftablesFault('nft', 'conntrack');
const support = (name: string) => join(import.meta.dirname, '../support', name);

describe.skipIf(fault !== undefined)(
  `blocks in the kernel${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    let star: Star;
    const tables: OwnTable[] = [];
    beforeEach(async () => {
      star = await createStar({ label: 'block', clients: 4, containers: 1 });
    });
    afterEach(async () => {
      for (const table of tables.splice(0)) await table.close('stay').catch(() => {});
      await star.remove();
    });

    function open(): OwnTable {
      const nft = createNft({ command: [...star.proxy.prefix, 'nft'], clock: systemClock });
      const table = createOwnTable({ nft, clock: systemClock });
      tables.push(table);
      return table;
    }

    /** UDP of 100 bytes, one packet each. */
    async function send(from: string, to: string, count: number): Promise<void> {
      const { code, output } = await star.clients.run(process.execPath, [
        support('send-packets.ts'),
        from,
        to,
        `${count}`,
      ]);
      expect(output).toBe('');
      expect(code).toBe(0);
    }

    const dropped = async (table: OwnTable) =>
      Object.fromEntries(
        [...blockCounts((await Promise.all(blockSets.map((set) => table.elements(set)))).flat())].map(
          ([address, { packets }]) => [address, packets],
        ),
      );
    const total = async (table: OwnTable) =>
      Object.fromEntries([...(await table.counters())].map(([name, { packets }]) => [name, packets]));
    const listed = () => star.proxy.ask('nft', ['list', 'ruleset']);

    it('drops and counts what was sent, of each address and of each family, also what would be sent on', async () => {
      const table = open();
      await table.set(
        'block',
        blockPart([
          { address: '10.1.0.3', comment: 'anna: scanning' },
          { address: '10.1.0.4/31', comment: 'ben' },
          { address: 'fd00:1::3', comment: 'anna' },
        ]),
      );
      // Neighbours are found first: that is no packet of UDP's, but one of IPv6's.
      const before = await dropped(table);
      expect(before).toEqual({ '10.1.0.3': 0, '10.1.0.4/31': 0, 'fd00:1::3': 0 });
      await send('10.1.0.3', '10.1.0.1', 7);
      await send('10.1.0.3', star.addresses.containers[0]!, 5);
      await send('10.1.0.4', '10.1.0.1', 3);
      await send('10.1.0.5', '10.1.0.1', 4);
      await send('10.1.0.2', '10.1.0.1', 9);
      expect(await dropped(table)).toMatchObject({ '10.1.0.3': 12, '10.1.0.4/31': 7 });
      expect(await total(table)).toMatchObject({ block_v4: 19 });
      await send('fd00:1::3', 'fd00:1::1', 6);
      const after = await dropped(table);
      expect(after['fd00:1::3']).toBeGreaterThanOrEqual(1);
      expect(await total(table)).toMatchObject({ block_v6: after['fd00:1::3'] });
    });

    it('comes before connection tracking, and holds for connections that are open already', async () => {
      const table = open();
      // So that this network namespace tracks at all.
      star.proxy.rules(`table ip other {
      chain input { type filter hook input priority 0; ct state new accept; }
    }\n`);
      await star.proxy.start(process.execPath, [support('named-server.ts'), 'here', '8080'], {
        ready: /ready/,
      });
      const held = await star.clients.start(process.execPath, [support('named-client.ts'), 'hold'], {
        stdin: 'pipe',
      });
      held.child.stdin!.write('10.1.0.3 10.1.0.1 8080\n');
      await until('it is connected', () => held.output().includes('here'));
      await table.set('block', blockPart([{ address: '10.1.0.2/31', comment: 'anna' }]));
      expect(await dropped(table)).toEqual({ '10.1.0.2/31': 0 });
      // It says goodbye, again and again.
      held.signal('SIGTERM');
      await until('that is dropped', async () => ((await dropped(table))['10.1.0.2/31'] ?? 0) > 0);
      await send('10.1.0.2', '10.1.0.1', 3);
      await send('10.1.0.4', '10.1.0.1', 1);
      const tracked = star.proxy.ask('conntrack', ['-L', '-p', 'udp']);
      expect(tracked).toContain('src=10.1.0.4');
      expect(tracked).not.toContain('src=10.1.0.2');
    });

    it('leaves by itself when its time is over, and others keep their counts', async () => {
      const table = open();
      await table.set(
        'block',
        blockPart([
          { address: '10.1.0.3', comment: 'anna', until: Date.now() + 2_000 },
          { address: '10.1.0.4', comment: 'ben' },
        ]),
      );
      await send('10.1.0.3', '10.1.0.1', 2);
      await send('10.1.0.4', '10.1.0.1', 2);
      expect(await dropped(table)).toEqual({ '10.1.0.3': 2, '10.1.0.4': 2 });
      await until('the kernel lets it go', () => !listed().includes('10.1.0.3'), 20_000);
      await send('10.1.0.3', '10.1.0.1', 5);
      await table.set('block', blockPart([{ address: '10.1.0.4', comment: 'ben' }]));
      expect(await dropped(table)).toEqual({ '10.1.0.4': 2 });
      expect(await total(table)).toMatchObject({ block_v4: 4 });
      await table.set('block', blockPart([]));
      expect(listed()).not.toContain('block');
    });

    it('takes networks of every length side by side, IPv6 as nft writes it, and finds all of it there', async () => {
      const table = open();
      const addresses = [
        '10.0.0.0/9',
        '10.128.0.0/9',
        '192.0.2.0/25',
        '192.0.2.128/26',
        '192.0.2.192',
        '192.0.2.193',
        '0.0.0.0/8',
        '223.255.255.255',
        '2001:db8::/33',
        '2001:db8:8000::/33',
        '2001:0:0:1::1',
        '2001:db9:0:1:1:1:1:1',
        '2a00::/12',
        '64:ff9b::c000:207',
        '::fffe:0:0/95',
        '1::',
        'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      ];
      const rules = addresses.map((address) => ({ address, comment: 'anna: all kinds' }));
      await table.set('block', blockPart(rules.slice(0, 5)));
      await table.set('block', blockPart(rules));
      expect(Object.keys(await dropped(table)).sort()).toEqual([...addresses].sort());
      await table.look();
      // Nothing was missed, and put in force again.
      expect(table.state).toEqual({ state: 'in-force' });
      await table.set('block', blockPart(rules.slice(8)));
      expect(Object.keys(await dropped(table)).sort()).toEqual(addresses.slice(8).sort());
    });

    it('ten thousand are in force, and one more is quick', async () => {
      const table = open();
      const rules = Array.from({ length: 10_000 }, (_, index) => ({
        address: `172.${16 + (index >> 13)}.${(index >> 5) & 255}.${(index & 31) * 8}`,
        comment: 'anna: a long list',
        until: Date.now() + 3_600_000,
      }));
      await table.set('block', blockPart(rules.slice(1)));
      await table.set('block', blockPart(rules));
      expect((await table.elements('block_v4')).length).toBe(10_000);
      await table.look();
      expect(table.state).toEqual({ state: 'in-force' });
    });
  },
);
