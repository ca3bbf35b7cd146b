import { describe, expect, it } from 'vitest';
import type { BindSample, ServerSample } from '../../../src/domain/counters.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Count } from '../../../src/nft/ruleset/ruleset.ts';
import { countedOf, counterNames } from '../../../src/nft/table/parts/count-part.ts';
import { createComparison } from '../../../src/runtime/kernel/compared.ts';
import { countWishOf } from '../../../src/runtime/kernel/count-wish.ts';
import type { Reading } from '../../../src/runtime/traffic.ts';
import { backend, plan, server } from '../fixture.ts';

const where = (port: number) => ({ kind: 'ip' as const, host: '10.0.0.9', port });

const pair = plan({
  backends: [
    backend({
      name: 'db',
      mode: 'tcp',
      servers: [
        server('one', { address: where(1) }),
        server('two', { address: { kind: 'unix', path: '/x' } }),
      ],
    }),
    backend({
      servers: [
        server('same', { address: where(1) }),
        server('named', { address: { kind: 'ip', host: 'db.example', port: 1 } }),
      ],
    }),
  ],
});
const listening = {
  binds: [
    { name: ':80', shard: 'default', address: '[::]:80', mode: 'http', maxConnections: 1, state: 'open' },
  ] as const,
  privatePorts: [
    { shard: 'default', bind: ':80', instance: 'default/1', host: '::', port: 4_001 },
    { shard: 'default', bind: ':80', instance: 'default/2', host: '::', port: 4_002 },
  ],
};
const counted = countedOf(countWishOf(pair, listening));

interface Figures {
  /** By name of what is counted: connections; bytes are a thousand times as many. */
  readonly kernel: Readonly<Record<string, number>>;
  readonly bind: number;
  readonly servers?: Readonly<Record<string, number>>;
  readonly life?: string;
}

function countersOf(kernel: Figures['kernel']): Map<string, Count> {
  return new Map(
    counted.flatMap(({ name }) => {
      const many = kernel[name] ?? 0;
      const names = counterNames(name);
      return [
        [names.in, { packets: many * 5, bytes: many * 1_000 }],
        [names.out, { packets: many * 4, bytes: many * 2_000 }],
        [names.new, { packets: many, bytes: many * 60 }],
      ] as const;
    }),
  );
}

function readingOf({ bind, servers = {}, life = 'a' }: Figures): Reading {
  const traffic = (total: number) => ({ total, bytesIn: total * 900, bytesOut: total * 1_900 });
  return {
    at: 0,
    life,
    binds: new Map([[':80', { name: ':80', ...traffic(bind) } as BindSample]]),
    servers: new Map(
      Object.entries(servers).map(
        ([key, total]) => [key, { key, ...traffic(total) } as ServerSample] as const,
      ),
    ) as Reading['servers'],
    backends: new Map(),
    routes: new Map(),
    instances: new Map(),
    process: { cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 },
  };
}

const take = (
  comparison: ReturnType<typeof createComparison>,
  figures: Figures,
  at: number,
  of: Plan = pair,
) =>
  comparison.take(
    { plan: of, counted, counters: countersOf(figures.kernel), reading: readingOf(figures) },
    at,
  );

const row = (comparison: ReturnType<typeof createComparison>, kind: string, name: string) =>
  comparison.compared.find((one) => one.kind === kind && one.name === name)!;

const bindName = counted.find(({ bind, instance }) => bind === ':80' && instance === undefined)!.name;
const instanceName = counted.find(({ instance }) => instance === 'default/2')!.name;

describe('what proxy and kernel counted', () => {
  it('is counted from when both were first read together', () => {
    const comparison = createComparison();
    expect(comparison.since).toBeNull();
    take(comparison, { kernel: { [bindName]: 1_000 }, bind: 7 }, 50);
    take(comparison, { kernel: { [bindName]: 1_003 }, bind: 10 }, 60);
    expect(comparison.since).toBe(50);
    expect(row(comparison, 'bind', ':80')).toMatchObject({
      proxy: { connections: 3, bytesIn: 2_700, bytesOut: 5_700 },
      kernel: { connections: 3, bytesIn: 3_000, bytesOut: 6_000, packetsIn: 15, packetsOut: 12 },
    });
  });

  it('is of a bind with what single instances took by their private ports, and of its shard', () => {
    const comparison = createComparison();
    take(comparison, { kernel: {}, bind: 0 }, 0);
    take(comparison, { kernel: { [bindName]: 1, [instanceName]: 4 }, bind: 5 }, 1);
    expect(row(comparison, 'bind', ':80').kernel?.connections).toBe(5);
    expect(row(comparison, 'shard', 'default').kernel?.connections).toBe(5);
    expect(row(comparison, 'shard', 'default').proxy?.connections).toBe(5);
    expect(row(comparison, 'instance', 'default/2')).toMatchObject({
      proxy: null,
      kernel: { connections: 4 },
    });
  });

  it('begins anew, all of it, where either side does', () => {
    const comparison = createComparison();
    take(comparison, { kernel: { [bindName]: 5, [instanceName]: 5 }, bind: 10 }, 10);
    take(comparison, { kernel: { [bindName]: 9, [instanceName]: 5 }, bind: 14 }, 20);
    expect(comparison.since).toBe(10);
    // `nft reset counters`
    take(comparison, { kernel: { [bindName]: 0, [instanceName]: 1 }, bind: 16 }, 30);
    expect(comparison.since).toBe(30);
    expect(row(comparison, 'bind', ':80')).toMatchObject({
      proxy: { connections: 0 },
      kernel: { connections: 0 },
    });
    take(comparison, { kernel: { [bindName]: 2, [instanceName]: 1 }, bind: 18 }, 40);
    expect(row(comparison, 'bind', ':80')).toMatchObject({
      proxy: { connections: 2 },
      kernel: { connections: 2 },
    });
    // Another life of the data plane, which counts more already.
    take(comparison, { kernel: { [bindName]: 3, [instanceName]: 1 }, bind: 500, life: 'b' }, 50);
    expect(comparison.since).toBe(50);
    expect(row(comparison, 'bind', ':80')).toMatchObject({
      proxy: { connections: 0 },
      kernel: { connections: 0 },
    });
  });

  it('says why a side has no figure, or another one', () => {
    const comparison = createComparison();
    take(comparison, { kernel: {}, bind: 0, servers: { 'db/one': 3, 'web/same': 4 } }, 0);
    expect(row(comparison, 'server', 'db/one')).toMatchObject({
      proxy: { connections: 0 },
      why: 'the same address is web/same: the kernel counts them together',
    });
    expect(row(comparison, 'server', 'db/two')).toMatchObject({
      proxy: null,
      kernel: null,
      why: 'a unix socket has no packets',
    });
    expect(row(comparison, 'server', 'web/same').proxy?.connections).toBeNull();
    expect(row(comparison, 'server', 'web/same').why).toContain('a connection carries several');
    expect(row(comparison, 'server', 'web/named').kernel).toBeNull();
    expect(row(comparison, 'server', 'web/named').why).toContain('its address is a name');
  });
});

describe('what the kernel is to count', () => {
  it('is what really listens, and servers by address', () => {
    const wish = countWishOf(
      plan({ backends: [backend({ servers: [server('s', { address: where(80), tlsPort: 443 })] })] }),
      {
        binds: [
          { ...listening.binds[0], name: 'v4', address: '10.0.0.1:8080' },
          { ...listening.binds[0], name: 'sock', address: 'unix:/run/x.sock' },
          { ...listening.binds[0], name: 'path', address: '10.0.0.1:81', path: { by: 'kernel' } },
          { ...listening.binds[0], name: 'relayed', address: '10.0.0.1:82', path: { by: 'relay' } },
        ],
        privatePorts: [{ shard: 'default', bind: 'v4', instance: 'default/1', host: '10.0.0.1', port: 9 }],
      },
    );
    expect(wish.binds.map(({ bind, host, port, byKernel }) => `${bind} ${host} ${port} ${byKernel}`)).toEqual(
      ['v4 10.0.0.1 8080 false', 'path 10.0.0.1 81 true', 'relayed 10.0.0.1 82 false'],
    );
    expect(wish.binds[0]?.privatePorts).toEqual([{ instance: 'default/1', port: 9 }]);
    expect(wish.servers).toEqual([
      { server: 'web/s', host: '10.0.0.9', port: 80 },
      { server: 'web/s', host: '10.0.0.9', port: 443 },
    ]);
    expect(new Set(countedOf(wish).map(({ name }) => name)).size).toBe(countedOf(wish).length);
  });
});
