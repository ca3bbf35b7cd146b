import { expect, it } from 'vitest';
import type { BackendSample } from '../../src/domain/counters.ts';
import type { Sample } from '../../src/domain/sample.ts';
import { createSampling } from '../../src/runtime/sampling.ts';
import { createTraffic } from '../../src/runtime/traffic.ts';
import { testClock } from './fixture.ts';

const web = (total: number): BackendSample => ({
  name: 'web',
  total,
  status: [0, total, 0, 0, 0],
  bytesIn: 0,
  bytesOut: 0,
  clientAborts: 0,
  serverAborts: 0,
  requestErrors: 0,
  connectErrors: 0,
  retries: 0,
  redispatches: 0,
  streams: 0,
  queued: 0,
  latency: [],
});

/** A hundred requests a second, sampled five times a second. */
function flowing() {
  const clock = testClock();
  const traffic = createTraffic();
  const sampling = createSampling(traffic, clock, () => ({
    maxConnections: 100,
    httpBackends: new Set(['web']),
  }));
  let total = 0;
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 200) {
      total += 20;
      traffic.take({
        at: clock.now(),
        life: 'a',
        binds: [],
        backends: [web(total)],
        servers: [],
        routes: [],
        instances: [],
        process: { cpuUs: 0, rssBytes: 1, loopDelayMs: 0, logDropped: 0 },
      });
      clock.advance(200);
    }
  };
  const subscribe = () => {
    const samples: Sample[] = [];
    sampling.subscribe(['backends'], 1_000, (sample) => samples.push(sample));
    return samples;
  };
  return { clock, pass, subscribe };
}

it.each([0, 200, 400, 600, 800])('opens with rates, %d ms after the last whole second', (after) => {
  const { clock, pass, subscribe } = flowing();
  pass(5_000 + after);
  const samples = subscribe();
  clock.advance(0);
  expect(samples.map(({ backends }) => backends![0]!.requests)).toEqual([100]);
  expect(samples[0]!.windowMs).toBeGreaterThanOrEqual(1_000);
  expect(samples[0]!.windowMs).toBeLessThan(2_000);
  pass(2_000);
  for (const { windowMs } of samples.slice(1)) expect(windowMs).toBe(1_000);
});

it('knows no rate before there were two readings', () => {
  const { clock, pass, subscribe } = flowing();
  const samples = subscribe();
  clock.advance(0);
  expect(samples).toEqual([]);
  pass(200);
  const more = subscribe();
  clock.advance(0);
  expect(more[0]!.backends![0]!.requests).toBeNull();
});
