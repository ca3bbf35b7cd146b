import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineSample, InstanceSample } from '../../../src/domain/counters.ts';
import { createSampleMerge } from '../../../src/engine/embedded/sample-merge.ts';
import { bindSample, routeSample, serverSample } from '../../support/scripted-traffic.ts';

const sampleOf = (
  life: string,
  total: number,
  streams: number,
  more: Partial<EngineSample> = {},
): EngineSample => ({
  at: 1_000,
  life,
  binds: [{ ...bindSample('web'), connections: streams }],
  backends: [],
  servers: [
    {
      ...serverSample('web/app1'),
      total,
      streams,
      status: [0, total, 0, 0, 1],
      lastArrivalAt: total,
      latency: [total, 1],
    },
  ],
  routes: [],
  instances: [],
  process: { cpuUs: 10, rssBytes: 100, loopDelayMs: streams, logDropped: 0 },
  ...more,
});
const [one, two] = [{}, {}];

describe('merged samples', () => {
  it('of one instance are its own', () => {
    const merge = createSampleMerge();
    const samples = [sampleOf('a', 1, 1), sampleOf('a', 2, 0), { ...sampleOf('a', 2, 0), servers: [] }];
    for (const sample of samples) expect(merge.take(one, sample)).toBe(sample);
  });

  it('of two add up; latencies are not told twice', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    expect(merge.take(two, sampleOf('b', 7, 1))).toMatchObject({
      life: 'a.1',
      binds: [{ name: 'web', connections: 3 }],
      servers: [
        {
          key: 'web/app1',
          total: 12,
          streams: 3,
          status: [0, 12, 0, 0, 2],
          lastArrivalAt: 7,
          latency: [7, 1],
        },
      ],
      process: { cpuUs: 20, rssBytes: 200, loopDelayMs: 2, logDropped: 0 },
    });
    const next = merge.take(one, { ...sampleOf('a', 6, 2), binds: [] });
    expect(next).toMatchObject({ life: 'a.1', binds: [], servers: [{ total: 13, latency: [6, 1] }] });
  });

  it('of two add up what each counted and holds open of a route', () => {
    const merge = createSampleMerge();
    const routes = (edge: number, passthrough: number, handshakes: number) => [
      { ...routeSample('shop'), total: edge, open: { edge, passthrough, reencrypt: 0 }, handshakes },
    ];
    merge.take(one, sampleOf('a', 1, 1, { routes: routes(2, 1, 5) }));
    const both = merge.take(two, sampleOf('b', 1, 1, { routes: routes(3, 0, 4) }));
    const open = { edge: 5, passthrough: 1, reencrypt: 0 };
    expect(both.routes).toMatchObject([{ name: 'shop', total: 5, open, handshakes: 9 }]);
    expect(merge.take(one, sampleOf('a', 1, 1)).routes).toEqual([]);
    merge.left(one, 2_000);
    expect(merge.take(two, sampleOf('b', 1, 1)).routes).toMatchObject([
      { total: 5, handshakes: 9, open: { edge: 3, passthrough: 0 } },
    ]);
  });

  it('tell everything anew when an instance left: what it counted stays, what it carried is gone', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    merge.take(two, sampleOf('b', 7, 1));
    merge.left(one, 2_000);
    expect(merge.take(two, { ...sampleOf('b', 7, 1), servers: [], binds: [] })).toMatchObject({
      life: 'a.1',
      binds: [{ connections: 1 }],
      servers: [{ total: 12, status: [0, 12, 0, 0, 2], streams: 1, lastArrivalAt: 7, latency: [] }],
      process: { cpuUs: 20, rssBytes: 100, loopDelayMs: 1 },
    });
  });

  it('say that nothing is carried when the last one left, and what was counted', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    merge.take(two, sampleOf('b', 7, 1));
    expect(merge.left(one, 2_000)).toBeUndefined();
    expect(merge.left(two, 2_000)).toMatchObject({
      at: 2_000,
      binds: [{ connections: 0 }],
      servers: [{ total: 12, streams: 0, latency: [] }],
      process: { cpuUs: 20, rssBytes: 0 },
      instances: [],
    });
    expect(merge.left(two, 3_000)).toBeUndefined();
  });
});

describe('the life of the sums', () => {
  const starts = new Map<object, number>();
  const merging = () => createSampleMerge((each) => ({ id: 'x', startedAt: starts.get(each) ?? 0 }));
  const totalOf = ({ life, servers }: EngineSample) => [life, servers[0]!.total];

  it('goes on when an instance is replaced by one that starts from zero', () => {
    const merge = merging();
    starts.set(two, 1_500);
    merge.take(one, sampleOf('a', 5, 2));
    merge.left(one, 2_000);
    expect(totalOf(merge.take(two, sampleOf('b', 1, 1)))).toEqual(['a', 6]);
    expect(totalOf(merge.take(two, sampleOf('b', 2, 1)))).toEqual(['a', 7]);
  });

  it('is another one when an instance comes that counted before: it was adopted', () => {
    const merge = merging();
    starts.set(two, 999);
    merge.take(one, sampleOf('a', 5, 2));
    expect(totalOf(merge.take(two, sampleOf('b', 1_000, 1)))).toEqual(['a.1', 1_005]);
    const three = {};
    starts.set(three, 2_000);
    expect(totalOf(merge.take(three, sampleOf('c', 1, 1)))).toEqual(['a.1', 1_006]);
  });

  it('goes on when a link broke and is back: nothing is counted twice', () => {
    const merge = merging();
    const [oneAgain] = [{}];
    starts.set(two, 1_500);
    merge.take(one, sampleOf('a', 5, 2));
    merge.take(two, sampleOf('b', 7, 1));
    merge.left(one, 2_000);
    expect(totalOf(merge.take(two, sampleOf('b', 8, 1)))).toEqual(['a', 13]);
    const back = merge.take(oneAgain, sampleOf('a', 9, 3));
    expect(totalOf(back)).toEqual(['a', 17]);
    expect(back).toMatchObject({ servers: [{ streams: 4 }], process: { cpuUs: 20 } });
  });

  it('never lets a total go back, whoever comes and goes', () => {
    const step = fc.record({ who: fc.nat(3), more: fc.nat(9), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const merge = createSampleMerge(() => ({ id: 'x', startedAt: Number.POSITIVE_INFINITY }));
        const present = new Map<number, { instance: object; life: string; total: number }>();
        let lives = 0;
        let counted = 0;
        for (const { who, more, leaves } of steps) {
          const each = present.get(who) ?? { instance: {}, life: `l${lives++}`, total: 0 };
          present.set(who, each);
          each.total += more;
          counted += more;
          const sample = merge.take(each.instance, sampleOf(each.life, each.total, 1));
          expect(totalOf(sample)).toEqual(['l0', counted]);
          expect(sample.servers[0]!.streams).toBe(present.size);
          if (!leaves) continue;
          merge.left(each.instance, 2_000);
          present.delete(who);
        }
      }),
    );
  });

  it('keeps nothing of what a plan does not have any more', () => {
    const merge = merging();
    merge.take(one, sampleOf('a', 5, 2));
    merge.left(one, 2_000);
    merge.keep({ shards: [], backends: [], routes: [] });
    expect(merge.take(two, { ...sampleOf('b', 1, 1), servers: [], binds: [] })).toMatchObject({
      binds: [],
      servers: [],
    });
  });
});

describe('each instance’s own figures', () => {
  const figuresOf = (id: string, connections: number): InstanceSample => ({
    id,
    shard: 'default',
    life: id,
    connections,
    clients: connections,
    newConnections: 9,
    requests: 9,
    cpuUs: 1,
    rssBytes: 1,
    loopDelayMs: 0,
    logDropped: 0,
  });
  const told = ({ instances }: EngineSample) => instances.map(({ id, connections }) => [id, connections]);

  it('are in every sample, of leaving ones under their present id, and of gone ones no more', () => {
    const ids = new Map<object, string>();
    const merge = createSampleMerge((each) => ({ id: ids.get(each)!, startedAt: 0 }));
    ids.set(one, 'default/1').set(two, 'default/2');
    const ofOne = sampleOf('a', 1, 1, { instances: [figuresOf('default/1', 3)] });
    const ofTwo = sampleOf('b', 1, 1, { instances: [figuresOf('default/2', 4)] });
    expect(merge.take(one, ofOne)).toBe(ofOne);
    expect(told(merge.take(two, ofTwo))).toEqual([
      ['default/1', 3],
      ['default/2', 4],
    ]);
    ids.set(one, 'default/1:17');
    expect(told(merge.take(two, ofTwo))).toEqual([
      ['default/1:17', 3],
      ['default/2', 4],
    ]);
    merge.left(one, 2_000);
    expect(told(merge.take(two, ofTwo))).toEqual([['default/2', 4]]);
  });

  it('have the id of the model, of a single one, too', () => {
    const merge = createSampleMerge(() => ({ id: 'default/1:17', startedAt: 0 }));
    const sample = sampleOf('a', 1, 1, { instances: [figuresOf('default/1', 3)] });
    expect(told(merge.take(one, sample))).toEqual([['default/1:17', 3]]);
  });
});
