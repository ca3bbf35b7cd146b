// The tables of domain/serving-tables.ts over routes as they serve, compiled for a shard, shared by its binds.

import { compileServingTables, type ServingTables } from '../domain/serving-tables.ts';
import type { RouteRuntime } from './bind-runtime.ts';

export type RouteTables = ServingTables<RouteRuntime>;

export function compileRouteTables(routes: readonly RouteRuntime[]): RouteTables {
  return compileServingTables(routes);
}

export const noRoutes: RouteTables = compileRouteTables([]);
