// A live window of the connection table: this filter, this order, these rows. Scans the whole table at most once a second;
// in between only the rows in sight are made anew, so watching 20,000 connections costs little more than watching 40.

import type { ConnectionOrder, ConnectionRow } from '../domain/connection.ts';
import { compareKeys, type OrderKey, orderKey } from './connection-order.ts';
import type { ConnectionTable } from './connection-table.ts';
import { connectionRow, RowFlyweight } from './connection-view.ts';
import type { LiveConnection } from './live-connection.ts';
import { selectFirst } from './select-first.ts';

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
  rows(mono: number): WindowRows;
}

interface Candidate {
  readonly connection: LiveConnection;
  readonly key: OrderKey;
}

const rescanMs = 1_000;

export function scanConnections(table: ConnectionTable, life: string, first: WindowQuery): ConnectionScan {
  const flyweight = new RowFlyweight(life);
  let query = first;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let visible: readonly LiveConnection[] = [];
  let matched = 0;

  function* candidates(mono: number): Generator<Candidate> {
    matched = 0;
    for (const connection of table) {
      const row = flyweight.at(connection, mono);
      if (!query.matches(row)) continue;
      matched += 1;
      yield { connection, key: orderKey(row, query.order.by) };
    }
    if (!query.ended) return;
    for (const connection of table.recentlyEnded()) {
      const row = flyweight.at(connection, mono);
      if (!query.matches(row)) continue;
      matched += 1;
      yield { connection, key: orderKey(row, query.order.by) };
    }
  }

  function scan(mono: number): void {
    scannedAt = mono;
    const { descending } = query.order;
    const chosen = selectFirst(
      candidates(mono),
      query.offset + query.limit,
      (a, b) =>
        compareKeys(a.key, b.key, descending) || compareKeys(a.connection.serial, b.connection.serial, false),
    );
    visible = chosen.slice(query.offset).map(({ connection }) => connection);
  }

  return {
    update(next) {
      query = next;
      scannedAt = Number.NEGATIVE_INFINITY;
    },
    rows(mono) {
      if (mono - scannedAt >= rescanMs) scan(mono);
      const kept = query.ended ? visible : visible.filter(({ phase }) => phase !== 'ended');
      return {
        total: table.size,
        matched,
        rows: kept.map((connection) => connectionRow(connection, life, mono)),
      };
    },
  };
}
