// What routes need of each other. Who wins a host is decided in each shard, by admission (domain/admission.ts).

import { at, duplicates, type Found, items } from './found.ts';
import type { Finding } from './problem.ts';

export function checkRoutes(routes: readonly Found[]): Finding[] {
  const names = routes.map((route) => at(route, 'name'));
  return duplicates('route', names);
}

export function routeWarnings(routes: readonly Found[]): Finding[] {
  return routes
    .map((route) => at(route, 'to'))
    .filter((to) => {
      const weights = items(to).map((target) => at(target, 'weight').value);
      return weights.length > 0 && weights.every((weight) => weight === 0);
    })
    .map(({ path }) => ({ path, message: 'every weight is 0: the route answers 503' }));
}
