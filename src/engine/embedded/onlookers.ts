// Open connection windows and tails of a runtime, whichever instances are attached: a new instance is told of all of
// them, and what several instances see is put together.

import type { Disposer } from '../../domain/event.ts';
import { compareRows } from '../../proxy/connection-order.ts';
import type { ConnectionQuery, ConnectionWatch, ConnectionWindow, TailBatch } from '../engine.ts';
import type { FromInstance, InstanceWindow, ToInstance } from './messages.ts';

/** An attached instance, as far as onlookers care. `tell` never rejects: who went away is told again when it is back. */
export interface Observed {
  readonly id: string;
  tell(message: ToInstance): void;
}

export interface Onlookers {
  watch(query: ConnectionQuery, listener: (window: ConnectionWindow) => void): ConnectionWatch;
  tail(filter: string, listener: (batch: TailBatch) => void): Disposer;
  attached(instance: Observed): void;
  left(instance: Observed): void;
  message(instance: Observed, message: FromInstance & { kind: 'window' | 'tail' }): void;
}

interface Watch {
  query: ConnectionQuery;
  /** Of the newest query as it was asked; windows of older ones are no answer to it. */
  turn: number;
  readonly listener: (window: ConnectionWindow) => void;
  readonly windows: Map<Observed, InstanceWindow>;
}

export function createOnlookers(): Onlookers {
  const instances = new Set<Observed>();
  const watches = new Map<number, Watch>();
  const tails = new Map<number, { readonly filter: string; readonly listener: (batch: TailBatch) => void }>();
  let last = 0;

  /** Of one instance the very rows; of several the first rows of each, to be put in order here. */
  const queryFor = ({ query }: Watch): ConnectionQuery =>
    instances.size <= 1 ? query : { ...query, offset: 0, limit: query.offset + query.limit };
  const ask = (id: number, watch: Watch, of: Iterable<Observed> = instances) => {
    const { turn } = watch;
    for (const instance of of) instance.tell({ kind: 'watch', watch: id, turn, query: queryFor(watch) });
  };
  const askAll = () => {
    for (const [id, watch] of watches) {
      watch.turn += 1;
      watch.windows.clear();
      ask(id, watch);
    }
  };

  return {
    watch(query, listener) {
      const id = ++last;
      const watch: Watch = { query, turn: 1, listener, windows: new Map() };
      watches.set(id, watch);
      ask(id, watch);
      return {
        update(next) {
          watch.query = next;
          watch.turn += 1;
          watch.windows.clear();
          if (watches.has(id)) ask(id, watch);
        },
        close() {
          if (!watches.delete(id)) return;
          for (const instance of instances) instance.tell({ kind: 'unwatch', watch: id });
        },
      };
    },
    tail(filter, listener) {
      const id = ++last;
      tails.set(id, { filter, listener });
      for (const instance of instances) instance.tell({ kind: 'tail', tail: id, filter });
      return () => {
        if (!tails.delete(id)) return;
        for (const instance of instances) instance.tell({ kind: 'untail', tail: id });
      };
    },
    attached(instance) {
      const before = instances.size;
      instances.add(instance);
      for (const [id, { filter }] of tails) instance.tell({ kind: 'tail', tail: id, filter });
      if (before === 1) askAll();
      else for (const [id, watch] of watches) ask(id, watch, [instance]);
    },
    left(instance) {
      if (!instances.delete(instance)) return;
      for (const { windows } of watches.values()) windows.delete(instance);
      if (instances.size === 1) askAll();
    },
    message(instance, message) {
      if (message.kind === 'tail') {
        tails.get(message.tail)?.listener({ records: message.records, dropped: message.dropped });
        return;
      }
      const watch = watches.get(message.watch);
      if (watch === undefined || message.turn !== watch.turn) return;
      watch.windows.set(instance, message.window);
      if (instances.size <= 1) watch.listener({ ...message.window, query: watch.query });
      else if (watch.windows.size === instances.size) watch.listener(merge(watch));
    },
  };
}

function merge({ query, windows }: Watch): ConnectionWindow {
  const all = [...windows.values()];
  const sum = (of: (window: InstanceWindow) => number) => all.reduce((total, each) => total + of(each), 0);
  const rows = all.flatMap((window) => window.rows).sort(compareRows(query.order));
  return {
    query,
    at: Math.max(...all.map(({ at }) => at)),
    total: sum(({ total }) => total),
    matched: sum(({ matched }) => matched),
    rows: rows.slice(query.offset, query.offset + query.limit),
  };
}
