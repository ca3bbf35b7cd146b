// All that a runtime has of TLS, wired together: certificates, TLS modes, their switches, what is probed before one.

import type { Clock } from '../domain/clock.ts';
import type { EngineSample } from '../domain/counters.ts';
import type { Plan } from '../domain/plan.ts';
import type { Termination } from '../domain/tls.ts';
import type { TlsSwitch } from '../domain/tls-switch.ts';
import type { Engine } from '../engine/engine.ts';
import type { Certificates, CertificatesOptions } from './certificates/certificates.ts';
import type { Commands } from './commands.ts';
import { createRouteFares, type RouteFares } from './fares.ts';
import type { Happening } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import type { Wished } from './overrides.ts';
import { createPreflights } from './preflight/preflights.ts';
import { createPreflightsAhead, type PreflightsAhead, type RunPreflight } from './preflight-ahead.ts';
import { endSwitches, keptRouteOverrides } from './reloaded-routes.ts';
import { type RouteCommandContext, routeCommandFault, switchWatch } from './route-commands.ts';
import { createRouteStates, type RouteStates } from './route-states.ts';
import type { ServerStates } from './server-states.ts';
import type { Plans } from './shape/plans.ts';
import { createTlsSwitches, type TlsSwitches } from './tls-switches.ts';

export interface TlsDesk {
  readonly certificates: Certificates;
  readonly routes: RouteStates;
  readonly switches: TlsSwitches;
  readonly fares: RouteFares;
  readonly ahead: PreflightsAhead['ahead'];
  readonly preflight: RunPreflight;
  readonly context: RouteCommandContext;
  step(sample: EngineSample): void;
  /** What a state file says, before the plan is in force. Answers what of it cannot hold any more, in words. */
  hold(saved: ReadonlyMap<string, Wished<Termination>>, plans: Plans): string[];
  /** Switches of the run before, once the plan is in force. */
  restore(saved: readonly TlsSwitch[]): void;
  inForce(before: Plan, after: Plan): void;
  close(): void;
}

/** Days pass, and certificates expire, without anything that happens. */
const lookAgainMs = 3_600_000;

export function createTlsDesk(options: {
  readonly store: ModelStore;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly createCertificates: (options: CertificatesOptions) => Certificates;
  /** Default: servers are probed. */
  readonly preflight: RunPreflight | undefined;
  readonly states: Pick<ServerStates, 'has' | 'wish'>;
  planInForce(): Plan;
  commands(): Pick<Commands, 'attempt'>;
  assertRoute(route: string): void;
  terminationChanged(): void;
  happened(happening: Happening): void;
  save(): Promise<void>;
}): TlsDesk {
  const { store, clock, engine, happened, save, planInForce } = options;
  const certificates = options.createCertificates({
    clock,
    happened,
    changed: (material) => engine.setTlsMaterial(material),
  });
  const routes: RouteStates = createRouteStates(
    store,
    clock,
    (host) => certificates.certificateOf(host),
    publishCertificates,
    () => engine.snapshot().steering,
  );
  const fares = createRouteFares();
  const switches = createTlsSwitches({
    store,
    clock,
    fares,
    endInOtherModes: (route, how) => engine.endInOtherModes(route, how),
    async revert({ route, startedAt }, earlier) {
      const stillMeant = (): boolean => {
        const now = switches.of(route);
        return now?.startedAt === startedAt && now.phase === 'watching';
      };
      const asked = { kind: 'tls-revert', route } as const;
      const { outcome, entry } = await options
        .commands()
        .attempt(asked, switchWatch, stillMeant, earlier?.entry);
      if (outcome.result === 'done') return 'done';
      if (outcome.result === 'unknown' || outcome.code === 'busy') return { entry };
      return { cannot: outcome.text };
    },
    happened,
    changed: () => void save(),
  });
  const preflight = options.preflight ?? probing();
  const preflights = createPreflightsAhead(
    preflight,
    clock,
    // What is refused anyway, or is so already, needs no probe.
    (command) =>
      routes.termination(command.route) !== command.termination &&
      routeCommandFault(command, undefined, { engine, routes, switches }) === undefined,
  );
  const context: RouteCommandContext = {
    engine,
    routes,
    switches,
    clock,
    preflightOf: preflights.of,
    assertRoute: options.assertRoute,
    terminationChanged: options.terminationChanged,
    save,
  };

  function probing(): RunPreflight {
    const { states } = options;
    return createPreflights({
      plan: planInForce,
      content: (path) => certificates.content(path),
      certificateOf: (host) => certificates.certificateOf(host),
      terminationOf: ({ name }) => routes.termination(name),
      stateOf: (server) => (states.has(server) ? states.wish(server) : undefined),
      connectionsByMode: (route) => fares.open(route) ?? { passthrough: 0, edge: 0, reencrypt: 0 },
      clock,
    }).open;
  }

  /** Clients of a route that is passed through are shown none of ours. */
  function publishCertificates(): void {
    const isEndedHere = (route: string) => routes.termination(route) !== 'passthrough';
    store.replace(
      'certificate',
      certificates
        .entities()
        .map((entity) => [entity.key, { ...entity, routes: entity.routes.filter(isEndedHere) }]),
    );
  }

  const stopChanges = certificates.changes(() => routes.publish());
  let cancelLook = clock.after(lookAgainMs, lookAgain);
  function lookAgain(): void {
    cancelLook = clock.after(lookAgainMs, lookAgain);
    routes.publish();
  }

  return {
    certificates,
    routes,
    switches,
    fares,
    ahead: preflights.ahead,
    preflight,
    context,
    step: (sample) => switches.step(sample),

    hold(saved, plans) {
      routes.hold(saved);
      routes.adopt(plans);
      return [...saved].flatMap(([route, { value, by }]) => {
        const conflict = routes.configured(route) && routes.conflict(route, value);
        if (!conflict) return [];
        routes.hold(new Map([[route, undefined]]));
        return [`${route} is not ${value} by ${by} any more: ${conflict.text}`];
      });
    },

    restore(saved) {
      for (const each of saved) {
        if (each.phase === 'watching')
          happened({
            subject: each.route,
            from: 'start',
            severity: 'warning',
            text: `the switch to ${each.to} by ${each.by} was being watched when the runtime ended: it stays ${routes.termination(each.route) ?? 'gone'}, and reverts no more by itself`,
          });
        // Of a route that is carried in another mode by now it says nothing.
        if (routes.termination(each.route) === each.to && each.phase !== 'reverted') switches.restore(each);
      }
    },

    inForce(before, after) {
      routes.settle();
      fares.keep(new Set(after.routes.map(({ name }) => name)));
      endSwitches(before, after, routes, switches, happened);
      keptRouteOverrides(before, after, routes, happened);
      routes.publish();
    },

    close() {
      stopChanges();
      cancelLook();
      certificates.close();
    },
  };
}
