// A route named on the command line: that of the model, or a failure that names the one that was meant.
import type { Model, RouteEntity } from '../domain/model.ts';
import { nearest } from '../domain/nearest.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';

/** @throws CliFailure */
export function knownRoute(model: Pick<Model, 'route'>, name: string): RouteEntity {
  const route = model.route.get(name);
  if (route !== undefined) return route;
  const meant = nearest(name, model.route.keys());
  throw new CliFailure(
    'refused',
    `there is no route ${safe(name)}`,
    meant === undefined ? '`sluice show routes` lists them' : `did you mean ${safe(meant)}?`,
  );
}
