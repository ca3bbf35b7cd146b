// The window on the runtime's connection table: which rows to ask for, and how a new answer replaces the last one
// without rows jumping under the cursor.

import type { ConnectionTable, ConnectionTableQuery } from '../client/runtime-client.ts';
import type { ConnectionRow } from '../domain/connection.ts';
import type { Desk } from './desk.ts';
import { scrolledTo } from './list-cursor.ts';
import { connectionRows } from './screens/connections.ts';
import { bodyHeight } from './selection.ts';
import type { ConnectionsState } from './state.ts';

/** Rows change places at most this often. */
export const settleEveryMs = 1_000;

export function queryOf({ filter, order, cursor }: ConnectionsState, rows: number): ConnectionTableQuery {
  return { filter, order, offset: cursor.top, limit: rows, ended: true };
}

/** The state with a new answer. */
export function withTable(
  state: ConnectionsState,
  table: ConnectionTable,
  rows: number,
  now: number,
  /** Never under a dialog. */
  held: boolean,
): ConnectionsState {
  const { offset } = table.query;
  const same = state.table !== undefined && state.offset === offset;
  const keepPlaces = same && (held || now - state.settledAt < settleEveryMs);
  const shown = keepPlaces ? { ...table, rows: inPlaces(state.table.rows, table.rows) } : table;
  const settledAt = keepPlaces ? state.settledAt : now;
  return { ...state, table: shown, offset, settledAt, cursor: settled(state, shown, offset, rows) };
}

/** The rows as they stood, with their new values; new rows only at the end, where nothing has to move for them. */
function inPlaces(before: readonly ConnectionRow[], after: readonly ConnectionRow[]): ConnectionRow[] {
  const fresh = new Map(after.map((row) => [row.id, row]));
  const kept = before.map((row) => fresh.get(row.id) ?? row);
  const known = new Set(before.map(({ id }) => id));
  return [...kept, ...after.slice(before.length).filter(({ id }) => !known.has(id))];
}

function settled(state: ConnectionsState, table: ConnectionTable, offset: number, rows: number) {
  const { cursor } = state;
  if (table.matched === 0) return { index: 0, top: 0 };
  const found = cursor.key === undefined ? -1 : table.rows.findIndex(({ id }) => id === cursor.key);
  const index = Math.min(table.matched - 1, found >= 0 ? offset + found : cursor.index);
  const top = scrolledTo(cursor.top, index, index, table.matched, rows);
  const row = table.rows[index - offset];
  return row === undefined ? { index, top } : { key: row.id, index, top };
}

export function moveTable(desk: Desk, by: number): void {
  const { connections } = desk.state;
  const { table, cursor, offset } = connections;
  if (table === undefined || table.matched === 0) return;
  const rows = connectionRows(bodyHeight(desk.context().size));
  const index = Math.min(table.matched - 1, Math.max(0, cursor.index + by));
  const top = scrolledTo(cursor.top, index, index, table.matched, rows);
  const row = table.rows[index - offset];
  desk.set({
    connections: { ...connections, cursor: row === undefined ? { index, top } : { key: row.id, index, top } },
  });
}

export function openConnection(desk: Desk, id: string): void {
  desk.set({ connections: { ...desk.state.connections, open: { id, gone: false, top: 0 } } });
}
