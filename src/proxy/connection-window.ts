// A live window of the connection table: this filter, this order, these rows. Scans the whole table at most once a second;
// in between only the rows in sight are made anew, so watching 20,000 connections costs little more than watching 40.
// A scan can be left off and taken up again: a long filter over a large table would keep every client waiting.

import type { ConnectionOrder, ConnectionRow } from '../domain/connection.ts';
import { compareKeys, type OrderKey, orderKey } from './connection-order.ts';
import type { ConnectionTable } from './connection-table.ts';
import { connectionRow, RowFlyweight } from './connection-view.ts';
import type { LiveConnection } from './live-connection.ts';
import { type Selection, selectFirst } from './select-first.ts';

export interface WindowQuery {
  readonly matches: (row: ConnectionRow) => boolean;
  readonly order: ConnectionOrder;
  readonly offset: number;
  readonly limit: number;
  readonly ended: boolean;
}

export interface WindowRows {
  readonly total: number;
  readonly matched: number;
  readonly rows: readonly ConnectionRow[];
}

export interface ConnectionScan {
  /** The next call scans anew. */
  update(query: WindowQuery): void;
  /**
   * Undefined where `timeIsUp` before the scan came to its end: the next call goes on with it, over the connections
   * there were at its beginning.
   */
  rows(mono: number, timeIsUp: () => boolean): WindowRows | undefined;
}

interface Candidate {
  readonly connection: LiveConnection;
  readonly key: OrderKey;
}

interface Scan {
  readonly mono: number;
  readonly connections: readonly LiveConnection[];
  readonly selection: Selection<Candidate>;
  next: number;
  matched: number;
}

const rescanMs = 1_000;
/** So many between two looks at the clock: even the longest filter takes well under a millisecond for them. */
const stride = 16;

export function scanConnections(table: ConnectionTable, life: string, first: WindowQuery): ConnectionScan {
  const flyweight = new RowFlyweight(life);
  let query = first;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let visible: readonly LiveConnection[] = [];
  let matched = 0;
  let scan: Scan | undefined;

  function begin(mono: number): Scan {
    const { descending } = query.order;
    return {
      mono,
      connections: query.ended ? [...table, ...table.recentlyEnded()] : [...table],
      selection: selectFirst<Candidate>(
        query.offset + query.limit,
        (a, b) =>
          compareKeys(a.key, b.key, descending) ||
          compareKeys(a.connection.serial, b.connection.serial, false),
      ),
      next: 0,
      matched: 0,
    };
  }

  /** Answers whether it came to the end. */
  function goOn(under: Scan, timeIsUp: () => boolean): boolean {
    const { connections, selection, mono } = under;
    while (under.next < connections.length) {
      const connection = connections[under.next]!;
      under.next += 1;
      // What ended while the scan rested is not a row of a window without ended ones.
      if (query.ended || connection.phase !== 'ended') {
        const row = flyweight.at(connection, mono);
        if (query.matches(row)) {
          under.matched += 1;
          selection.add({ connection, key: orderKey(row, query.order.by) });
        }
      }
      if (under.next % stride === 0 && under.next < connections.length && timeIsUp()) return false;
    }
    return true;
  }

  return {
    update(next) {
      query = next;
      scan = undefined;
      scannedAt = Number.NEGATIVE_INFINITY;
    },
    rows(mono, timeIsUp) {
      if (scan || mono - scannedAt >= rescanMs) {
        scan ??= begin(mono);
        if (!goOn(scan, timeIsUp)) return undefined;
        const chosen = scan.selection.chosen();
        visible = chosen.slice(query.offset).map(({ connection }) => connection);
        matched = scan.matched;
        scannedAt = scan.mono;
        scan = undefined;
      }
      const kept = query.ended ? visible : visible.filter(({ phase }) => phase !== 'ended');
      return {
        total: table.size,
        matched,
        rows: kept.map((connection) => connectionRow(connection, life, mono)),
      };
    },
  };
}
