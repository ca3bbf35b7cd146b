// What the cursor stands on, and the list it moves in: worked out the same way for keys as for drawing.

import type { ConnectionRow } from '../domain/connection.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { BlockEntity, EndpointEntity, RulesetRow } from '../domain/kernel.ts';
import type {
  CertificateEntity,
  InstanceEntity,
  RouteEntity,
  ServerEntity,
  ShardEntity,
} from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { Size } from './console.ts';
import { layoutOf } from './layout.ts';
import { type ListShape, settleCursor } from './list-cursor.ts';
import { rulesetPlace, rulesetRowAt } from './ruleset-table.ts';
import { backendList, backendRows } from './screens/backend-rows.ts';
import { blockedList, blockedRows } from './screens/blocked.ts';
import { certificateList, certificateRows } from './screens/certificate-rows.ts';
import { comparedList } from './screens/compared.ts';
import { connectionRows } from './screens/connections.ts';
import { journalList } from './screens/journal.ts';
import { overviewKeys, overviewTableRows } from './screens/overview.ts';
import { routeList, routeRows } from './screens/route-rows.ts';
import { shardsList, shardsRows } from './screens/shard-rows.ts';
import type { RouteTrouble } from './shard-look.ts';
import type { State } from './state.ts';
import type { View } from './view.ts';

export interface KeyContext {
  readonly view: View;
  readonly state: State;
  readonly size: Size;
}

export type Selected =
  | { readonly kind: 'backend'; readonly name: string }
  | { readonly kind: 'server'; readonly server: ServerEntity }
  | { readonly kind: 'endpoint'; readonly server: ServerEntity; readonly endpoint: EndpointEntity }
  | { readonly kind: 'rule'; readonly row: RulesetRow }
  | { readonly kind: 'blocked'; readonly block: BlockEntity }
  | { readonly kind: 'connection'; readonly row: ConnectionRow }
  | { readonly kind: 'route'; readonly route: RouteEntity }
  | { readonly kind: 'shard'; readonly shard: ShardEntity }
  | { readonly kind: 'instance'; readonly instance: InstanceEntity }
  | { readonly kind: 'trouble'; readonly trouble: RouteTrouble }
  | { readonly kind: 'certificate'; readonly certificate: CertificateEntity }
  | { readonly kind: 'entry'; readonly entry: JournalEntry }
  | undefined;

export function bodyHeight(size: Size): number {
  return Math.max(1, layoutOf(size).body.height);
}

/** A detail is open on the screen shown. */
export function hasDetail({ state }: Pick<KeyContext, 'state'>): boolean {
  return state.screen !== 'overview' && state[state.screen].open !== undefined;
}

/** The list of the screen shown. Those of connections and rules are not here: most of their rows are in the runtime. */
export function listOf({ view, state, size }: KeyContext): ListShape {
  const height = bodyHeight(size);
  switch (state.screen) {
    case 'overview': {
      const keys = overviewKeys(view, state.overview.order);
      return { keys, rows: overviewTableRows(view, keys.length, height) };
    }
    case 'backends':
      return backendList(backendRows(view, state.backends), height - 1);
    case 'routes':
      return routeList(routeRows(view, state.routes), height);
    case 'shards':
      return shardsList(shardsRows(view), height);
    case 'nftables':
      return nftablesList(view, state, size);
    case 'certificates':
      return certificateList(certificateRows(view, state.certificates), height);
    case 'journal':
      return journalList(view, height);
    case 'connections':
      return { keys: [], rows: connectionRows(height) };
  }
}

function nftablesList(view: View, { nftables }: State, size: Size): ListShape {
  const { body } = layoutOf(size);
  switch (nftables.pane) {
    case 'rules':
      return { keys: [], rows: rulesetPlace(body, nftables.explains).lines };
    case 'blocked':
      return blockedList(view, body.height - 1);
    case 'compared':
      return comparedList(view, body.height - 1);
  }
}

/** Asked many times for one frame (each binding of the footer does), worked out once. */
const found = new WeakMap<KeyContext, { readonly selected: Selected }>();

export function selectedOf(context: KeyContext): Selected {
  const known = found.get(context);
  if (known !== undefined) return known.selected;
  const selected = findSelected(context);
  found.set(context, { selected });
  return selected;
}

function findSelected(context: KeyContext): Selected {
  const { view, state, size } = context;
  switch (state.screen) {
    case 'overview': {
      const { key } = settleCursor(state.overview.cursor, listOf(context));
      return key === undefined ? undefined : { kind: 'backend', name: key };
    }
    case 'backends': {
      if (state.backends.open !== undefined) {
        const server = view.model.server.get(state.backends.open.server);
        return server && { kind: 'server', server };
      }
      const rows = backendRows(view, state.backends);
      const row = rows[settleCursor(state.backends.cursor, backendList(rows, bodyHeight(size) - 1)).index];
      if (row === undefined) return undefined;
      if (row.kind === 'server') return { kind: 'server', server: row.server };
      return row.kind === 'endpoint'
        ? { kind: 'endpoint', server: row.server, endpoint: row.endpoint }
        : { kind: 'backend', name: row.backend.name };
    }
    case 'connections': {
      const { open, table, cursor, offset, outOfSight } = state.connections;
      if (open !== undefined) return open.detail && { kind: 'connection', row: open.detail };
      const row = outOfSight ?? table?.rows[cursor.index - offset];
      return row && { kind: 'connection', row };
    }
    case 'routes': {
      const { open, cursor } = state.routes;
      if (open !== undefined) {
        const route = view.model.route.get(open.route);
        return route && { kind: 'route', route };
      }
      const rows = routeRows(view, state.routes);
      const row = rows[settleCursor(cursor, routeList(rows, bodyHeight(size))).index];
      return row && { kind: 'route', route: row.route };
    }
    case 'shards':
      return selectedOnShards(context);
    case 'nftables':
      return selectedOnNftables(context);
    case 'certificates': {
      const { open, cursor } = state.certificates;
      if (open !== undefined) {
        const certificate = view.model.certificate.get(open.certificate);
        return certificate && { kind: 'certificate', certificate };
      }
      const rows = certificateRows(view, state.certificates);
      const certificate = rows[settleCursor(cursor, certificateList(rows, bodyHeight(size))).index];
      return certificate && { kind: 'certificate', certificate };
    }
    case 'journal': {
      if (state.journal.open !== undefined) {
        const entry = view.model.journal.get(state.journal.open.entry);
        return entry && { kind: 'entry', entry };
      }
      const list = journalList(view, bodyHeight(size));
      const entry = list.entries[settleCursor(state.journal.cursor, list).index];
      return entry && { kind: 'entry', entry };
    }
  }
}

function selectedOnShards({ view, state, size }: KeyContext): Selected {
  const { open, cursor } = state.shards;
  const rows = shardsRows(view);
  const row =
    open === undefined
      ? rows[settleCursor(cursor, shardsList(rows, bodyHeight(size))).index]
      : rows.find(({ key }) => key === open.key);
  switch (row?.kind) {
    case undefined:
      return undefined;
    case 'shard':
      return { kind: 'shard', shard: row.shard };
    case 'instance':
      return { kind: 'instance', instance: row.instance };
    case 'trouble':
      return { kind: 'trouble', trouble: row.trouble };
    case 'backend':
      return { kind: 'backend', name: row.backend.name };
  }
}

function selectedOnNftables(context: KeyContext): Selected {
  const { nftables } = context.state;
  const { open, outOfSight, cursor, pane } = nftables;
  if (pane === 'compared') return undefined;
  if (pane === 'blocked') {
    const { index } = settleCursor(nftables.blocked, listOf(context));
    const block = blockedRows(context.view)[index];
    return block && { kind: 'blocked', block };
  }
  const row = open?.row ?? outOfSight ?? rulesetRowAt(nftables, cursor.index);
  return row && { kind: 'rule', row };
}

/** The servers a key acts on: those marked, or the one under the cursor. */
export function targetServers(context: KeyContext): ServerEntity[] {
  const { view, state } = context;
  if (state.screen !== 'backends') return [];
  if (state.backends.open === undefined && state.backends.marks.size > 0)
    return [...state.backends.marks].flatMap((key) => view.model.server.get(key as ServerKey) ?? []);
  const selected = selectedOf(context);
  return selected?.kind === 'server' ? [selected.server] : [];
}

/** The connections a key acts on, by id, and what to call them. */
export function targetConnections(context: KeyContext): {
  readonly ids: readonly string[];
  readonly name: string;
} {
  const { connections } = context.state;
  const selected = selectedOf(context);
  const name = selected?.kind === 'connection' ? selected.row.client : '';
  if (connections.open === undefined && connections.marks.size > 0)
    return { ids: [...connections.marks], name: `${connections.marks.size} connections` };
  return { ids: selected?.kind === 'connection' ? [selected.row.id] : [], name };
}
