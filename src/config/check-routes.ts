// What routes need of each other.

import { at, duplicates, type Found, items, textOf } from './found.ts';
import type { Finding } from './problem.ts';
import { parseHost } from './values.ts';

export function checkRoutes(routes: readonly Found[]): Finding[] {
  const names = routes.map((route) => at(route, 'name'));
  return [...duplicates('route', names), ...routesTogether(routes)];
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

function routesTogether(routes: readonly Found[]): Finding[] {
  const seen = new Map<string, string>();
  return routes.flatMap((route) => {
    const written = textOf(at(route, 'host'));
    const host = written === undefined ? '' : parseHost(written);
    const hostName = typeof host === 'string' ? host : host.ok ? host.value : written!;
    const path = at(route, 'path').value === undefined ? '/' : textOf(at(route, 'path'));
    if (path === undefined) return [];
    const key = `${hostName} ${path}`;
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, textOf(at(route, 'name')) ?? 'an earlier one');
      return [];
    }
    const where = `${hostName === '' ? 'every host' : hostName}, path ${path}`;
    return [
      {
        path: route.path,
        message: `the route "${other}" already serves ${where}`,
        remedy: 'change host or path',
      },
    ];
  });
}
