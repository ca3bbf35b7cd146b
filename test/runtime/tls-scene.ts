// A runtime with routes that have TLS, whose preflights say what a test wants.

import type { Command, Outcome } from '../../src/domain/command.ts';
import type { Plan, Route } from '../../src/domain/plan.ts';
import type { Preflight } from '../../src/domain/preflight.ts';
import type { RouteTls, Termination } from '../../src/domain/tls.ts';
import { plainRoute } from '../support/plain-route.ts';
import { certificate, certificatesInMemory } from './certificates-in-memory.ts';
import { plan, type Scene, type SceneOptions, scene, type TestConsole } from './fixture.ts';

export function tlsRoute(
  name: string,
  termination: Termination,
  over: Partial<Omit<Route, 'tls'>> & { tls?: Partial<RouteTls> } = {},
): Route {
  const { tls, ...rest } = over;
  return plainRoute(name, {
    ...rest,
    tls: { termination, insecureEdgeTerminationPolicy: 'None', ...tls },
  });
}

export function tlsPlan(over: Parameters<typeof plan>[0] = {}): Plan {
  const base = plan();
  const [shard] = base.shards;
  const [bind] = shard!.binds;
  return plan({
    shards: [
      {
        ...shard!,
        binds: [
          bind!,
          {
            ...bind!,
            name: ':443',
            address: { kind: 'ip', host: '::', port: 443 },
            mode: 'tls',
            tls: { minVersion: 'TLSv1.2' },
          },
        ],
      },
    ],
    routes: [tlsRoute('shop', 'edge'), tlsRoute('api', 'reencrypt')],
    ...over,
  });
}

export interface TlsScene extends Scene {
  readonly anna: TestConsole;
  readonly certificates: ReturnType<typeof certificatesInMemory>;
  /** Of preflights from now on. */
  verdict: Preflight['findings'] | 'never ends';
  act(command: Command, conditions?: Parameters<TestConsole['client']['execute']>[1]): Promise<Outcome>;
  mode(route?: string): Termination | undefined;
  /** Comes by at a route now: requests, of them refused ones, and handshakes that fail. */
  comes(requests: number, refused?: number, handshakesFailed?: number): void;
  /** Texts of the journal, newest last. */
  told(): string[];
}

export const toReencrypt: Extract<Command, { kind: 'tls-switch' }> = {
  kind: 'tls-switch',
  route: 'shop',
  termination: 'reencrypt',
  watchMs: 60_000,
  threshold: 0.05,
  closeMs: 0,
};

export async function tlsScene(options: SceneOptions = {}): Promise<TlsScene> {
  const certificates = certificatesInMemory(certificate({ names: ['shop.example.com', 'api.example.com'] }));
  const base = await scene({
    plan: tlsPlan(),
    certificates: () => certificates,
    preflight(route, to, listener) {
      const { verdict } = self;
      if (verdict === 'never ends') return () => {};
      const unsafe = verdict.some(({ severity }) => severity === 'unsafe');
      listener({
        route,
        from: 'edge',
        to,
        connections: { passthrough: 0, edge: 0, reencrypt: 0 },
        findings: verdict,
        pending: 0,
        verdict: unsafe ? 'unsafe' : 'safe',
      });
      return () => {};
    },
    ...options,
  });
  const self: TlsScene = Object.assign(base, {
    anna: undefined as never,
    certificates,
    verdict: [] as TlsScene['verdict'],
    async act(command: Command, conditions?: Parameters<TestConsole['client']['execute']>[1]) {
      let outcome: Outcome | undefined;
      void self.anna.client.execute(command, conditions).then((came) => {
        outcome = came;
      });
      // Files are written in their own time.
      while (outcome === undefined) await self.settle();
      return outcome;
    },
    mode: (route = 'shop') => self.anna.client.model.route.get(route)?.tls?.termination,
    comes(requests: number, refused = 0, handshakesFailed = 0) {
      const sample = self.engine.route('shop');
      sample.total += requests;
      sample.status[1] += requests - refused;
      sample.status[4] += refused;
      sample.handshakeFailures += handshakesFailed;
      sample.failingClients += handshakesFailed;
    },
    told: () => [...self.anna.client.model.journal.values()].map(({ text }) => text),
  });
  return Object.assign(self, { anna: await base.console() });
}
