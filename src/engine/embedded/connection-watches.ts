// An instance's answer to consoles that look at its connections: windows, refreshed while somebody watches.

import type { Disposer } from '../../domain/event.ts';
import { parseFilter } from '../../domain/filter.ts';
import type { ConnectionTable } from '../../proxy/connection-table.ts';
import { type ConnectionScan, scanConnections, type WindowQuery } from '../../proxy/connection-window.ts';
import type { PlaneClock } from '../../proxy/timers.ts';
import type { ConnectionQuery, ConnectionWindow } from '../engine.ts';

export interface ConnectionWatches {
  /** Opens one, or asks an open one something else; its first window comes at once. */
  set(watch: number, query: ConnectionQuery): void;
  delete(watch: number): void;
  clear(): void;
}

const refreshMs = 500;

/** `send` answers false while the other side cannot keep up: that window is left out. */
export function createConnectionWatches(options: {
  readonly table: ConnectionTable;
  readonly life: string;
  readonly clock: PlaneClock;
  readonly send: (watch: number, window: ConnectionWindow) => boolean;
}): ConnectionWatches {
  const { table, life, clock } = options;
  const scans = new Map<number, ConnectionScan>();
  let stop: Disposer | undefined;

  function sendOne(watch: number, scan: ConnectionScan): void {
    options.send(watch, { at: clock.now(), ...scan.rows(clock.mono()) });
  }
  function refresh(): void {
    for (const [watch, scan] of scans) sendOne(watch, scan);
    stop = clock.after(refreshMs, refresh);
  }

  return {
    set(watch, query) {
      const parsed = parseFilter(query.filter);
      const matches: WindowQuery['matches'] = parsed.ok ? parsed.matches : () => false;
      const windowQuery = { ...query, matches };
      const open = scans.get(watch);
      const scan = open ?? scanConnections(table, life, windowQuery);
      open?.update(windowQuery);
      scans.set(watch, scan);
      sendOne(watch, scan);
      // The clock only runs while somebody watches.
      stop ??= clock.after(refreshMs, refresh);
    },
    delete(watch) {
      scans.delete(watch);
      if (scans.size > 0) return;
      stop?.();
      stop = undefined;
    },
    clear() {
      scans.clear();
      stop?.();
      stop = undefined;
    },
  };
}
