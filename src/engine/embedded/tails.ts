// Streams as they end, for whoever listens: filtered here, sent in batches of bounded size, the rest counted.

import type { StreamRecord } from '../../domain/connection.ts';
import type { Disposer } from '../../domain/event.ts';
import { parseFilter } from '../../domain/filter.ts';
import type { PlaneClock } from '../../proxy/timers.ts';

export interface Tails {
  readonly size: number;
  add(tail: number, filter: string): void;
  delete(tail: number): void;
  clear(): void;
  record(record: StreamRecord): void;
}

const batchMs = 100;
/** 5,000 lines a second a tail: more than anybody reads, and little enough not to fill the link. */
const batchLimit = 500;

interface Tail {
  readonly matches: (record: StreamRecord) => boolean;
  records: StreamRecord[];
  dropped: number;
}

/** `send` answers false while the other side cannot keep up: that batch counts as dropped. */
export function createTails(options: {
  readonly clock: PlaneClock;
  readonly send: (tail: number, records: readonly StreamRecord[], dropped: number) => boolean;
}): Tails {
  const { clock, send } = options;
  const tails = new Map<number, Tail>();
  let stop: Disposer | undefined;

  function flush(): void {
    for (const [id, tail] of tails) {
      if (tail.records.length === 0 && tail.dropped === 0) continue;
      const { records, dropped } = tail;
      tail.records = [];
      tail.dropped = send(id, records, dropped) ? 0 : dropped + records.length;
    }
    stop = clock.after(batchMs, flush);
  }
  function stopWhenEmpty(): void {
    if (tails.size > 0) return;
    stop?.();
    stop = undefined;
  }

  return {
    get size() {
      return tails.size;
    },
    add(id, filter) {
      const parsed = parseFilter(filter);
      tails.set(id, {
        matches: (record) => parsed.ok && parsed.matches(subjectOf(record)),
        records: [],
        dropped: 0,
      });
      stop ??= clock.after(batchMs, flush);
    },
    delete(id) {
      tails.delete(id);
      stopWhenEmpty();
    },
    clear() {
      tails.clear();
      stopWhenEmpty();
    },
    record(record) {
      for (const tail of tails.values()) {
        if (!tail.matches(record)) continue;
        if (tail.records.length < batchLimit) tail.records.push(record);
        else tail.dropped += 1;
      }
    },
  };
}

/** A record as a filter sees it: under the names of a connection's row. */
function subjectOf(record: StreamRecord) {
  return { ...record, id: record.connection, phase: 'ended' as const, requests: 1, total: record.timers.Ta };
}
