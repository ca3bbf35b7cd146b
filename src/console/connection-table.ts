// The window on the runtime's connection table: which rows to ask for, and how a new answer replaces the last one
// without rows jumping under the cursor.

import type { ConnectionTable, ConnectionTableQuery } from '../client/runtime-client.ts';
import type { ConnectionRow } from '../domain/connection.ts';
import type { Desk } from './desk.ts';
import { scrolledTo } from './list-cursor.ts';
import { connectionRows } from './screens/connections.ts';
import { bodyHeight } from './selection.ts';
import type { ConnectionsState } from './state.ts';

/** Rows change places at most this often: each time all below the first is sent anew, most of the bytes of a busy table. */
const settleEveryMs = 2_000;

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
  return { ...state, table: shown, offset, settledAt, ...settled(state, shown, offset, rows) };
}

/** The rows as they stood, with their new values; new rows only at the end, where nothing has to move for them. */
function inPlaces(before: readonly ConnectionRow[], after: readonly ConnectionRow[]): ConnectionRow[] {
  const fresh = new Map(after.map((row) => [row.id, row]));
  const kept = before.map((row) => fresh.get(row.id) ?? row);
  const known = new Set(before.map(({ id }) => id));
  return [...kept, ...after.slice(before.length).filter(({ id }) => !known.has(id))];
}

/**
 * The cursor stays on its connection. On the very first row it is on the place: whoever sorts by rate wants to see who is
 * first. A connection that leaves the rows shown takes no other one's place.
 */
function settled(
  state: ConnectionsState,
  table: ConnectionTable,
  offset: number,
  rows: number,
): Pick<ConnectionsState, 'cursor' | 'outOfSight'> {
  const { cursor } = state;
  const { key } = cursor;
  const last = Math.max(0, table.matched - 1);
  const found = key === undefined ? -1 : table.rows.findIndex(({ id }) => id === key);
  if (key !== undefined && found < 0) {
    const outOfSight = state.outOfSight ?? state.table?.rows.find(({ id }) => id === key);
    const index = Math.min(last, cursor.index);
    const top = scrolledTo(cursor.top, index, index, table.matched, rows);
    if (outOfSight !== undefined) return { cursor: { key, index, top }, outOfSight };
  }
  const index = Math.min(last, found >= 0 ? offset + found : cursor.index);
  const top = scrolledTo(cursor.top, index, index, table.matched, rows);
  return { cursor: cursorAt(index, top, table.rows[index - offset]), outOfSight: undefined };
}

function cursorAt(index: number, top: number, row: ConnectionRow | undefined): ConnectionsState['cursor'] {
  return row === undefined || index === 0 ? { index, top } : { key: row.id, index, top };
}

export function moveTable(desk: Desk, by: number): void {
  const { connections } = desk.state;
  const { table, cursor, offset, outOfSight } = connections;
  if (table === undefined || table.matched === 0) return;
  const { size, view } = desk.context();
  const rows = connectionRows(bodyHeight(size));
  // A frozen picture has the rows it has: live ones among them would be a lie.
  const [least, most] =
    view.frozenAt === undefined ? [0, table.matched - 1] : [offset, offset + table.rows.length - 1];
  // Out of sight, it stands between two rows: one step down is the row that came to its place.
  const wished = cursor.index + (outOfSight !== undefined && by > 0 ? by - 1 : by);
  const index = Math.min(most, Math.max(least, wished));
  if (view.frozenAt !== undefined && index !== wished && index === cursor.index) {
    desk.say('note', 'the picture is frozen, with these rows alone: f lets it go on');
    return;
  }
  const top = scrolledTo(cursor.top, index, index, table.matched, rows);
  desk.set({
    connections: {
      ...connections,
      cursor: cursorAt(index, top, table.rows[index - offset]),
      outOfSight: undefined,
    },
  });
}

export function openConnection(desk: Desk, id: string): void {
  desk.set({ connections: { ...desk.state.connections, open: { id, gone: false, top: 0 } } });
}
