import { describe, expect, it } from 'vitest';
import type { EngineSample, RouteSample } from '../../src/domain/counters.ts';
import { createRouteFares } from '../../src/runtime/fares.ts';
import { routeSample } from '../support/scripted-traffic.ts';

const sample = (at: number, routes: readonly Partial<RouteSample>[], life = 'a'): EngineSample => ({
  at,
  life,
  binds: [],
  backends: [],
  servers: [],
  routes: routes.map((over) => ({ ...routeSample('shop'), ...over })),
  process: { cpuUs: 0, rssBytes: 1, loopDelayMs: 0, logDropped: 0 },
  instances: [],
});

function fares() {
  const made = createRouteFares();
  made.keep(new Set(['shop', 'late']));
  return made;
}

describe('createRouteFares', () => {
  it('takes what was counted before the first sample for no news', () => {
    const of = fares();
    expect(of.take(sample(1_000, [{ total: 1_000 }])).size).toBe(0);
    expect(of.take(sample(1_200, [{ total: 1_010 }])).get('shop')).toMatchObject({ streams: 10 });
    expect(of.lastMinute('shop', 1_200)).toMatchObject({ attempts: 10, overMs: 200 });
  });

  it('takes all that a route counted that was not there before for news', () => {
    const of = fares();
    of.take(sample(1_000, []));
    expect(of.take(sample(1_200, [{ name: 'late', total: 3 }])).get('late')).toMatchObject({ streams: 3 });
  });

  it('begins anew with another life, and keeps what it knows', () => {
    const of = fares();
    of.take(sample(1_000, [{ total: 0 }]));
    of.take(sample(2_000, [{ total: 50 }]));
    // A second instance, which served before: the sum of both is no news.
    expect(of.take(sample(3_000, [{ total: 9_050 }], 'a+b')).size).toBe(0);
    expect(of.take(sample(4_000, [{ total: 9_054 }], 'a+b')).get('shop')).toMatchObject({ streams: 4 });
    expect(of.lastMinute('shop', 4_000)).toMatchObject({ attempts: 54 });
  });

  it('counts from zero what the first sample of another life does not name', () => {
    const of = fares();
    of.take(sample(1_000, [{ total: 50 }]));
    of.take(sample(2_000, [], 'b'));
    expect(of.take(sample(3_000, [{ total: 2 }], 'b')).get('shop')).toMatchObject({ streams: 2 });
  });

  it('forgets what is older than a minute', () => {
    const of = fares();
    of.take(sample(0, [{ total: 0 }]));
    of.take(sample(1_000, [{ total: 5 }]));
    of.take(sample(50_000, [{ total: 6 }]));
    expect(of.lastMinute('shop', 60_000)?.attempts).toBe(6);
    expect(of.lastMinute('shop', 62_000)?.attempts).toBe(1);
    expect(of.lastMinute('shop', 200_000)).toBeNull();
  });

  it('knows nothing of routes that it does not keep', () => {
    const of = fares();
    of.take(sample(0, [{ open: { passthrough: 1, edge: 2, reencrypt: 0 } }]));
    expect(of.open('shop')).toEqual({ passthrough: 1, edge: 2, reencrypt: 0 });
    of.keep(new Set());
    expect(of.open('shop')).toBeUndefined();
  });
});

it('hears of routes before it is told which there are', () => {
  const of = createRouteFares();
  of.take(sample(1_000, [{ total: 500 }]));
  of.keep(new Set(['shop']));
  expect(of.take(sample(1_200, [{ total: 501 }])).get('shop')).toMatchObject({ streams: 1 });
});
