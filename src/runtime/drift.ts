// The model's drift: what runs against what the configuration says, servers and their endpoints first, then routes' TLS modes, then shape.

import type { DriftEntity } from '../domain/model.ts';
import type { ModelStore } from './model-store.ts';

type Part = 'server' | 'endpoint' | 'termination' | 'shape';
const parts: readonly Part[] = ['server', 'endpoint', 'termination', 'shape'];

/** Each part says all that it has, and leaves the others' alone. */
export function publishDrift(store: ModelStore, part: Part, drift: readonly DriftEntity[]): void {
  const others = [...store.model.drift.values()];
  store.replace(
    'drift',
    parts
      .flatMap((each) => (each === part ? drift : others.filter((entry) => partOf(entry) === each)))
      .map((entry) => [entry.key, entry]),
  );
}

function partOf(entry: DriftEntity): Part {
  if ('server' in entry) return entry.field === 'endpoint' ? 'endpoint' : 'server';
  return entry.field === 'termination' ? 'termination' : 'shape';
}
