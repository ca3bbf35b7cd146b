// What one stream adds to the counters of its bind, route, backend and server.

import type { Who } from '../../domain/termination.ts';
import type { BackendRuntime } from '../backend-runtime.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import { countStatus } from '../counters.ts';
import type { ServerRuntime } from '../server-runtime.ts';

/** Where a stream went, as far as it got. */
export interface StreamPlaces {
  readonly route: RouteRuntime | undefined;
  readonly backend: BackendRuntime | undefined;
  readonly server: ServerRuntime | undefined;
}

export function countAnswer(
  bind: BindRuntime,
  { route, backend, server }: StreamPlaces,
  status: number,
): void {
  countStatus(bind.traffic, status);
  if (route !== undefined) countStatus(route.traffic, status);
  if (backend !== undefined) countStatus(backend.traffic, status);
  if (server !== undefined) countStatus(server.traffic, status);
}

export function countSent(bind: BindRuntime, { route, backend, server }: StreamPlaces, length: number): void {
  bind.traffic.bytesOut += length;
  if (route !== undefined) route.traffic.bytesOut += length;
  if (backend !== undefined) backend.traffic.bytesOut += length;
  if (server !== undefined) server.traffic.bytesOut += length;
}

/** Aborts by one of the two peers; what a server refused to begin is counted as a connection error. */
export function countAbort(bind: BindRuntime, { route, backend, server }: StreamPlaces, who: Who): void {
  const kind = who === 'C' || who === 'c' ? 'clientAborts' : who === 'S' ? 'serverAborts' : undefined;
  if (kind === undefined) return;
  bind.traffic[kind] += 1;
  if (route !== undefined) route.traffic[kind] += 1;
  if (backend !== undefined) backend.traffic[kind] += 1;
  if (server !== undefined) server.traffic[kind] += 1;
}
