import { beforeEach, describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/nft/conntrack/conntrack.ts';
import { endpointCounterName } from '../../../src/nft/table/parts/service-part.ts';
import { createKernelSampling, type KernelSampling } from '../../../src/runtime/kernel/kernel-sampling.ts';
import { type FakeClock, fakeClock } from '../../proxy/fake-clock.ts';
import { backend, plan, server } from '../fixture.ts';
import { type ScriptedKernel, scriptedKernel } from './scripted-kernel.ts';

const at = (host: string, port: number) => ({ kind: 'ip' as const, host, port });
const services = plan({
  backends: [
    backend({
      servers: [
        server('app1', {
          address: at('10.96.0.10', 80),
          service: {
            pick: 'random',
            endpoints: [
              { address: at('10.1.0.5', 8080), weight: 1 },
              { address: at('fd00::5', 8080), weight: 1 },
            ],
          },
        }),
      ],
    }),
  ],
});
const counter = endpointCounterName('web/app1', { host: '10.1.0.5', port: 8080 });

let kernel: ScriptedKernel;
let clock: FakeClock;
let sampling: KernelSampling;
let blocked: Map<string, { packets: number; bytes: number }>;
beforeEach(() => {
  kernel = scriptedKernel();
  // A part is in force.
  kernel.parts.set('service', { counters: [], sets: [], chains: [] });
  clock = fakeClock();
  blocked = new Map();
  sampling = createKernelSampling({
    kernel,
    clock,
    monotonic: clock.mono,
    counting: { counted: [] },
    plan: () => services,
    reading: () => undefined,
    blocks: async () => new Map(blocked),
  });
});

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1) {
    clock.advance(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function flow(endpoint: string, state: string): Flow {
  return {
    id: 1,
    family: 'ipv4',
    state,
    timeoutS: 10,
    original: { source: '10.0.0.1', sourcePort: 40_000, destination: '10.96.0.10', destinationPort: 80 },
    reply: { source: endpoint, sourcePort: 8080, destination: '10.0.0.1', destinationPort: 40_000 },
  };
}

const endpoint = (name: string) => sampling.current()?.endpoints.find((one) => one.endpoint === name);

describe('the kernel’s samples', () => {
  it('ask nothing while nobody looks, and then not more often than a second', async () => {
    await pass(5_000);
    expect(kernel.asked).toEqual([]);
    expect(sampling.current()).toBeUndefined();
    const one = sampling.look();
    const two = sampling.look();
    await pass(4_100);
    expect(kernel.asked.filter((what) => what === 'counters')).toHaveLength(5);
    expect(kernel.asked.filter((what) => what === 'flows')).toHaveLength(3);
    one();
    one();
    kernel.asked = [];
    await pass(2_000);
    expect(kernel.asked).not.toEqual([]);
    two();
    kernel.asked = [];
    await pass(5_000);
    expect(kernel.asked).toEqual([]);
    expect(sampling.current()).toBeUndefined();
  });

  it('have what endpoints were given, a second, and carry: what ended is not carried', async () => {
    kernel.counts.set(counter, { packets: 100, bytes: 6_000 });
    kernel.flows = [
      flow('10.1.0.5', 'ESTABLISHED'),
      flow('10.1.0.5', 'ESTABLISHED'),
      flow('10.1.0.5', 'TIME_WAIT'),
    ];
    sampling.look();
    await pass(500);
    expect(endpoint('10.1.0.5:8080')).toEqual({
      server: 'web/app1',
      endpoint: '10.1.0.5:8080',
      connections: 2,
      newConnections: null,
      totalConnections: 100,
    });
    // Its counter is not there yet: not known is not none.
    expect(endpoint('[fd00::5]:8080')).toMatchObject({ totalConnections: null, newConnections: null });
    kernel.counts.set(counter, { packets: 130, bytes: 7_800 });
    await pass(1_000);
    expect(endpoint('10.1.0.5:8080')).toMatchObject({
      newConnections: expect.closeTo(30, 0),
      totalConnections: 130,
    });
    kernel.counts.set(counter, { packets: 2, bytes: 120 });
    await pass(1_000);
    expect(endpoint('10.1.0.5:8080')).toMatchObject({ newConnections: null, totalConnections: 2 });
  });

  it('know of blocked addresses what was dropped', async () => {
    blocked.set('192.0.2.7', { packets: 10, bytes: 600 });
    sampling.look();
    await pass(500);
    blocked.set('192.0.2.7', { packets: 15, bytes: 900 });
    await pass(1_000);
    expect(sampling.current()?.blocks).toEqual([
      { address: '192.0.2.7', packets: 15, bytes: 900, packetRate: expect.closeTo(5, 1) },
    ]);
    blocked.clear();
    await pass(1_000);
    expect(sampling.current()?.blocks).toEqual([]);
  });

  it('do not say how many connections there are where nobody could count them', async () => {
    kernel.conntrack.list = async () => ({ flows: [], more: true });
    sampling.look();
    await pass(500);
    expect(endpoint('10.1.0.5:8080')?.connections).toBeNull();
  });
});
