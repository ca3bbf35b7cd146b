import { expect, it } from 'vitest';
import type { Usable } from '../../../src/domain/kernel.ts';
import type { Json } from '../../../src/nft/json.ts';
import { NftError } from '../../../src/nft/process/nft.ts';
import { createForeignTables } from '../../../src/runtime/endpoints/foreign-tables.ts';
import { testClock } from '../fixture.ts';

const table = (name: string, family = 'ip'): Json[] => [
  { table: { family, name, handle: 1 } },
  {
    chain: {
      family,
      table: name,
      name: 'out',
      handle: 2,
      type: 'nat',
      hook: 'output',
      prio: -100,
      policy: 'accept',
    },
  },
  {
    rule: {
      family,
      table: name,
      chain: 'out',
      handle: 3,
      expr: [
        { match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: '10.97.0.1' } },
        { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 80 } },
        { dnat: { addr: '10.1.0.5', port: 8080 } },
      ],
    },
  },
];

function world(objects: readonly Json[] | Error | 'hangs', read: Usable = true) {
  const clock = testClock();
  let lists = 0;
  const tables = createForeignTables({
    clock,
    localAddresses: () => ['10.0.0.1'],
    nft: {
      usable: async () => ({ read, change: true }),
      async list() {
        lists += 1;
        if (objects instanceof Error) throw objects;
        return objects === 'hangs' ? new Promise<never>(() => {}) : objects;
      },
    },
  });
  return { tables, clock, lists: () => lists };
}

it("follows an address through another's table, and knows nothing of others", async () => {
  const { tables } = world(table('mine'));
  const translation = await tables.translation();
  expect(translation('10.97.0.1:80')).toMatchObject({
    rule: 'ip mine out',
    endpoints: [{ address: '10.1.0.5:8080', share: 1 }],
  });
  expect(translation('10.97.0.1:81')).toBeUndefined();
  expect(translation('unix:/run/app.sock')).toBeUndefined();
});

it('leaves our own table out', async () => {
  expect((await world(table('sluice', 'inet')).tables.translation())('10.97.0.1:80')).toBeUndefined();
});

it('reads once a second at most, whoever asks', async () => {
  const { tables, clock, lists } = world(table('mine'));
  await Promise.all([tables.translation(), tables.translation()]);
  expect(lists()).toBe(1);
  clock.advance(1_000);
  await tables.translation();
  expect(lists()).toBe(2);
});

it('knows nothing where the rules cannot be read, or not in time', async () => {
  const failed = world(new NftError('refused', 'no'));
  expect((await failed.tables.translation())('10.97.0.1:80')).toBeUndefined();
  const without = world(table('mine'), { no: 'no nft here' });
  expect((await without.tables.translation())('10.97.0.1:80')).toBeUndefined();
  expect(without.lists()).toBe(0);
  const hanging = world('hangs');
  const asked = hanging.tables.translation();
  await new Promise((resolve) => setImmediate(resolve));
  hanging.clock.advance(3_000);
  expect((await asked)('10.97.0.1:80')).toBeUndefined();
});
