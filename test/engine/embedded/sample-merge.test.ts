import { describe, expect, it } from 'vitest';
import type { EngineSample } from '../../../src/domain/counters.ts';
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

  it('of two add up, under a life of their own; latencies are not told twice', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    expect(merge.take(two, sampleOf('b', 7, 1))).toMatchObject({
      life: 'a+b',
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
    expect(next).toMatchObject({ life: 'a+b', binds: [], servers: [{ total: 13, latency: [6, 1] }] });
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
    merge.left(one);
    expect(merge.take(two, sampleOf('b', 1, 1)).routes).toMatchObject([
      { open: { edge: 3, passthrough: 0 } },
    ]);
  });

  it('tell everything anew, without latencies of before, when an instance left', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    merge.take(two, sampleOf('b', 7, 1));
    merge.left(one);
    expect(merge.take(two, { ...sampleOf('b', 7, 1), servers: [], binds: [] })).toMatchObject({
      life: 'b',
      binds: [{ connections: 1 }],
      servers: [{ total: 7, streams: 1, latency: [] }],
    });
  });

  it('begin again with a new life', () => {
    const merge = createSampleMerge();
    merge.take(one, sampleOf('a', 5, 2));
    merge.left(one);
    const fresh = sampleOf('b', 1, 1);
    expect(merge.take(two, fresh)).toBe(fresh);
  });
});
