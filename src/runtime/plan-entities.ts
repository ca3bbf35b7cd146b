// The part of the model that follows from the plan alone.

import type { BackendEntity, RouteEntity } from '../domain/model.ts';
import { type Backend, type Check, type Route, serverKey } from '../domain/plan.ts';

export function backendEntity(backend: Backend, checkSummary: (check: Check) => string): BackendEntity {
  const check = backend.check && checkSummary(backend.check);
  return {
    name: backend.name,
    mode: backend.mode,
    algorithm: backend.algorithm,
    ...(backend.cookie && { cookie: backend.cookie.name }),
    ...(check !== undefined && { check }),
    servers: backend.servers.map(({ name }) => serverKey(backend.name, name)),
  };
}

export function routeEntity({ name, host, path, to }: Route): RouteEntity {
  return { name, path, to, warnings: [], ...(host !== undefined && { host }) };
}
