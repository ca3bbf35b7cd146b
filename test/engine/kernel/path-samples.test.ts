import { expect, it } from 'vitest';
import type { BackendSample, BindSample, EngineSample, ServerSample } from '../../../src/domain/counters.ts';
import type { FlowCounts } from '../../../src/engine/kernel/path-flows.ts';
import { createPathSamples } from '../../../src/engine/kernel/path-samples.ts';

const traffic = (total: number) => ({
  total,
  status: [0, 0, 0, 0, 0] as [number, number, number, number, number],
  ...{ bytesIn: 10 * total, bytesOut: 0, clientAborts: 0, serverAborts: 0, requestErrors: 0 },
  ...{ connectErrors: 0, retries: 0, redispatches: 0 },
});
const bind = (name: string, total: number): BindSample => ({
  ...traffic(total),
  ...{ name, connections: 1, idle: 0, requests: total, tlsConnections: 0 },
  ...{ handshakes: 0, resumed: 0, handshakeFailures: 0 },
});
const server = (total: number): ServerSample => ({
  ...traffic(total),
  ...{ key: 'db/pg1', streams: 1, tunnels: 1, idle: 0, sticky: 0, queued: 0, lastArrivalAt: 5 },
  latency: [3, 1],
});
const backend = (total: number): BackendSample => ({
  ...traffic(total),
  ...{ name: 'db', queued: 0, streams: 1, latency: [3, 1] },
});
const sample = (over: Partial<EngineSample> = {}): EngineSample => ({
  at: 1_000,
  life: 'one',
  ...{ binds: [], backends: [], servers: [], routes: [], instances: [] },
  process: { cpuUs: 1, rssBytes: 1, loopDelayMs: 0, logDropped: 0 },
  ...over,
});
const counts = (total: number, open = 0): FlowCounts => ({
  ...{ total, bytesIn: 100 * total, bytesOut: total, open, lastArrivalAt: 9 },
});

function world() {
  const flows = {
    binds: new Map<string, FlowCounts>(),
    servers: new Map<`${string}/${string}`, FlowCounts>(),
  };
  const carry = (total: number, open = 0): void => {
    flows.binds.set('db', counts(total, open));
    flows.servers.set('db/pg1', counts(total, open));
  };
  return { samples: createPathSamples(flows), carry };
}

it('is the engine’s own where the kernel carries nothing', () => {
  const { samples } = world();
  const own = sample({ binds: [bind('db', 1)] });
  expect(samples.with(own)).toBe(own);
});

it('adds what the kernel carries to what is relayed, and keeps latency', () => {
  const { samples, carry } = world();
  carry(4, 2);
  const got = samples.with(
    sample({ binds: [bind('db', 3), bind('web', 1)], servers: [server(3)], backends: [backend(3)] }),
  );
  expect(
    got.binds.map(({ name, total, connections, bytesIn }) => [name, total, connections, bytesIn]),
  ).toEqual([
    ['db', 7, 3, 430],
    ['web', 1, 1, 10],
  ]);
  expect(got.servers[0]).toMatchObject({
    total: 7,
    streams: 3,
    tunnels: 3,
    lastArrivalAt: 9,
    latency: [3, 1],
  });
  expect(got.backends[0]).toMatchObject({ total: 7, streams: 3, latency: [3, 1] });
});

it('never goes back: what was relayed before the kernel had its first is still there', () => {
  const { samples, carry } = world();
  expect(samples.changed(500)).toBeUndefined();
  samples.with(sample({ binds: [bind('db', 500)], servers: [server(500)], backends: [backend(500)] }));
  carry(1, 1);
  const got = samples.changed(1_500)!;
  expect(got.binds).toMatchObject([{ name: 'db', total: 501 }]);
  // Recorded once already.
  expect(got.servers).toMatchObject([{ key: 'db/pg1', total: 501, latency: [] }]);
  expect(got.backends).toMatchObject([{ name: 'db', total: 501, latency: [] }]);
  expect(samples.with(sample({ life: 'two', binds: [bind('web', 1)] })).binds).toMatchObject([
    { name: 'web' },
  ]);
  expect(samples.changed(1_600)?.binds).toMatchObject([{ name: 'db', total: 501 }]);
});

it('time does not go back between two clocks', () => {
  const { samples, carry } = world();
  carry(1);
  samples.with(sample());
  expect(samples.changed(1_010)?.at).toBe(1_010);
  expect(samples.with(sample({ at: 1_005 })).at).toBe(1_010);
});
