// A route named on the command line: that of the model, or a failure that names the one that was meant.
import type { Model, RouteEntity } from '../domain/model.ts';
import { nearest } from '../domain/nearest.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';

/** @throws CliFailure */
export function knownRoute({ route: routes }: Pick<Model, 'route'>, name: string): RouteEntity {
  const route = routes.get(name);
  if (route !== undefined) return route;
  if (routes.size === 0)
    throw new CliFailure('refused', `there is no route ${safe(name)}: the configuration has none`);
  const meant = nearest(name, routes.keys());
  throw new CliFailure(
    'refused',
    `there is no route ${safe(name)}`,
    meant === undefined ? '`sluice show routes` lists them' : `did you mean ${safe(meant)}?`,
  );
}

/** What was overridden of a route that is gone can still be dropped, so it is known as well. @throws CliFailure */
export function routeOrItsDrift(model: Pick<Model, 'route' | 'drift'>, name: string): void {
  for (const drift of model.drift.values()) if ('route' in drift && drift.route === name) return;
  knownRoute(model, name);
}
