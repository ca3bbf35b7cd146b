// The model's drift: what runs against what the configuration says, servers first, then routes.

import type { DriftEntity, RouteDrift, ServerDrift } from '../domain/model.ts';
import type { ModelStore } from './model-store.ts';

/** Each part says all that it has, and leaves the other's alone. */
export function publishServerDrift(store: ModelStore, drift: readonly ServerDrift[]): void {
  publish(store, [...drift, ...[...store.model.drift.values()].filter((entry) => 'route' in entry)]);
}

export function publishRouteDrift(store: ModelStore, drift: readonly RouteDrift[]): void {
  publish(store, [...[...store.model.drift.values()].filter((entry) => 'server' in entry), ...drift]);
}

function publish(store: ModelStore, drift: readonly DriftEntity[]): void {
  store.replace(
    'drift',
    drift.map((entry) => [entry.key, entry]),
  );
}
