// Streams as they end, for whoever listens: filtered here in a bounded share of the loop, sent in batches of bounded size,
// the rest counted.

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
/** Of the time that passes, what filters may take: however many listen, clients keep most of the loop. */
const share = 1 / 5;
/** What of it may be saved up for a burst of ends. */
const mostMs = 10;

interface Tail {
  readonly matches: (subject: Subject) => boolean;
  records: StreamRecord[];
  dropped: number;
  /** Of the records that no tail could look at, how many `dropped` counts already. */
  skipsCounted: number;
}

/** `send` answers false while the other side cannot keep up: that batch counts as dropped. */
export function createTails(options: {
  readonly clock: PlaneClock;
  readonly send: (tail: number, records: readonly StreamRecord[], dropped: number) => boolean;
}): Tails {
  const { clock, send } = options;
  const tails = new Map<number, Tail>();
  let stop: Disposer | undefined;
  let allowance = mostMs;
  let allowedAt = clock.mono();
  let skips = 0;
  /** Whose filter comes first: where the time was up for the record before. */
  let turn = 0;

  function flush(): void {
    for (const [id, tail] of tails) {
      tail.dropped += skips - tail.skipsCounted;
      tail.skipsCounted = skips;
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
        matches: (subject) => parsed.ok && parsed.matches(subject),
        records: [],
        dropped: 0,
        skipsCounted: skips,
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
      if (tails.size === 0) return;
      const startedAt = clock.mono();
      allowance = Math.min(mostMs, allowance + Math.max(0, startedAt - allowedAt) * share);
      allowedAt = startedAt;
      if (allowance <= 0) {
        skips += 1;
        return;
      }
      const subject = subjectOf(record);
      const all = [...tails.values()];
      const first = turn % all.length;
      let looked = 0;
      let spent = 0;
      for (; looked < all.length && spent < allowance; looked += 1) {
        const tail = all[(first + looked) % all.length]!;
        if (tail.matches(subject)) {
          if (tail.records.length < batchLimit) tail.records.push(record);
          else tail.dropped += 1;
        }
        spent = clock.mono() - startedAt;
      }
      turn = first + looked;
      for (; looked < all.length; looked += 1) all[(first + looked) % all.length]!.dropped += 1;
      allowance -= clock.mono() - startedAt;
    },
  };
}

type Subject = ReturnType<typeof subjectOf>;

/** A record as a filter sees it: under the names of a connection's row. */
function subjectOf(record: StreamRecord) {
  return { ...record, id: record.connection, phase: 'ended' as const, requests: 1, total: record.timers.Ta };
}
