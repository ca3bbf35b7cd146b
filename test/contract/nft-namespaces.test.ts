import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStar, namespacesFault, type Star } from '../support/namespaces.ts';

const fault = namespacesFault();
const program = (name: string) => join(import.meta.dirname, '../support', name);

describe.skipIf(fault !== undefined)(
  `namespaces for tests${fault === undefined ? '' : ` (${fault})`}`,
  () => {
    let star: Star;
    beforeAll(async () => {
      star = await createStar({ label: 'self', containers: 2, clients: 3 });
    });
    afterAll(() => star.remove());

    it('lead from clients through the proxy to containers, in both families', async () => {
      await star.containers[0]!.start(process.execPath, [program('named-server.ts'), 'pod1', '8080'], {
        ready: /ready/,
      });
      const asked = star.clients.ask(
        process.execPath,
        [program('named-client.ts')],
        `${star.addresses.clients[2]} ${star.addresses.containers[0]} 8080\n${star.addresses.clients6[1]} ${star.addresses.containers6[0]} 8080\n`,
      );
      expect(asked.trim().split('\n').sort()).toEqual([
        '10.1.0.4 pod1 10.1.0.4 8080',
        'fd00:1::3 pod1 fd00:1::3 8080',
      ]);
    });

    it('are gone afterwards, with what ran inside', async () => {
      const other = await createStar({ label: 'gone', containers: 1 });
      const sleeper = await other.proxy.start('sleep', ['1000']);
      await other.remove();
      await other.remove();
      expect(await sleeper.exited).toBe('SIGTERM');
      expect(readdirSync('/run/netns').filter((name) => name.startsWith('sl-vt-gone'))).toEqual([]);
    });
  },
);
