// Draining and readying one endpoint of a server that is a service, by the keys that do it to a server.

import type { Desk } from './desk.ts';
import { ask, send } from './questions.ts';
import { selectedOf } from './selection.ts';

/** False where the cursor is on no endpoint. */
export function askDrainEndpoint(desk: Desk): boolean {
  const selected = selectedOf(desk.context());
  if (selected?.kind !== 'endpoint') return false;
  const { server, endpoint } = selected;
  ask(desk, { kind: 'endpoint', server: server.key, endpoint: endpoint.address, admin: 'drain' });
  return true;
}

export function readyEndpoint(desk: Desk): boolean {
  const selected = selectedOf(desk.context());
  if (selected?.kind !== 'endpoint') return false;
  const { server, endpoint } = selected;
  send(
    desk,
    [{ kind: 'endpoint', server: server.key, endpoint: endpoint.address, admin: 'ready' }],
    `ready ${endpoint.address} of ${server.key}`,
  );
  return true;
}
