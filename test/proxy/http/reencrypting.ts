// A data plane with one route that is re-encrypted, in front of servers that a test brings.

import { onTestFinished } from 'vitest';
import type { Backend, Plan } from '../../../src/domain/plan.ts';
import type { TlsFile } from '../../../src/domain/tls.ts';
import { ConnectionTable } from '../../../src/proxy/connection-table.ts';
import { DataPlane } from '../../../src/proxy/data-plane.ts';
import { serveHttp } from '../../../src/proxy/http/client-session.ts';
import type { LiveConnection } from '../../../src/proxy/live-connection.ts';
import { systemClock } from '../../../src/proxy/system-clock.ts';
import { serveTls } from '../../../src/proxy/tls/tls-session.ts';
import { plainShard } from '../../support/plain-shard.ts';
import { authority, fileOf } from '../../support/tls-peers.ts';
import { backendOf, timeouts } from './http-plane.ts';

interface Ended {
  readonly status: number;
  readonly termination: string | undefined;
  readonly cause: string | undefined;
  readonly server: string | undefined;
  readonly steps: readonly string[];
  readonly tls: LiveConnection['serverTls'];
  readonly handshakeMono: number;
  readonly retries: number;
  readonly address: string | undefined;
  readonly reused: boolean;
}

/** Clients come plain, as the policy allows them to: what is looked at here is the servers' side. */
export async function reencrypting(
  ports: readonly number[],
  backend: Partial<Backend> = {},
  files?: readonly TlsFile[],
) {
  const ended: Ended[] = [];
  const plane = new DataPlane({
    clock: systemClock,
    random: Math.random,
    connections: new ConnectionTable(),
    serveHttp,
    serveTls,
    shard: undefined,
    instance: 'default/1',
    life: 'test',
    exclusive: true,
    processSample: () => ({ cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 }),
  });
  plane.onStreamEnd = (live) =>
    ended.push({
      status: live.status,
      termination: live.termination,
      cause: live.cause,
      server: live.server,
      steps: (live.steps ?? []).map(({ what, text }) => `${what}: ${text}`),
      tls: live.serverTls,
      handshakeMono: live.serverHandshakeMono,
      retries: live.retries,
      address: live.serverAddress,
      reused: live.reusedServerConnection,
    });
  const plan: Plan = {
    hash: 'test',
    certificates: [],
    namespaces: [],
    runtime: { name: 'test', nft: { counters: false, atExit: 'remove' }, control: [], grace: 0 },
    shards: [
      {
        name: 'default',
        ...plainShard,
        binds: [
          {
            name: 'web',
            address: { kind: 'ip', host: '127.0.0.1', port: 0 },
            mode: 'http',
            maxConnections: 1_000,
            timeouts,
            maxHeadBytes: 16_384,
            maxBodyBytes: 0,
            forwardedHeaders: 'append',
          },
        ],
      },
    ],
    routes: [
      {
        name: 'shop',
        namespace: 'default',
        labels: {},
        host: 'shop.example.com',
        path: '/',
        tls: { termination: 'reencrypt', insecureEdgeTerminationPolicy: 'Allow' },
        to: [{ backend: 'app', weight: 1 }],
      },
    ],
    backends: [backendOf('app', ports, { tls: { verify: 'required', ca: '/ca.pem' }, ...backend })],
  };
  const material = files ?? [fileOf('/ca.pem', (await authority()).cert)];
  const use = (next: readonly TlsFile[]) =>
    plane.serverProfiles.use(plan, { files: next, tickets: { secret: '', epoch: 0 } });
  await plane.apply(plan, [], {
    routes: [],
    material: { files: material, tickets: { secret: '', epoch: 0 } },
  });
  const faults = use(material);
  onTestFinished(() => plane.stop(0));
  return { plane, ended, faults, use, port: Number(plane.binds[0]!.address.split(':').at(-1)) };
}
