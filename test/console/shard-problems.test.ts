// What is wrong with shards, as the line on every screen tells it.

import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/console/problems.ts';
import { shardTable } from '../../src/console/screens/overview-shards.ts';
import { noTraffic, withSample } from '../../src/console/traffic.ts';
import type { View } from '../../src/console/view.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import { createScriptedClient, createScriptedClock } from './scripted-client.ts';
import { addInstance, instanceRatesOf, shardsWorld, troubledShardsWorld } from './shard-worlds.ts';
import { addRoute } from './tls-worlds.ts';
import { addEntry, noon } from './worlds.ts';

function texts(change: (model: MutableModel) => void, world = shardsWorld): string[] {
  const model = world();
  model.route.delete('api');
  change(model);
  const client = createScriptedClient(createScriptedClock(noon), model);
  const view: View = {
    model,
    attach: client.attach,
    traffic: withSample(noTraffic, { at: noon, windowMs: 1_000, instances: instanceRatesOf(model) }),
    now: noon,
    present: noon,
    heardAt: noon,
    stale: false,
    looked: new Set(),
    timeOfDay: String,
  };
  return problemsOf(view).map(({ sign, text }) => `${sign} ${text}`);
}

describe('the table of shards on the Overview', () => {
  it.each<[string, (shard: string, number: number) => number | null, RegExp[]]>([
    [
      'gives no share of a whole that is not known',
      (shard) => (shard === 'default' ? null : 70),
      [/– +–$/, /140 +–$/],
    ],
    [
      'counts without who has only begun',
      (_, number) => (number === 2 ? null : 70),
      [/70 .*50 %$/, /70 .*50 %$/],
    ],
  ])('%s', (_, requests, rows) => {
    const model = shardsWorld();
    const instances = instanceRatesOf(model).map((each) => ({
      ...each,
      requests: requests(each.shard, Number(each.id.split('/')[1])),
    }));
    const view: View = {
      model,
      attach: createScriptedClient(createScriptedClock(noon), model).attach,
      traffic: withSample(noTraffic, { at: noon, windowMs: 1_000, instances }),
      now: noon,
      present: noon,
      heardAt: noon,
      stale: false,
      looked: new Set(),
      timeOfDay: String,
    };
    const drawn = shardTable(view, 80, 20).map(({ spans }) =>
      spans
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
    expect(drawn[1]).toMatch(rows[0]!);
    expect(drawn[2]).toMatch(rows[1]!);
  });
});

describe('what is wrong with shards', () => {
  it('is nothing while two of two serve', () => expect(texts(() => {})).toEqual([]));

  it('is told worst first', () => {
    expect(texts(() => {}, troubledShardsWorld)).toEqual([
      '▼ instance sharded/2 crashed 4×, starts in 3 s: exit code 70',
      '▼ route lost is served by no shard',
      '▼ route shop2 is refused by default: HostAlreadyClaimed',
      '▲ default: clients are uneven, 1.49 × the mean (chance 1.03)',
      '▲ route both is served twice: default, sharded',
      '▲ 2 overrides differ from the configuration',
    ]);
  });

  it('is told of a route whatever the length of its name', () =>
    expect(
      texts((model) => addRoute(model, 'n'.repeat(200), undefined, { host: 'n.example.com', shards: [] })),
    ).toEqual([`▼ route ${'n'.repeat(31)}… is served by no shard`]));

  it('is worse where nobody of the shard serves', () => {
    const [first] = texts((model) => {
      addInstance(model, 'sharded', 1, { state: 'gone' });
      addInstance(model, 'sharded', 2, { state: 'gone', crashes: 2, retryAt: noon + 500 });
      model.server.set('web/app1', { ...model.server.get('web/app1')!, operational: 'down' });
    });
    expect(first).toMatch(/^▼ instance sharded/);
  });

  it('is told once where all instances have it', () => {
    const gone = 'its acceptor is gone: it accepts clients by itself';
    expect(
      texts((model) => {
        for (const [id, instance] of model.instance) model.instance.set(id, { ...instance, text: gone });
      }),
    ).toEqual([`▲ 4 instances say: ${gone}`]);
  });

  it('is not an instance that leaves, nor an imbalance of a handful', () => {
    expect(
      texts((model) => addInstance(model, 'default', 2, { id: 'default/2:9', state: 'leaving' })),
    ).toEqual([]);
  });

  it('is an instance that replaces one that died, and none that somebody asked for', () => {
    const young = (change: (model: MutableModel) => void) =>
      texts((model) => {
        addInstance(model, 'default', 2, { startedAt: noon - 9_000 });
        change(model);
      });
    expect(young(() => {})).toEqual(['▲ instance default/2 started anew 0:09 ago']);
    expect(
      young((model) => {
        const runtime = model.runtime.get('runtime')!;
        model.runtime.set('runtime', { ...runtime, plan: { ...runtime.plan, at: noon - 8_000 } });
      }),
    ).toEqual([]);
    expect(
      young((model) => addEntry(model, 9, noon - 12_000, 'default', 'renewed', { kind: 'act' })),
    ).toEqual([]);
  });

  it('is a bind that accepts otherwise than configured', () => {
    expect(
      texts((model) =>
        model.bind.set(':80', { ...model.bind.get(':80')!, text: 'nobody steers its clients' }),
      ),
    ).toEqual(['▲ bind :80: nobody steers its clients']);
  });

  it('counts routes, and does not tell a warning twice', () => {
    expect(
      texts((model) => {
        for (const name of ['a', 'b'])
          addRoute(model, name, undefined, {
            shards: [],
            warnings: [{ about: 'route', text: 'served by no shard: no selector takes it' }],
          });
      }),
    ).toEqual(['▼ 2 routes are served by no shard']);
  });
});
