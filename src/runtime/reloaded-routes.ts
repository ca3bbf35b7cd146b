// What a plan in force means for TLS modes that operators chose under the one before: watches of routes that are others now
// end, overrides of routes that are back hold again. Both are told.

import type { Plan, Route } from '../domain/plan.ts';
import type { Happening } from './journal.ts';
import type { RouteStates } from './route-states.ts';
import type { TlsSwitches } from './tls-switches.ts';

type States = Pick<RouteStates, 'termination' | 'override'>;

export function endSwitches(
  before: Plan,
  after: Plan,
  states: States,
  switches: Pick<TlsSwitches, 'all' | 'end'>,
  happened: (happening: Happening) => void,
): void {
  for (const { route, from, to, by, phase } of switches.all()) {
    const now = states.termination(route);
    const same = sameRoute(routeOf(before, route), routeOf(after, route));
    if (same && now === (phase === 'reverted' ? from : to)) continue;
    switches.end(route);
    if (phase !== 'watching') continue;
    const why =
      now === undefined
        ? `${route} is not in the configuration any more, or has no TLS`
        : now === to
          ? 'the route is another one, and cannot be compared'
          : `the configuration says ${now}`;
    happened({
      subject: route,
      from: 'TLS switch',
      severity: 'warning',
      text: `watching the switch to ${to} by ${by} ended with the reload: ${why}`,
    });
  }
}

/** Of routes with TLS that `after` has and `before` had not. */
export function keptRouteOverrides(
  before: Plan,
  after: Plan,
  states: States,
  happened: (happening: Happening) => void,
): void {
  for (const { name, tls } of after.routes) {
    const held = states.override(name);
    if (!tls || !held || routeOf(before, name)?.tls) continue;
    happened({
      subject: name,
      from: 'reload',
      severity: 'warning',
      text: `${name} is in the configuration again: the override by ${held.by} holds (${held.value})`,
    });
  }
}

const routeOf = ({ routes }: Plan, name: string): Route | undefined =>
  routes.find((route) => route.name === name);

/** But for its TLS mode: with another host, path or other backends the figures of before are of something else. */
function sameRoute(a: Route | undefined, b: Route | undefined): boolean {
  return factsOf(a) === factsOf(b);
}

function factsOf(route: Route | undefined): string {
  if (!route?.tls) return '';
  const { host, path, to, tls } = route;
  return JSON.stringify([host, path, to, { ...tls, termination: undefined }]);
}
