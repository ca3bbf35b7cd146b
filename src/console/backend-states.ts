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
  const shown = servers.length === 0 && !isLedTo(view, backend) ? unused(state) : state;
  states.set(backend, shown);
  return shown;
}

/** Some route or bind sends to it. */
function isLedTo({ model }: View, name: string): boolean {
  for (const { backend } of model.bind.values()) if (backend === name) return true;
  for (const { to } of model.route.values()) if (to.some(({ backend }) => backend === name)) return true;
  return false;
}

/** A service without endpoints that nobody asks for, as clusters have them, is no outage. */
function unused(state: BackendState): BackendState {
  return { ...state, text: 'unused', look: { sign: '–', tone: 'muted' }, severity: 0 };
}
