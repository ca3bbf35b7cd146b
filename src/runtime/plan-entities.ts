// The part of the model that follows from the plan alone.

import type { BackendEntity } from '../domain/model.ts';
import { type Backend, type Check, serverKey } from '../domain/plan.ts';

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
