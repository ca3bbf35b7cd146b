// In which order connections are shown: one key for each order, the same over live connections and over finished rows.

import type { ConnectionOrder, ConnectionPhase, ConnectionRow } from '../domain/connection.ts';

export type OrderKey = number | string;

/** As a connection goes through them. */
const phases: readonly ConnectionPhase[] = [
  'handshake',
  'head',
  'queue',
  'connect',
  'wait',
  'data',
  'tunnel',
  'idle',
  'ended',
];

export function orderKey(row: ConnectionRow, by: ConnectionOrder['by']): OrderKey {
  switch (by) {
    case 'age':
      return row.ageMs;
    case 'idle':
      return row.idleMs;
    case 'bytesIn':
      return row.bytesIn;
    case 'bytesOut':
      return row.bytesOut;
    case 'rate':
      return row.rate;
    case 'requests':
      return row.requests;
    case 'client':
      return row.client;
    case 'server':
      return row.server ?? '';
    case 'phase':
      return phases.indexOf(row.phase);
  }
}

/** Negative where `a` comes first. Both keys are of the same order, so of the same type. */
export function compareKeys(a: OrderKey, b: OrderKey, descending: boolean): number {
  if (a === b) return 0;
  return a < b === descending ? 1 : -1;
}

/** A total order over rows, so that a table does not flicker: ties by id, which never changes. */
export function compareRows(order: ConnectionOrder): (a: ConnectionRow, b: ConnectionRow) => number {
  return (a, b) =>
    compareKeys(orderKey(a, order.by), orderKey(b, order.by), order.descending) ||
    compareKeys(a.id, b.id, false);
}
