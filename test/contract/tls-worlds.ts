// What the TLS side of the engine contract is tried on: a plan with a route that has TLS and one that has not, the files
// that it names in two editions, and clients that can tell in which mode they were carried.

import type { ConnectionRow } from '../../src/domain/connection.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { ServerWish } from '../../src/domain/server-state.ts';
import type { RouteTls, RouteWish, Termination, TlsMaterial } from '../../src/domain/tls.ts';
import type { Engine, TlsInForce } from '../../src/engine/engine.ts';
import { routeOf } from '../proxy/plan-parts.ts';
import { planOf, wish } from './worlds.ts';

export type Edition = 'first' | 'second';

/** What a client met. */
export interface Met {
  readonly mode: Termination;
  /** Which edition of our certificate it was shown; undefined where it was the server's own. */
  readonly certificate: Edition | undefined;
}

export interface TlsWorld {
  readonly engine: Engine;
  /** Route "shop" of shop.example.com, in mode edge; route "plain" without TLS. */
  readonly plan: Plan;
  readonly otherPlan: Plan;
  /** A plan that this engine refuses the next time it is applied. */
  badPlan(): Plan;
  material(edition: Edition): TlsMaterial;
  /** A handshake and a request on a connection of its own, to the shop. */
  request(): Promise<Met>;
  /** The same on a connection that stays open, idle. */
  hold(): Promise<HeldTls>;
  /** The process of the instance dies, without a word. */
  killInstance(): void;
  close(): Promise<void>;
}

export interface HeldTls {
  readonly row: ConnectionRow;
  readonly met: Met;
  /** Another request over it; answers in which mode it was carried. */
  again(): Promise<Termination>;
  /** Resolves when the engine ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

export const shop = (termination: Termination): RouteWish => ({ route: 'shop', termination });
export const appReady: readonly ServerWish[] = [wish('web/app1')];
export const inForce = (
  world: Pick<TlsWorld, 'material'>,
  edition: Edition,
  ...routes: RouteWish[]
): TlsInForce => ({ routes, material: world.material(edition) });

/** Nobody but the material has these: an instance that looked for files would find none. */
export const paths = {
  cert: '/nowhere/shop.pem',
  key: '/nowhere/shop.key',
  serverAuthority: '/nowhere/servers.pem',
} as const;

export const shopTls: RouteTls = {
  termination: 'edge',
  insecureEdgeTerminationPolicy: 'None',
  certificate: { cert: paths.cert, key: paths.key },
  destinationCACertificate: paths.serverAuthority,
};

/** One server, that speaks plain HTTP on the first port and TLS on the second. */
export function tlsPlanOf(hash: string, plain: number, tls: number, bindPort = 0): Plan {
  const plan = planOf(hash, [plain, plain, plain]);
  const [shard] = plan.shards;
  const { backend: _, ...bind } = shard!.binds[0]!;
  const [web] = plan.backends;
  const address = { kind: 'ip' as const, host: '127.0.0.1', port: bindPort };
  return {
    ...plan,
    shards: [
      {
        ...shard!,
        binds: [{ ...bind, name: 'secure', mode: 'tls', tls: { minVersion: 'TLSv1.2' }, address }],
      },
    ],
    routes: [
      routeOf('shop', { host: 'shop.example.com', tls: shopTls, to: [{ backend: 'web', weight: 1 }] }),
      routeOf('plain', { host: 'plain.example.com', to: [{ backend: 'web', weight: 1 }] }),
    ],
    backends: [{ ...web!, servers: [{ ...web!.servers[0]!, tlsPort: tls }] }],
  };
}
