// What the servers of each backend amount to, worked out once for each view: many places of one frame ask.

import { type BackendState, backendState } from './server-look.ts';
import { drainOf, serversOf, type View } from './view.ts';

const known = new WeakMap<View, Map<string, BackendState>>();

export function stateOf(view: View, backend: string): BackendState {
  let states = known.get(view);
  if (states === undefined) {
    states = new Map();
    known.set(view, states);
  }
  const last = states.get(backend);
  if (last !== undefined) return last;
  const servers = serversOf(view, backend);
  const state = backendState(
    servers,
    servers.flatMap(({ key }) => drainOf(view, key) ?? []),
  );
  states.set(backend, state);
  return state;
}
