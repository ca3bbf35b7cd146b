import { describe, expect, it } from 'vitest';
import { movesText, planText, shareText } from '../../../src/cli/shards/plan-lines.ts';
import type { ShardPlan } from '../../../src/domain/shard-plan.ts';
import { shardPlanOf } from '../../support/shard-plan.ts';

const nothing = shardPlanOf({ to: 'aaaaaaaaaaaa', changes: ['scale default to 2'] });

describe('a what-if in words', () => {
  it('that changes nothing', () => {
    expect(planText(nothing, false)).toBe(
      [
        'What if  scale default to 2',
        'Routes   none moves',
        'Clients  none moves',
        'Plan     aaaaaaaaaaaa stays',
      ].join('\n'),
    );
  });

  it('of an instance more', () => {
    const even = { maxOverMean: 1.0033, chance: 1.0399, items: 910, bins: 3 };
    const plan: ShardPlan = {
      ...nothing,
      to: 'bbbbbbbbbbbb',
      changes: ['scale default to 3'],
      shards: [
        {
          shard: 'default',
          instancesBefore: 2,
          instancesAfter: 3,
          observed: 910,
          moved: 301,
          before: [455, 455],
          after: [304, 305, 301],
          evennessBefore: { ...even, maxOverMean: 1, bins: 2 },
          evennessAfter: even,
          slotsMoved: 21_845,
        },
        {
          shard: 'sharded',
          instancesBefore: 2,
          instancesAfter: 2,
          observed: 12,
          moved: 0,
          before: [6, 6],
          after: [6, 6],
          slotsMoved: 0,
        },
      ],
      missed: 3,
    };
    expect(planText(plan, false, new Map([['default', 65_537]]))).toBe(
      `What if  scale default to 3
Routes   none moves
Clients  default, 2 → 3 instances: moves 33.1 % of 910 clients seen in the last minute (301)
           default/1     455 ████████████████████ →    304 █████████████
           default/2     455 ████████████████████ →    305 █████████████
           default/3       –                      →    301 █████████████
           evenness, max/mean: 1.00 → 1.00 (chance alone 1.04)
           of clients not seen yet: 33.3 %
         sharded, 2 instances: moves none of 12 clients seen in the last minute
         3 more clients seen than are kept in mind
Plan     aaaaaaaaaaaa → bbbbbbbbbbbb`,
    );
  });

  it('of routes', () => {
    const plan: ShardPlan = {
      ...nothing,
      to: 'bbbbbbbbbbbb',
      changes: ['relabel shop sharded=true', 'select default a=b'],
      routes: {
        moved: [
          { route: 'shop', from: ['default'], to: ['sharded'] },
          { route: 'pay', from: [], to: ['default', 'sharded'] },
        ],
        orphaned: ['old\u001b[2J'],
        doublyServed: [{ route: 'pay', shards: ['default', 'sharded'] }],
        conflicts: [
          {
            route: 'copy',
            status: {
              shard: 'sharded',
              admitted: false,
              reason: 'HostAlreadyClaimed',
              message: 'route shop of namespace default is older',
            },
          },
        ],
        activated: [{ route: 'late', shard: 'default' }],
        removed: ['gone'],
        added: Array.from({ length: 10 }, (_, at) => `n${at}`),
      },
      omitted: { added: 5 },
      servers: [
        {
          backend: 'web',
          observed: 40,
          moved: 10,
          before: [
            { server: 'app1', clients: 20 },
            { server: 'app2', clients: 20 },
          ],
          after: [{ server: 'app1', clients: 40 }],
        },
        { backend: 'idle', observed: 0, moved: 0, before: [], after: [] },
      ],
    };
    expect(planText(plan, false)).toBe(
      `What if  relabel shop sharded=true
         select default a=b
Routes   2 move: shop default → sharded; pay no shard → default+sharded
         ▲ 1 is served by no shard then: old\\x1b[2J
         ▲ 1 is served by several shards then: pay by default and sharded
         ▲ 1 is refused then: copy by sharded (HostAlreadyClaimed: route shop of namespace default is older)
         1 is admitted then: late by default
         15 are new: n0; n1; n2; n3; n4; n5; n6; n7; and 7 more (--json)
         ▲ 1 is gone: gone
Clients  none moves
Servers  web: moves 25 % of 40 clients seen in the last minute (10)
           app1 20 → 40 · app2 20 → –
         idle: no clients seen in the last minute
Plan     aaaaaaaaaaaa → bbbbbbbbbbbb`,
    );
    expect(planText(plan, true)).toContain('\u001b[33m▲ 1 is gone: gone\u001b[0m');
  });
});

it.each([
  [0, 0, 'no clients seen in the last minute'],
  [0, 1, 'moves none of 1 client seen in the last minute'],
  [1, 3, 'moves 33.3 % of 3 clients seen in the last minute (1)'],
])('%i of %i', (moved, observed, text) => expect(movesText(moved, observed, 60_000)).toBe(text));

it.each([
  [0, '0 %'],
  [0.0001, '< 0.1 %'],
  [0.331, '33.1 %'],
  [0.5, '50 %'],
  [0.99999, '> 99.9 %'],
  [1, '100 %'],
])('share %f', (share, text) => expect(shareText(share)).toBe(text));
