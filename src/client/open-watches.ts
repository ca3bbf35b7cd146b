// What this console watches, kept apart from any one attachment, so that all of it is opened again after a reconnect.

import type { StreamRecord } from '../domain/connection.ts';
import type { Disposer } from '../domain/event.ts';
import type { RulesetWindow } from '../domain/kernel.ts';
import type { Preflight } from '../domain/preflight.ts';
import type {
  ConnectionTable,
  ConnectionTableQuery,
  ConnectionTableWatch,
  RuntimeClient,
} from './runtime-client.ts';
import { type NotificationOf, RpcError, type Session } from './session.ts';

export interface TailBatch {
  readonly records: readonly StreamRecord[];
  readonly dropped: number;
}

interface Watch {
  open(session: Session): Promise<unknown>;
  notified(notification: NotificationOf): void;
  /** It cannot go on: the attachment is closed for good. */
  closed?(reason: string): void;
}

export interface OpenWatches {
  readonly samples: RuntimeClient['samples'];
  connections(query: ConnectionTableQuery, listener: (table: ConnectionTable) => void): ConnectionTableWatch;
  readonly openRuleset: RuntimeClient['openRuleset'];
  tail(filter: string, listener: (batch: TailBatch) => void): Disposer;
  readonly preflight: RuntimeClient['preflight'];
  /** The attachment is live: everything is opened on it. */
  attached(session: Session): void;
  lost(): void;
  /** For good. */
  closed(reason: string): void;
  notified(notification: NotificationOf & { params: { watch: string } }): void;
}

export function createOpenWatches(): OpenWatches {
  const watches = new Map<string, Watch>();
  let session: Session | undefined;
  let serial = 0;

  // A refusal (a filter that does not parse, a capability that is missing) leaves the watch silent: the console knew both
  // before. A loss opens it again with the next attachment.
  const ask = (request: Promise<unknown> | undefined): void => void request?.catch(() => {});

  function add(make: (watch: string) => Watch): { readonly name: string; readonly close: Disposer } {
    serial += 1;
    const name = `w${serial}`;
    const watch = make(name);
    watches.set(name, watch);
    if (session) ask(watch.open(session));
    return {
      name,
      close() {
        if (watches.delete(name)) ask(session?.request('watch.close', { watch: name }));
      },
    };
  }

  /** A window on a table that is in the runtime, moved by `update`. */
  function addWindow<Query>(
    query: Query,
    open: (on: Session, watch: string, asked: Query) => Promise<unknown>,
    move: (on: Session, watch: string, asked: Query) => Promise<unknown>,
    notified: Watch['notified'],
  ): { update(query: Query): void; close(): void } {
    let asked = query;
    let underWay = false;
    let again = false;
    const { name, close } = add((watch) => ({ open: (on) => open(on, watch, asked), notified }));
    // While one update is under way only the newest is kept: a held arrow key must not flood a slow link.
    const send = (): void => {
      const on = session;
      if (!on || !watches.has(name)) return;
      if (underWay) {
        again = true;
        return;
      }
      underWay = true;
      ask(
        move(on, name, asked).finally(() => {
          underWay = false;
          if (again) {
            again = false;
            send();
          }
        }),
      );
    };
    return {
      update(next) {
        asked = next;
        send();
      },
      close,
    };
  }

  return {
    samples(topics, intervalMs, listener, serversOf) {
      return add((watch) => ({
        open: (on) =>
          on.request('samples.open', {
            watch,
            topics: [...topics],
            intervalMs,
            ...(serversOf && { serversOf: [...serversOf] }),
          }),
        notified: (notification) => {
          if (notification.name === 'samples') listener(notification.params.sample);
        },
      })).close;
    },

    connections: (query, listener) =>
      addWindow(
        query,
        (on, watch, asked) => on.request('connections.open', { watch, query: { ...asked } }),
        (on, watch, asked) => on.request('connections.update', { watch, query: { ...asked } }),
        (notification) => {
          if (notification.name === 'connections') listener(notification.params.table as ConnectionTable);
        },
      ),

    openRuleset: (query, listener) =>
      addWindow(
        query,
        (on, watch, asked) =>
          on.request('nft.open', { watch, query: { ...asked, folded: [...asked.folded] } }),
        (on, watch, asked) =>
          on.request('nft.update', { watch, query: { ...asked, folded: [...asked.folded] } }),
        (notification) => {
          if (notification.name === 'nft') listener(notification.params.window as RulesetWindow);
        },
      ),

    tail(filter, listener) {
      return add((watch) => ({
        open: (on) => on.request('tail.open', { watch, filter }),
        notified: (notification) => {
          if (notification.name === 'tail') listener(notification.params as TailBatch);
        },
      })).close;
    },

    // Probing changes nothing: cut off before its verdict it is begun anew with the next attachment.
    preflight(route, termination, listener, failed = () => {}) {
      const { name, close } = add((watch) => ({
        open: (on) =>
          on.request('preflight.open', { watch, route, termination }).catch((error: unknown) => {
            if (error instanceof RpcError && watches.delete(watch)) failed(error.message);
          }),
        notified(notification) {
          if (notification.name !== 'preflight') return;
          const { preflight } = notification.params;
          // The runtime closes it with its verdict.
          if (preflight.verdict !== 'running') watches.delete(name);
          listener(preflight as Preflight);
        },
        closed: failed,
      }));
      return close;
    },

    attached(next) {
      session = next;
      for (const watch of watches.values()) ask(watch.open(next));
    },
    lost() {
      session = undefined;
    },
    closed(reason) {
      session = undefined;
      for (const [name, watch] of [...watches]) {
        watches.delete(name);
        watch.closed?.(reason);
      }
    },
    notified(notification) {
      watches.get(notification.params.watch)?.notified(notification);
    },
  };
}
