import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineSample, InstanceSample, ServerSample } from '../../src/domain/counters.ts';
import { sampleBetween } from '../../src/runtime/rates.ts';
import { createTraffic, type Reading } from '../../src/runtime/traffic.ts';
import { routeSample } from '../support/scripted-traffic.ts';

const context = { maxConnections: 100, httpBackends: new Set(['web']) };

function server(total: number, over: Partial<ServerSample> = {}): ServerSample {
  return {
    key: 'web/app1',
    total,
    status: [0, total, 0, 0, 0],
    bytesIn: total * 10,
    bytesOut: total * 100,
    clientAborts: 0,
    serverAborts: 0,
    requestErrors: 0,
    connectErrors: 0,
    retries: 0,
    redispatches: 0,
    streams: 0,
    tunnels: 0,
    idle: 0,
    sticky: 0,
    queued: 0,
    lastArrivalAt: 0,
    latency: [],
    ...over,
  };
}

function sample(at: number, servers: readonly ServerSample[], life = 'a'): EngineSample {
  return {
    at,
    life,
    binds: [],
    backends: [],
    servers,
    routes: [],
    instances: [],
    process: { cpuUs: at * 100, rssBytes: 1, loopDelayMs: 0, logDropped: 0 },
  };
}

function between(samples: readonly EngineSample[]) {
  const traffic = createTraffic();
  const readings: Reading[] = [];
  for (const each of samples) {
    traffic.take(each);
    readings.push(traffic.reading()!);
  }
  return sampleBetween(readings.at(-2), readings.at(-1)!, ['totals', 'servers'], traffic, context);
}

it('takes rates over the time that really passed', () => {
  const { windowMs, servers, totals } = between([sample(1_000, [server(100)]), sample(3_000, [server(150)])]);
  expect(windowMs).toBe(2_000);
  expect(servers![0]).toMatchObject({ requests: 25, bytesIn: 250, bytesOut: 2_500, errors: 0 });
  expect(totals!.process!.cpu).toBeCloseTo(0.1);
});

it('carries what did not change since an earlier sample', () => {
  const { servers } = between([sample(1_000, [server(100)]), sample(2_000, [])]);
  expect(servers![0]).toMatchObject({ requests: 0 });
});

it.each<readonly [string, readonly EngineSample[]]>([
  ['one reading', [sample(1_000, [server(5)])]],
  ['two lives', [sample(1_000, [server(5)]), sample(2_000, [server(9)], 'b')]],
  ['no time between', [sample(1_000, [server(5)]), sample(1_000, [server(9)])]],
  ['a server that came meanwhile', [sample(1_000, []), sample(2_000, [server(9)])]],
])('knows no rate of %s', (_, samples) => {
  expect(between(samples).servers![0]).toMatchObject({ requests: null, bytesIn: null, errors: null });
});

it('forgets what another life carried', () => {
  const traffic = createTraffic();
  traffic.take(sample(1_000, [server(5, { streams: 7 })]));
  traffic.take(sample(2_000, [], 'b'));
  expect(traffic.reading()!.servers.size).toBe(0);
});

it('takes latencies from the last ten seconds only', () => {
  const traffic = createTraffic();
  traffic.take(sample(0, [server(1, { latency: [400, 1] })]));
  traffic.take(sample(9_000, [server(2, { latency: [10, 3] })]));
  expect([...traffic.latency('server', 'web/app1')]).toEqual([
    [400, 1],
    [10, 3],
  ]);
  traffic.take(sample(11_000, []));
  expect([...traffic.latency('server', 'web/app1')]).toEqual([[10, 3]]);
});

it('never tells a negative rate, whatever the counters do', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.nat(1_000), fc.boolean()), { minLength: 1 }), (steps) => {
      let at = 0;
      let life = 0;
      const samples = steps.map(([total, ms, restarted]) => {
        at += ms;
        if (restarted) life += 1;
        return sample(at, [server(total)], String(life));
      });
      const { requests } = between(samples).servers![0]!;
      expect(requests === null || (requests >= 0 && Number.isFinite(requests))).toBe(true);
    }),
  );
});

it('has rates of routes, where a request that a server failed counts once', () => {
  const routed = (at: number, total: number, failed: number, handshakes: number): EngineSample => ({
    ...sample(at, []),
    routes: [
      {
        ...routeSample('shop'),
        total,
        status: [0, total - failed, 0, 0, failed],
        connectErrors: failed,
        handshakes,
        handshakeFailures: failed,
        open: { passthrough: 0, edge: 3, reencrypt: 1 },
      },
    ],
  });
  const traffic = createTraffic();
  const rates = (each: EngineSample, from?: Reading) => {
    traffic.take(each);
    return sampleBetween(from, traffic.reading()!, ['routes'], traffic, context).routes;
  };
  const first = rates(routed(1_000, 10, 0, 5));
  expect(first).toMatchObject([{ name: 'shop', requests: null, errors: null, handshakes: null }]);
  const from = traffic.reading();
  expect(rates(routed(3_000, 30, 4, 15), from)).toMatchObject([
    {
      requests: 10,
      errors: 4,
      handshakes: 5,
      handshakeFailures: 2,
      open: { passthrough: 0, edge: 3, reencrypt: 1 },
    },
  ]);
});

describe('rates of instances', () => {
  const figures = (requests: number, over: Partial<InstanceSample> = {}): InstanceSample => ({
    id: 'default/1',
    shard: 'default',
    life: 'x',
    connections: 4,
    clients: 3,
    newConnections: requests / 10,
    requests,
    cpuUs: requests * 1_000,
    rssBytes: 7,
    loopDelayMs: 1,
    logDropped: 0,
    ...over,
  });
  const ratesOf = (...steps: readonly (readonly InstanceSample[])[]) => {
    const traffic = createTraffic();
    const readings = steps.map((instances, i) => {
      // Every time with another life of the sums: that is no matter of theirs.
      traffic.take({ ...sample((i + 1) * 2_000, [], `sums-${i}`), instances });
      return traffic.reading()!;
    });
    return sampleBetween(readings.at(-2), readings.at(-1)!, ['instances'], traffic, context).instances;
  };

  it('are its own, the CPU as a share of a core', () => {
    expect(ratesOf([figures(100)], [figures(600)])).toEqual([
      {
        id: 'default/1',
        shard: 'default',
        connections: 4,
        clients: 3,
        newConnections: 25,
        requests: 250,
        cpu: 0.25,
        rssBytes: 7,
        loopDelayMs: 1,
      },
    ]);
  });

  it.each<readonly [string, readonly (readonly InstanceSample[])[]]>([
    ['one reading', [[figures(5)]]],
    ['a successor', [[figures(5)], [figures(9, { life: 'y' })]]],
    ['one that came meanwhile', [[], [figures(9)]]],
  ])('are not known of %s', (_, steps) => {
    expect(ratesOf(...steps)).toMatchObject([
      { connections: 4, requests: null, newConnections: null, cpu: null },
    ]);
  });

  it('go on when it leaves under another id, beside its successor', () => {
    const rates = ratesOf([figures(100)], [figures(600, { id: 'default/1:17' }), figures(5, { life: 'y' })]);
    expect(rates).toMatchObject([
      { id: 'default/1:17', requests: 250 },
      { id: 'default/1', requests: null },
    ]);
  });

  it('are none of one that is gone', () => {
    expect(ratesOf([figures(5)], [])).toEqual([]);
  });
});
