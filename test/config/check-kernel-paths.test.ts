import { expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const load = (bind: string, backend: string) =>
  planFromText(
    `shards: [{ name: default, binds: [{ name: pg, listen: ":5432", mode: tcp, backend: db, ${bind} }] }]
backends: [{ name: db, mode: tcp, servers: [{ name: pg1, address: "10.0.0.1:5432" }], ${backend} }]`,
    { file: 'sluice.yaml', folder: '/etc/sluice' },
  );

it('the kernel cannot balance by leastconn: said where it is written', () => {
  const result = load('path: kernel', 'balance: { algorithm: leastconn }');
  expect(result).toMatchObject({
    ok: false,
    errors: [
      {
        path: 'backends[0].balance.algorithm',
        message: expect.stringContaining('sends the clients of bind pg here'),
        remedy: 'write roundrobin, random or source',
      },
    ],
  });
});

it('a relayed bind may', () => {
  expect(load('maxConnections: 5', 'balance: { algorithm: leastconn }').ok).toBe(true);
});

it('without a word of either, clients are not masqueraded, and are relayed where the kernel cannot', () => {
  const result = load('path: kernel', 'retries: 1');
  expect(result.ok && result.plan.shards[0]?.binds[0]?.kernelPath).toEqual({
    masquerade: false,
    fallback: 'relay',
  });
});
