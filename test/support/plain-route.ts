// A route without anything special about it: plans made by hand begin with it.

import type { Route } from '../../src/domain/plan.ts';

export function plainRoute(name: string, over: Partial<Route> = {}): Route {
  return {
    name,
    namespace: 'default',
    labels: {},
    host: `${name}.example.com`,
    path: '/',
    to: [{ backend: 'web', weight: 1 }],
    ...over,
  };
}
