import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/console/problem.ts';
import { problemsOf } from '../../src/console/problems.ts';
import { noTraffic, withSample } from '../../src/console/traffic.ts';
import type { View } from '../../src/console/view.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import type { TotalsSample } from '../../src/domain/sample.ts';
import { createScriptedClient, createScriptedClock } from './scripted-client.ts';
import {
  backendRates,
  bareWorld,
  brokenWorld,
  changeServer,
  crowdedWorld,
  drainOfPg1,
  noon,
  totals,
  wellWorld,
} from './worlds.ts';

function viewOf(model: MutableModel): View {
  const client = createScriptedClient(createScriptedClock(noon), model);
  return {
    model,
    attach: client.attach,
    traffic: noTraffic,
    now: noon,
    present: noon,
    heardAt: noon,
    stale: false,
    looked: new Set(),
    timeOfDay: String,
  };
}

function texts(change: (model: MutableModel) => void, world = wellWorld): string[] {
  const model = world();
  change(model);
  return problemsOf(viewOf(model)).map(({ sign, text }: Problem) => `${sign} ${text}`);
}

describe('what is wrong now', () => {
  it('is nothing in a world that is well', () => expect(texts(() => {})).toEqual([]));

  it('is told worst first', () => {
    expect(texts(() => {}, brokenWorld)).toEqual([
      '▼ web/app3 down 0:42 · L7STS 503 in 3 ms',
      '▲ api/api2 failing 1 of 3: L7TOUT in 1.0 s',
      '▲ 1 override differs from the configuration',
    ]);
  });

  it('is a bind that failed', () => {
    const failed = texts((model) => {
      model.bind.set(':80', {
        ...model.bind.get(':80')!,
        state: 'failed',
        text: 'port 80 is held by nginx (pid 7)',
      });
    });
    expect(failed).toEqual(['▼ bind :80 failed: port 80 is held by nginx (pid 7)']);
  });

  it('is an instance that went, or came anew, or serves another plan', () => {
    const instance = (change: object) => (model: MutableModel) => {
      model.instance.set('default/1', { ...model.instance.get('default/1')!, ...change });
    };
    expect(texts(instance({ state: 'gone', text: 'killed by SIGKILL' }))).toEqual([
      '▼ instance default/1 gone: killed by SIGKILL',
    ]);
    expect(texts(instance({ startedAt: noon - 30_000 }))).toEqual([
      '▲ instance default/1 started anew 0:30 ago',
    ]);
    expect(texts(instance({ planHash: 'aaaa00000000' }))).toEqual([
      '▲ instance default/1 serves another plan, aaaa',
    ]);
    expect(texts(instance({ state: 'starting', startedAt: noon - 5_000 }))).toEqual([
      '▲ instance default/1 starting 0:05',
    ]);
    expect(texts(instance({ text: 'access log /log/a: EACCES' }))).toEqual([
      '▲ instance default/1: access log /log/a: EACCES',
    ]);
  });

  it('is a backend that serves nobody', () => {
    const all = texts((model) => {
      for (const key of ['db/pg1', 'db/pg2'] as const)
        changeServer(model, key, { admin: 'maint', operational: 'paused' });
    });
    expect(all).toEqual(['▼ db: no server takes new clients']);
  });

  it('is a backend without servers that something sends to, told together with others', () => {
    const without = (names: readonly string[], used: boolean) => (model: MutableModel) => {
      for (const name of names) {
        model.backend.set(name, { ...model.backend.get('web')!, name, servers: [] });
        const bind = [...model.bind.values()][0]!;
        if (used) model.bind.set(name, { ...bind, name, backend: name });
      }
    };
    expect(texts(without(['unasked'], false))).toEqual([]);
    expect(texts(without(['empty'], true))).toEqual(['▼ empty has no servers']);
    expect(texts(without(['empty', 'bare'], true))).toEqual(['▼ 2 backends have no servers']);
  });

  it('is said once where many servers of a backend are down', () => {
    const crowd = texts(() => {}, crowdedWorld);
    expect(crowd).toContain('▼ pool20: 7 of 30 down');
    expect(crowd.filter((text) => text.includes('pool20'))).toHaveLength(1);
  });

  it('is said once of a backend all of whose servers are down, so that others are seen beside it', () => {
    const all = texts((model) => {
      for (const name of ['api1', 'api2', 'api3', 'api4'])
        changeServer(model, `api/${name}`, { operational: 'down', operationalSince: noon - 5_000 });
      changeServer(model, 'web/app1', { operational: 'down', operationalSince: noon - 5_000 });
    });
    expect(all).toEqual([
      '▼ api takes no new clients: 4 of 4 down',
      expect.stringContaining('▼ web/app1 down 0:05'),
    ]);
  });

  it('is not a server that somebody took out', () => {
    expect(
      texts((model) => changeServer(model, 'web/app1', { admin: 'maint', operational: 'paused' })),
    ).toEqual([]);
  });

  it('is a drain that is late', () => {
    const late = texts((model) => {
      model.drain.set('db/pg1', { ...drainOfPg1, phase: 'overdue', deadlineAt: noon - 131_000 });
    });
    expect(late).toEqual(['▲ drain db/pg1 overdue 2:11, 3 left']);
  });

  it('is nothing where nothing is served', () => expect(texts(() => {}, bareWorld)).toEqual([]));
});

describe('overload, with all servers up', () => {
  const shown = (seconds: readonly Partial<TotalsSample>[], queuedIn?: string, failedIn?: number) => {
    const traffic = seconds.reduce(
      (before, change, index) =>
        withSample(before, {
          at: noon - (seconds.length - 1 - index) * 1_000,
          windowMs: 1_000,
          totals: totals(change),
          ...(failedIn !== undefined && {
            backends: [...wellWorld().backend.keys()].map((name) =>
              backendRates(name, { status: [0, 80, 4, 0, name === 'web' ? failedIn : 0] }),
            ),
          }),
          ...(queuedIn && { backends: [backendRates(queuedIn, { queued: 4 }), backendRates('api')] }),
        }),
      noTraffic,
    );
    return problemsOf({ ...viewOf(wellWorld()), traffic }).map(({ text }) => text);
  };
  const times = (count: number, change: Partial<TotalsSample>) => Array.from({ length: count }, () => change);
  const failing = { status: [0, 80, 4, 0, 16] } as const;

  it('is not all well: the queue is told, and whose it is where that is known', () => {
    expect(shown(times(5, { queued: 4 }))).toEqual(['4 wait in the queues']);
    expect(shown(times(5, { queued: 4 }), 'web')).toEqual(['4 wait in the queue of web']);
  });

  it('is told of answers that fail', () =>
    expect(shown(times(5, failing))).toEqual(['16 % of the answers are 5xx']));

  it.each([
    [16, '16 % of the answers are 5xx'],
    [1, '16 % of the answers are 5xx, most where no route matches'],
  ])('says whether it is the backends that fail: %d of 16', (failedIn, text) =>
    expect(shown(times(5, failing), undefined, failedIn)).toEqual([text]),
  );

  it.each<[string, Partial<TotalsSample>[]]>([
    ['a burst', [...times(4, { queued: 9 }), { queued: 0 }]],
    ['what came only now', times(3, { queued: 9, ...failing })],
    ['a rate that is not known', times(5, { status: null })],
    ['few failures among many answers', times(5, { status: [0, 990, 0, 0, 10] })],
  ])('is not %s', (_, seconds) => expect(shown(seconds)).toEqual([]));

  it('is forgotten once nothing of it was heard for a while', () => {
    const traffic = withSample(noTraffic, {
      at: noon - 60_000,
      windowMs: 1_000,
      totals: totals({ queued: 3 }),
    });
    expect(problemsOf({ ...viewOf(wellWorld()), traffic })).toEqual([]);
  });
});
