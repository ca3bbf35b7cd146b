// Every route's TLS mode: the configuration's, an operator's override, and what is in force of them; published as
// entities and drift, and as wishes for the engine.

import { type Admission, admit } from '../domain/admission.ts';
import type { Clock } from '../domain/clock.ts';
import type { CertificateEntity, RouteDrift } from '../domain/model.ts';
import type { Plan, Route } from '../domain/plan.ts';
import type { Labels } from '../domain/selector.ts';
import type { RouteWish, Termination } from '../domain/tls.ts';
import { type TlsConflict, tlsConflict } from '../domain/tls-conflicts.ts';
import type { SteeringInForce } from '../engine/engine.ts';
import { publishDrift } from './drift.ts';
import type { ModelStore } from './model-store.ts';
import type { Wished } from './overrides.ts';
import { type RouteContext, routeEntity, unverified } from './route-entity.ts';
import type { Plans } from './shape/plans.ts';
import { shardEntities } from './shards/shard-entity.ts';

/** A TLS mode that an operator wished; undefined: the configuration's own holds. */
export type RouteOverride = Wished<Termination> | undefined;

export interface RouteStates {
  /** Takes over a plan; overrides stay, also those of routes that it has not. Publishes nothing yet. */
  adopt(plans: Pick<Plans, 'configured' | 'running'>): void;
  /** Which shard serves which route now, of the plan taken over with the TLS modes in force. */
  admission(): Admission;
  /** A route of the plan, with or without TLS. */
  route(name: string): Route | undefined;
  routes(): readonly Route[];
  /** In force; undefined for a route without TLS, or that the plan does not have. */
  termination(name: string): Termination | undefined;
  configured(name: string): Termination | undefined;
  override(name: string): RouteOverride;
  overrides(): ReadonlyMap<string, Wished<Termination>>;
  /** Why it cannot be carried in that mode: what no force can do. `plan`: instead of the one taken over. */
  conflict(name: string, termination: Termination, plan?: Plan): TlsConflict | undefined;
  /** Backends of a route whose servers' certificates are not verified, were they spoken to over TLS. */
  unverified(name: string): readonly string[];
  /** What the engine is told while a change is under way, and before it is confirmed. `null`: nothing is under way. */
  propose(name: string, termination: Termination | null): RouteWish;
  /** The engine confirmed (or, for a route that is gone, nobody needs to). */
  commit(name: string, held: RouteOverride): void;
  /** Overrides that nobody has to confirm: of the state file, or such that what runs stays as it is. */
  hold(held: ReadonlyMap<string, RouteOverride>): void;
  /** The plan taken over last is in force: what it says itself is no override any more. */
  settle(): void;
  wish(name: string): RouteWish | undefined;
  /** Of every route with TLS, in the plan's order. */
  wishes(): RouteWish[];
  publish(): void;
}

export function createRouteStates(
  store: ModelStore,
  clock: Clock,
  certificateOf: (host: string | undefined, route: string) => CertificateEntity | undefined,
  /** What else follows from the modes in force, and is published with them. */
  publishing: () => void = () => {},
  steering: () => readonly SteeringInForce[] = () => [],
): RouteStates {
  let plan: Plan | undefined;
  let configuredPlan: Plan | undefined;
  let routes = new Map<string, Route>();
  let configuredLabels = new Map<string, Labels>();
  /** Until a plan or a mode is another one. */
  let admitted: Admission | undefined;
  const overrides = new Map<string, Wished<Termination>>();
  const proposed = new Map<string, Termination>();

  const inForce = ({ name, tls }: Route): Termination | undefined =>
    tls && (overrides.get(name)?.value ?? tls.termination);

  function admission(): Admission {
    admitted ??= admit(plan ?? { shards: [], routes: [], namespaces: [] }, inForce);
    return admitted;
  }

  function setOverride(name: string, held: RouteOverride): void {
    admitted = undefined;
    if (held === undefined) overrides.delete(name);
    else overrides.set(name, held);
  }

  function wish(name: string): RouteWish | undefined {
    const route = routes.get(name);
    const termination = route?.tls && (proposed.get(name) ?? inForce(route));
    return termination && { route: name, termination };
  }

  function publishModes(): void {
    publishDrift(
      store,
      'termination',
      [...overrides].flatMap(([name, held]) => driftOf(name, held, routes.get(name))),
    );
  }

  return {
    adopt({ configured, running }) {
      plan = running;
      configuredPlan = configured;
      admitted = undefined;
      routes = new Map(running.routes.map((route) => [route.name, route]));
      configuredLabels = new Map(configured.routes.map(({ name, labels }) => [name, labels]));
    },
    admission,
    route: (name) => routes.get(name),
    routes: () => [...routes.values()],
    termination(name) {
      const route = routes.get(name);
      return route && inForce(route);
    },
    configured: (name) => routes.get(name)?.tls?.termination,
    override: (name) => overrides.get(name),
    overrides: () => overrides,

    conflict(name, termination, of = plan) {
      const route = of?.routes.find((each) => each.name === name);
      // Of a mode that holds already it is asked what came of it: what the others would have with the configured one.
      const inForceBefore = (each: Route): Termination | undefined =>
        each.name === name && inForce(each) === termination ? each.tls?.termination : inForce(each);
      return of && route && tlsConflict(route, termination, of, inForceBefore);
    },

    unverified(name) {
      const route = routes.get(name);
      return plan && route ? unverified(route, plan) : [];
    },

    propose(name, termination) {
      if (termination === null) proposed.delete(name);
      else proposed.set(name, termination);
      return wish(name)!;
    },

    commit(name, held) {
      proposed.delete(name);
      setOverride(name, held);
      this.publish();
    },

    hold(held) {
      for (const [name, override] of held) setOverride(name, override);
    },

    settle() {
      for (const [name, { value }] of [...overrides])
        if (routes.get(name)?.tls?.termination === value) setOverride(name, undefined);
    },

    wish,
    wishes: () => [...routes.keys()].flatMap((name) => wish(name) ?? []),

    publish() {
      if (!plan) return;
      publishing();
      const context: RouteContext = {
        plan,
        admission: admission(),
        configuredLabels: (name) => configuredLabels.get(name),
        now: clock.now(),
        certificateOf,
      };
      store.replace(
        'route',
        [...routes].map(([name, route]) => [name, routeEntity(route, inForce(route), context)]),
      );
      store.replace(
        'shard',
        shardEntities(plan, configuredPlan ?? plan, admission(), steering()).map((shard) => [
          shard.name,
          shard,
        ]),
      );
      publishModes();
    },
  };
}

/** Of a route that is gone, or has no TLS any more, the override is kept, and told, until somebody resets it. */
function driftOf(
  name: string,
  { value, by, at }: Wished<Termination>,
  route: Route | undefined,
): RouteDrift[] {
  const configured = route ? (route.tls?.termination ?? 'no TLS') : 'no such route';
  if (configured === value) return [];
  return [
    { key: `${name}:termination`, route: name, field: 'termination', configured, running: value, by, at },
  ];
}
