// The scripted engine's tails: each gets the records that match its filter, a batch at each tick.

import type { StreamRecord } from '../../src/domain/connection.ts';
import type { Disposer } from '../../src/domain/event.ts';
import { parseFilter } from '../../src/domain/filter.ts';
import { subjectOfRecord } from '../../src/domain/filter-fields.ts';
import type { TailBatch } from '../../src/engine/engine.ts';

export interface ScriptedTails {
  open(filter: string, listener: (batch: TailBatch) => void): Disposer;
  record(record: StreamRecord): void;
  flush(): void;
}

export function createScriptedTails(): ScriptedTails {
  const tails = new Set<{
    matches(record: StreamRecord): boolean;
    listener(batch: TailBatch): void;
    readonly batch: StreamRecord[];
  }>();
  return {
    open(filter, listener) {
      const parsed = parseFilter(filter);
      const matches = (record: StreamRecord) => !parsed.ok || parsed.matches(subjectOfRecord(record));
      const tail = { matches, listener, batch: [] };
      tails.add(tail);
      return () => void tails.delete(tail);
    },
    record(record) {
      for (const tail of tails) if (tail.matches(record)) tail.batch.push(record);
    },
    flush() {
      for (const { batch, listener } of tails)
        if (batch.length > 0) listener({ records: batch.splice(0), dropped: 0 });
    },
  };
}
