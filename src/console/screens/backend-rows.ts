// The rows of the Backends screen: a tree of backends and their servers, some of them with a drain job below.

import type { DrainJob } from '../../domain/drain.ts';
import type { EndpointEntity, EndpointRates } from '../../domain/kernel.ts';
import type { BackendEntity, ServerEntity } from '../../domain/model.ts';
import type { BackendRates, ServerRates } from '../../domain/sample.ts';
import { stateOf } from '../backend-states.ts';
import type { ListShape } from '../list-cursor.ts';
import type { BackendState } from '../server-look.ts';
import type { BackendsState } from '../state.ts';
import { endpointKey } from '../traffic.ts';
import { drainOf, serversOf, type View } from '../view.ts';

export type BackendRow =
  | {
      readonly kind: 'backend';
      readonly key: string;
      readonly backend: BackendEntity;
      readonly state: BackendState;
      readonly folded: boolean;
      readonly rates: BackendRates | undefined;
    }
  | {
      readonly kind: 'server';
      readonly key: string;
      readonly server: ServerEntity;
      readonly drain: DrainJob | undefined;
      readonly rates: ServerRates | undefined;
    }
  | {
      readonly kind: 'endpoint';
      readonly key: string;
      readonly server: ServerEntity;
      readonly endpoint: EndpointEntity;
      readonly rates: EndpointRates | undefined;
      /** Of the new connections of its service, 0 to 1; undefined where it is not known. */
      readonly share: number | undefined;
      readonly last: boolean;
    };

type Shown = Pick<BackendsState, 'folded' | 'problemsOnly'>;

/** Drawing, footer and cursor all ask for the rows of one view; with thousands of servers, once is enough. */
const known = new WeakMap<View, { readonly state: Shown; readonly rows: readonly BackendRow[] }>();

export function backendRows(view: View, state: Shown): readonly BackendRow[] {
  const last = known.get(view);
  if (last?.state.folded === state.folded && last.state.problemsOnly === state.problemsOnly) return last.rows;
  const rows = makeRows(view, state);
  known.set(view, { state, rows });
  return rows;
}

function makeRows(view: View, state: Shown): BackendRow[] {
  const rows: BackendRow[] = [];
  for (const backend of view.model.backend.values()) {
    const servers = serversOf(view, backend.name);
    const whole = stateOf(view, backend.name);
    const shown = state.problemsOnly ? servers.filter(isTroubled) : servers;
    if (state.problemsOnly && shown.length === 0 && whole.severity === 0) continue;
    const folded = state.folded.has(backend.name);
    rows.push({
      kind: 'backend',
      key: backend.name,
      backend,
      state: whole,
      folded,
      rates: view.traffic.backends.get(backend.name),
    });
    if (folded) continue;
    for (const server of shown) {
      rows.push({
        kind: 'server',
        key: server.key,
        server,
        drain: drainOf(view, server.key),
        rates: view.traffic.servers.get(server.key),
      });
      rows.push(...endpointRows(view, server));
    }
  }
  return rows;
}

function endpointRows(view: View, server: ServerEntity): BackendRow[] {
  const endpoints = server.service?.endpoints ?? [];
  const rates = endpoints.map(({ address }) => view.traffic.endpoints.get(endpointKey(server.key, address)));
  const sum = rates.reduce((all, each) => all + (each?.newConnections ?? 0), 0);
  return endpoints.map((endpoint, index) => ({
    kind: 'endpoint',
    key: endpointKey(server.key, endpoint.address),
    server,
    endpoint,
    rates: rates[index],
    share: sum > 0 ? (rates[index]?.newConnections ?? 0) / sum : undefined,
    last: index === endpoints.length - 1,
  }));
}

/** Anything but "ready and up": what an operator would ask about. */
function isTroubled({ admin, operational, checkProgress }: ServerEntity): boolean {
  return admin !== 'ready' || operational === 'down' || checkProgress?.towards === 'down';
}

export function linesOf(row: BackendRow): number {
  return row.kind === 'server' && row.drain !== undefined ? 2 : 1;
}

export function backendList(rows: readonly BackendRow[], height: number): ListShape {
  return { keys: rows.map(({ key }) => key), rows: height, heightOf: (index) => linesOf(rows[index]!) };
}

/** Backends with a row among these lines. */
export function backendsWithin(rows: readonly BackendRow[], from: number, to: number): string[] {
  const names = new Set<string>();
  let at = 0;
  for (const row of rows) {
    const end = at + linesOf(row);
    if (end > from && at < to) names.add(row.kind === 'backend' ? row.backend.name : row.server.backend);
    at = end;
  }
  return [...names];
}
