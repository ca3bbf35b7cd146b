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
/** After a window nothing is scanned for so many times what it took: however many watch, clients keep most of the loop. */
const restFactor = 4;

interface Watch {
  readonly scan: ConnectionScan;
  turn: number;
  sentAt: number;
  dueAt: number;
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

  /** The end of the rest after the window before. */
  let freeAt = Number.NEGATIVE_INFINITY;

  function sendOne(id: number, watch: Watch): void {
    watch.sentAt = clock.mono();
    watch.dueAt = watch.sentAt + refreshMs;
    options.send(id, watch.turn, { at: clock.now(), ...watch.scan.rows(watch.sentAt) });
    const endedAt = clock.mono();
    freeAt = endedAt + restFactor * (endedAt - watch.sentAt);
  }

  /** The clock only runs while somebody watches. */
  function schedule(): void {
    stop?.();
    const next = longestDue();
    stop = next && clock.after(Math.max(0, Math.max(next[1].dueAt, freeAt) - clock.mono()), sendNext);
  }
  function sendNext(): void {
    const next = longestDue();
    if (next) sendOne(...next);
    schedule();
  }
  function longestDue(): [number, Watch] | undefined {
    let first: [number, Watch] | undefined;
    for (const each of watches) if (first === undefined || each[1].dueAt < first[1].dueAt) first = each;
    return first;
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
        dueAt: Number.NEGATIVE_INFINITY,
      };
      watch.turn = turn;
      watches.set(id, watch);
      watch.dueAt = Math.min(watch.dueAt, watch.sentAt + scanMs);
      if (Math.max(watch.dueAt, freeAt) <= clock.mono()) sendOne(id, watch);
      schedule();
    },
    delete(id) {
      watches.delete(id);
      schedule();
    },
    clear() {
      watches.clear();
      schedule();
    },
  };
}
