// A data plane on loopback, with real sockets and real time, that ends with its test.

import { onTestFinished } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import type { ServerWish } from '../../src/domain/server-state.ts';
import { ConnectionTable } from '../../src/proxy/connection-table.ts';
import { DataPlane } from '../../src/proxy/data-plane.ts';
import type { LiveConnection } from '../../src/proxy/live-connection.ts';
import type { Serve, ServeHttp } from '../../src/proxy/plane.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import type { PlaneClock } from '../../src/proxy/timers.ts';
import { serveTls } from '../../src/proxy/tls/tls-session.ts';

export interface TestPlane {
  readonly plane: DataPlane;
  /** Ended streams: "bind backend server termination". */
  readonly log: string[];
  /** The connection of each ended stream, as it was then. */
  readonly ended: LiveConnection[];
  /** The port that a bind really has. */
  port(bind: string): number;
}

export async function testPlane(
  plan: Plan,
  wishes: readonly ServerWish[] = [],
  overrides: {
    readonly serveHttp?: ServeHttp;
    readonly serveTls?: (serveHttp: ServeHttp) => Serve;
    readonly clock?: PlaneClock;
    /** Whose instance it is; without one it has every shard's binds. */
    readonly shard?: string;
  } = {},
): Promise<TestPlane> {
  const plane = new DataPlane({
    clock: overrides.clock ?? systemClock,
    random: Math.random,
    connections: new ConnectionTable(),
    serveHttp: overrides.serveHttp ?? ((socket) => socket.destroy()),
    serveTls: overrides.serveTls ?? serveTls,
    shard: overrides.shard,
    instance: `${overrides.shard ?? 'default'}/1`,
    life: 'test',
    exclusive: true,
    processSample: () => ({ cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 }),
  });
  onTestFinished(() => plane.stop(0));
  const log: string[] = [];
  const ended: LiveConnection[] = [];
  plane.onStreamEnd = (connection, backend, server) => {
    log.push(`${connection.bind} ${backend?.name ?? '-'} ${server?.name ?? '-'} ${connection.termination}`);
    ended.push(connection);
  };
  await plane.apply(plan, wishes);
  return {
    plane,
    log,
    ended,
    port(bind) {
      const address = plane.binds.find(({ name }) => name === bind)?.address ?? '';
      return Number(address.slice(address.lastIndexOf(':') + 1));
    },
  };
}
