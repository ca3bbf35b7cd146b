// An instance's answer to consoles that look at its connections: windows, refreshed while somebody watches.

import type { Disposer } from '../../domain/event.ts';
import { parseFilter } from '../../domain/filter.ts';
import type { ConnectionTable } from '../../proxy/connection-table.ts';
import { type ConnectionScan, scanConnections, type WindowQuery } from '../../proxy/connection-window.ts';
import type { PlaneClock } from '../../proxy/timers.ts';
import type { ConnectionQuery } from '../engine.ts';
import type { InstanceWindow } from './messages.ts';

export interface ConnectionWatches {
  /** Opens one, or asks an open one something else; the first window comes at once, or as soon as `scanMs` allow. */
  set(watch: number, turn: number, query: ConnectionQuery): void;
  delete(watch: number): void;
  clear(): void;
}

const refreshMs = 500;
/** Each new query scans the whole table: whoever scrolls with a held key gets no more scans than this. */
const scanMs = 100;

interface Watch {
  readonly scan: ConnectionScan;
  turn: number;
  sentAt: number;
  /** Asked something else too soon: its window is due. */
  cancel: Disposer | undefined;
}

/** `send` answers false while the other side cannot keep up: that window is left out. */
export function createConnectionWatches(options: {
  readonly table: ConnectionTable;
  readonly life: string;
  readonly clock: PlaneClock;
  readonly send: (watch: number, turn: number, window: InstanceWindow) => boolean;
}): ConnectionWatches {
  const { table, life, clock } = options;
  const watches = new Map<number, Watch>();
  let stop: Disposer | undefined;

  function sendOne(id: number, watch: Watch): void {
    watch.cancel?.();
    watch.cancel = undefined;
    watch.sentAt = clock.mono();
    options.send(id, watch.turn, { at: clock.now(), ...watch.scan.rows(watch.sentAt) });
  }
  function refresh(): void {
    for (const [id, watch] of watches) if (watch.cancel === undefined) sendOne(id, watch);
    stop = clock.after(refreshMs, refresh);
  }

  return {
    set(id, turn, query) {
      const parsed = parseFilter(query.filter);
      const matches: WindowQuery['matches'] = parsed.ok ? parsed.matches : () => false;
      const windowQuery = { ...query, matches };
      const open = watches.get(id);
      open?.scan.update(windowQuery);
      const watch: Watch = open ?? {
        scan: scanConnections(table, life, windowQuery),
        turn,
        sentAt: Number.NEGATIVE_INFINITY,
        cancel: undefined,
      };
      watch.turn = turn;
      watches.set(id, watch);
      const wait = watch.sentAt + scanMs - clock.mono();
      if (wait <= 0) sendOne(id, watch);
      else watch.cancel ??= clock.after(wait, () => sendOne(id, watch));
      // The clock only runs while somebody watches.
      stop ??= clock.after(refreshMs, refresh);
    },
    delete(id) {
      watches.get(id)?.cancel?.();
      watches.delete(id);
      if (watches.size === 0) stopRefreshing();
    },
    clear() {
      for (const { cancel } of watches.values()) cancel?.();
      watches.clear();
      stopRefreshing();
    },
  };

  function stopRefreshing(): void {
    stop?.();
    stop = undefined;
  }
}
