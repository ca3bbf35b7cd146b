// Owns the model: the only place that writes it. Numbers changes, keeps the newest for consoles that resume,
// and tells listeners one batch a tick.

import { isDeepStrictEqual } from 'node:util';
import type { Disposer, Event } from '../domain/event.ts';
import { createEmitter } from '../domain/event.ts';
import {
  applyChange,
  type Change,
  type EntityType,
  type EntityTypes,
  emptyModel,
  type Model,
  type MutableModel,
} from '../domain/model.ts';

export interface ModelStore {
  readonly model: Model;
  /** Names this life of the model; another epoch means nothing of the old numbering holds. */
  readonly epoch: string;
  /** Of the newest change that listeners were told. */
  readonly seq: number;
  /** No change where the value is equal to what is there. */
  set<T extends EntityType>(type: T, key: string, value: EntityTypes[T]): void;
  remove(type: EntityType, key: string): void;
  /** Sets exactly these, in this order; what is not among them goes. */
  replace<T extends EntityType>(type: T, entries: readonly (readonly [string, EntityTypes[T]])[]): void;
  /** Tells what is pending now, and answers the newest `seq`. */
  flush(): number;
  readonly batches: Event<readonly Change[]>;
  /** Everything after `seq`, or undefined where that is too long ago or another life. */
  since(epoch: string, seq: number): readonly Change[] | undefined;
  close: Disposer;
}

type Pending = { type: EntityType; key: string; value: EntityTypes[EntityType] | null };

/** @param schedule calls back soon, once: the end of a tick */
export function createModelStore(
  epoch: string,
  schedule: (flush: () => void) => void = queueMicrotask,
  logLimit = 5_000,
): ModelStore {
  const model: MutableModel = emptyModel();
  const batches = createEmitter<readonly Change[]>();
  /** Contiguous: the entry at index i has seq = log[0].seq + i. */
  let log: Change[] = [];
  let seq = 0;
  let pending: (Pending | undefined)[] = [];
  const pendingSet = new Map<string, number>();
  let scheduled = false;
  let closed = false;

  function put(type: EntityType, key: string, value: EntityTypes[EntityType] | null): void {
    applyChange(model, { seq: 0, type, key, value } as Change);
    const id = `${type} ${key}`;
    const earlier = pendingSet.get(id);
    // Within a tick only the last value counts. A deletion is never merged with a later set: the set moves the
    // entity to the end of the order, and a mirror must do the same.
    if (earlier !== undefined && value !== null) pending[earlier] = { type, key, value };
    else {
      if (earlier !== undefined) pending[earlier] = undefined;
      pending.push({ type, key, value });
      if (value === null) pendingSet.delete(id);
      else pendingSet.set(id, pending.length - 1);
    }
    if (scheduled || closed) return;
    scheduled = true;
    schedule(() => {
      scheduled = false;
      flush();
    });
  }

  function flush(): number {
    if (closed) return seq;
    const batch = pending
      .filter((change) => change !== undefined)
      .map((change) => {
        seq += 1;
        return { seq, ...change } as Change;
      });
    pending = [];
    pendingSet.clear();
    if (batch.length === 0) return seq;
    log.push(...batch);
    if (log.length > logLimit * 1.25) log = log.slice(-logLimit);
    batches.emit(batch);
    return seq;
  }

  function remove(type: EntityType, key: string): void {
    if (model[type].has(key)) put(type, key, null);
  }

  return {
    model,
    epoch,
    get seq() {
      return seq;
    },
    batches: batches.event,
    flush,
    remove,
    set(type, key, value) {
      if (!isDeepStrictEqual(model[type].get(key), value)) put(type, key, value);
    },
    replace(type, entries) {
      const wanted = entries.map(([key]) => key);
      const among = new Set(wanted);
      const kept = [...model[type].keys()].filter((key) => among.has(key));
      const sameOrder = isDeepStrictEqual(kept, wanted.slice(0, kept.length));
      for (const key of [...model[type].keys()]) if (!sameOrder || !among.has(key)) remove(type, key);
      for (const [key, value] of entries)
        if (!isDeepStrictEqual(model[type].get(key), value)) put(type, key, value);
    },
    since(askedEpoch, asked) {
      if (askedEpoch !== epoch || asked > seq) return undefined;
      if (asked === seq) return [];
      const first = log[0]?.seq ?? seq + 1;
      return asked >= first - 1 ? log.slice(asked - first + 1) : undefined;
    },
    close() {
      closed = true;
    },
  };
}
