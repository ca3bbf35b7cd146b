import { expect, it } from 'vitest';
import { instances } from '../../../src/cli/show/instances.ts';
import { type ShardRow, shards } from '../../../src/cli/show/shards.ts';
import type { Table } from '../../../src/cli/show/table-of.ts';
import { renderTable } from '../../../src/cli/table.ts';
import { emptyModel } from '../../../src/domain/model.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { instance, rates, shard } from '../shards/things.ts';

const model = emptyModel();
model.shard.set(
  'default',
  shard('default', {
    domain: 'apps.example.com',
    isDefault: true,
    instances: 3,
    routeSelector: '!sharded',
    configuredRouteSelector: '',
    routes: ['a', 'b'],
  }),
);
model.shard.set('sharded', shard('sharded', { instances: 1, configuredInstances: 1, refused: ['c'] }));
for (const each of [
  instance('default/1'),
  instance('default/2'),
  instance('default/3', { state: 'gone', pid: 0, crashes: 3, retryAt: 4_000, text: 'signal\u001b 9' }),
  instance('default/1', { id: 'default/1:9', pid: 9, state: 'leaving', leaveBy: 61_000 }),
])
  model.instance.set(each.id, each);

const sample: Sample = {
  at: 0,
  windowMs: 500,
  instances: [
    rates('default/1', { clients: 60, connections: 70, requests: 10.5, cpu: 0.5, rssBytes: 80 * 2 ** 20 }),
    rates('default/2', { clients: 40, connections: 45, requests: 20, cpu: 0.004 }),
    rates('default/1:9', { clients: 2, connections: 2, requests: null, cpu: null, newConnections: null }),
  ],
};

function text<T>(table: Table<T>, given?: Sample): string {
  return renderTable(table.columns(1_000), table.rows(model, given), false);
}

it('shards: what they take, who serves, and how evenly', () => {
  expect(text(shards, sample)).toBe(
    `shard              domain            takes                                       routes  refused  instances           steering  clients  conns  req/s     evenness
default (default)  apps.example.com  !sharded ≠ all routes, what no other takes       2        0  2/3 ≠ 2, 1 leaving  handoff       102    117     31  1.20 (1.08)
sharded            –                 all routes                                       0      ▲ 1  0/1                 handoff         0      0      –            –`,
  );
});

it('shards: evenness is of those that serve alone', () => {
  const [row] = shards.rows(model, sample) as ShardRow[];
  expect(row!.traffic!.evenness).toMatchObject({ maxOverMean: 1.2, items: 100, bins: 2 });
  expect((shards.rows(model, undefined) as ShardRow[])[0]!.traffic).toBeNull();
});

it('shards: one whose newcomer still fills is settling, not uneven', () => {
  const young = emptyModel();
  young.shard.set('default', shard('default', { instances: 2, configuredInstances: 2 }));
  for (const [name, startedAt] of [
    ['default/1', 0],
    ['default/2', 590_000],
  ] as const)
    young.instance.set(name, instance(name, { startedAt }));
  const at = (now: number): string => {
    const given = {
      at: now,
      windowMs: 500,
      instances: [rates('default/1', { clients: 60 }), rates('default/2', { clients: 0 })],
    };
    return renderTable(shards.columns(1_000), shards.rows(young, given), false);
  };
  expect(at(600_000)).toMatch(/settling 2\.00 \(1\.\d\d\)$/);
  expect(at(900_000)).toMatch(/ {2}▲ 2\.00 \(1\.\d\d\)$/);
});

it('instances: state and age, what they carry, and what they cost', () => {
  expect(text(instances, sample)).toBe(
    `instance   state                  pid  version  age  clients  conns  new/s  req/s    CPU  memory  crashes  plan
default/1  ● serving             4711  0.4.0    1 s       60     70      0     11   50 %  80 MiB        0  aaaaaaaaaaaa
default/2  ● serving             4711  0.4.0    1 s       40     45      0     20  0.4 %   0 MiB        0  aaaaaaaaaaaa
default/3  ▼ gone, back in 3 s      –  0.4.0    1 s        –      –      –      –      –       –      ▲ 3  aaaaaaaaaaaa  signal\\x1b 9
default/1  ◐ leaving, 1:00 left     9  0.4.0    1 s        2      2      –      –      –   0 MiB        0  aaaaaaaaaaaa`,
  );
});
