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
/** At once; then whatever else waits for the loop comes first. */
const sliceMs = 4;

interface Watch {
  readonly scan: ConnectionScan;
  /** Of the query that the scan is about. */
  turn: number;
  /** Asked since; a scan under way comes to its end first, or a key held down would never see one. */
  next: { readonly turn: number; readonly query: WindowQuery } | undefined;
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
  /** The window being made, and what that took up to now. */
  let making: { readonly id: number; readonly watch: Watch; spent: number } | undefined;

  function begin(id: number, watch: Watch): void {
    if (watch.next) {
      watch.scan.update(watch.next.query);
      watch.turn = watch.next.turn;
      watch.next = undefined;
    }
    watch.sentAt = clock.mono();
    watch.dueAt = watch.sentAt + refreshMs;
    making = { id, watch, spent: 0 };
    goOn(making);
  }
  function goOn(under: NonNullable<typeof making>): void {
    const { id, watch } = under;
    const from = clock.mono();
    const rows = watch.scan.rows(from, () => clock.mono() - from >= sliceMs);
    if (rows) {
      making = undefined;
      options.send(id, watch.turn, { at: clock.now(), ...rows });
    }
    const to = clock.mono();
    under.spent += to - from;
    freeAt = to + restFactor * under.spent;
  }

  /** The clock only runs while somebody watches. */
  function schedule(): void {
    stop?.();
    if (making) {
      stop = clock.after(0, () => {
        if (making) goOn(making);
        schedule();
      });
      return;
    }
    const next = longestDue();
    stop = next && clock.after(Math.max(0, Math.max(next[1].dueAt, freeAt) - clock.mono()), beginNext);
  }
  function beginNext(): void {
    const next = longestDue();
    if (next) begin(...next);
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
      const watch: Watch = watches.get(id) ?? {
        scan: scanConnections(table, life, windowQuery),
        turn,
        next: undefined,
        sentAt: Number.NEGATIVE_INFINITY,
        dueAt: Number.NEGATIVE_INFINITY,
      };
      watch.next = { turn, query: windowQuery };
      watches.set(id, watch);
      watch.dueAt = Math.min(watch.dueAt, watch.sentAt + scanMs);
      if (!making && Math.max(watch.dueAt, freeAt) <= clock.mono()) begin(id, watch);
      schedule();
    },
    delete(id) {
      watches.delete(id);
      if (making?.id === id) making = undefined;
      schedule();
    },
    clear() {
      watches.clear();
      making = undefined;
      schedule();
    },
  };
}
