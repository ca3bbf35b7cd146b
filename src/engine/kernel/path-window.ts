// A window of the connection table with those in it that the kernel carries, in one order.

import type { ConnectionRow } from '../../domain/connection.ts';
import { parseFilter } from '../../domain/filter.ts';
import { compareRows } from '../../proxy/connection-order.ts';
import type { ConnectionQuery, ConnectionWatch, ConnectionWindow, Engine } from '../engine.ts';

/** What an engine is asked at once, at most. */
const mostRows = 2_000;

export function watchWithKernel(
  engine: Pick<Engine, 'watchConnections'>,
  rows: () => readonly ConnectionRow[],
  first: ConnectionQuery,
  listener: (window: ConnectionWindow) => void,
): ConnectionWatch {
  let query = first;
  let matches = matcher(query);
  let asked = askedOf(query, rows().length > 0);
  const watch = engine.watchConnections(asked, (window) => {
    const own = rows();
    const wished = askedOf(query, own.length > 0);
    if (!same(wished, asked)) {
      asked = wished;
      watch.update(asked);
      return;
    }
    // Of a query before this one.
    if (!same(window.query, asked)) return;
    listener(own.length === 0 ? { ...window, query } : merged(window, own, query, matches));
  });
  return {
    update(next) {
      query = next;
      matches = matcher(next);
      asked = askedOf(next, rows().length > 0);
      watch.update(asked);
    },
    close: () => watch.close(),
  };
}

/** With others to come between, all rows before the window must be known. */
function askedOf(query: ConnectionQuery, mixed: boolean): ConnectionQuery {
  return mixed ? { ...query, offset: 0, limit: Math.min(query.offset + query.limit, mostRows) } : query;
}

function same(a: ConnectionQuery, b: ConnectionQuery): boolean {
  return (
    a.offset === b.offset &&
    a.limit === b.limit &&
    a.filter === b.filter &&
    a.ended === b.ended &&
    a.order.by === b.order.by &&
    a.order.descending === b.order.descending
  );
}

function matcher({ filter }: ConnectionQuery): (row: ConnectionRow) => boolean {
  const parsed = parseFilter(filter);
  return parsed.ok ? parsed.matches : () => false;
}

function merged(
  window: ConnectionWindow,
  own: readonly ConnectionRow[],
  query: ConnectionQuery,
  matches: (row: ConnectionRow) => boolean,
): ConnectionWindow {
  const matching = own.filter(matches);
  const rows = [...window.rows, ...matching].sort(compareRows(query.order));
  return {
    query,
    at: window.at,
    total: window.total + own.length,
    matched: window.matched + matching.length,
    rows: rows.slice(query.offset, query.offset + query.limit),
  };
}
