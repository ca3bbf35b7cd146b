// What one console watches: samples, connection windows, tails, preflights. All of it is the lane that goes first when a
// console is slow, but for a preflight's verdict.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { RulesetQuery } from '../../domain/kernel.ts';
import type { SampleTopic } from '../../domain/sample.ts';
import type { Termination } from '../../domain/tls.ts';
import type { ConnectionQuery } from '../../engine/engine.ts';
import type { Limits } from '../../protocol/limits.ts';
import { notificationText, rpcErrors } from '../../protocol/rpc.ts';
import type { Outlet } from './outlet.ts';
import { createPreflightReport } from './preflight-report.ts';
import { RpcRefusal } from './refusal.ts';
import type { ControlServices } from './services.ts';

type Watch = {
  readonly close: Disposer;
  readonly update?: (query: ConnectionQuery) => void;
  readonly updateRuleset?: (query: RulesetQuery) => void;
  readonly preflight?: true;
};
type Nothing = Record<string, never>;

export interface Watches {
  openSamples(
    watch: string,
    topics: readonly SampleTopic[],
    intervalMs: number,
    serversOf?: readonly string[],
  ): Nothing;
  openConnections(watch: string, query: ConnectionQuery): Nothing;
  updateConnections(watch: string, query: ConnectionQuery): Nothing;
  openRuleset(watch: string, query: RulesetQuery): Nothing;
  updateRuleset(watch: string, query: RulesetQuery): Nothing;
  openTail(watch: string, filter: string): Nothing;
  /** Closes itself with the verdict. */
  openPreflight(watch: string, route: string, termination: Termination): Nothing;
  close(watch: string): Nothing;
  closeAll(): void;
}

export function createWatches(
  services: ControlServices,
  outlet: Outlet,
  limits: Pick<Limits, 'watches' | 'preflights' | 'preflightReportMs'>,
  clock: Pick<Clock, 'after'>,
): Watches {
  const open = new Map<string, Watch>();

  function add(name: string, make: () => Watch): Nothing {
    if (open.has(name)) throw new RpcRefusal(rpcErrors.invalidParams, 'a watch of this name is open already');
    if (open.size >= limits.watches)
      throw new RpcRefusal(rpcErrors.limit, `more than ${limits.watches} watches`);
    open.set(name, make());
    return {};
  }

  function checkFilter(filter: string): void {
    const fault = services.filterFault(filter);
    if (fault) throw new RpcRefusal(rpcErrors.badFilter, fault);
  }

  function capable(capability: 'connections' | 'tail' | 'tls'): void {
    const can = services.store.model.runtime.get('runtime')?.capabilities[capability] ?? true;
    if (can !== true) throw new RpcRefusal(rpcErrors.notCapable, can.no);
  }

  return {
    openSamples: (watch, topics, intervalMs, serversOf) =>
      add(watch, () => ({
        close: services.samples(
          topics,
          intervalMs,
          (sample) => outlet.sample(() => notificationText('samples', { watch, sample })),
          serversOf,
        ),
      })),

    openConnections(watch, query) {
      checkFilter(query.filter);
      capable('connections');
      return add(watch, () =>
        services.watchConnections(query, (table) =>
          outlet.sample(() => notificationText('connections', { watch, table })),
        ),
      );
    },

    updateConnections(watch, query) {
      checkFilter(query.filter);
      const update = open.get(watch)?.update;
      if (!update) throw new RpcRefusal(rpcErrors.noSuchWatch, 'no connection window of this name is open');
      update(query);
      return {};
    },

    openRuleset: (watch, query) =>
      add(watch, () => {
        const { update, close } = services.watchRuleset(query, (window) =>
          outlet.sample(() => notificationText('nft', { watch, window })),
        );
        return { close, updateRuleset: update };
      }),

    updateRuleset(watch, query) {
      const update = open.get(watch)?.updateRuleset;
      if (!update)
        throw new RpcRefusal(rpcErrors.noSuchWatch, 'no window of the ruleset of this name is open');
      update(query);
      return {};
    },

    openTail(watch, filter) {
      checkFilter(filter);
      capable('tail');
      return add(watch, () => {
        let lost = 0;
        return {
          close: services.tail(filter, ({ records, dropped }) => {
            const sent = outlet.sample(() =>
              notificationText('tail', { watch, records, dropped: dropped + lost }),
            );
            lost = sent ? 0 : lost + dropped + records.length;
          }),
        };
      });
    },

    openPreflight(watch, route, termination) {
      capable('tls');
      const underWay = [...open.values()].filter(({ preflight }) => preflight).length;
      if (underWay >= limits.preflights)
        throw new RpcRefusal(rpcErrors.limit, `more than ${limits.preflights} preflights at once`);
      let over = false;
      const added = add(watch, () => {
        const report = createPreflightReport(watch, outlet, limits.preflightReportMs, clock);
        const stop = services.preflight(route, termination, (preflight) => {
          if (!report.tell(preflight)) return;
          over = true;
          open.delete(watch);
        });
        if (typeof stop !== 'function') throw new RpcRefusal(rpcErrors.notProbed, stop.fault);
        return {
          preflight: true,
          close() {
            report.close();
            stop();
          },
        };
      });
      // The verdict may have been there at once.
      if (over) open.delete(watch);
      return added;
    },

    close(watch) {
      open.get(watch)?.close();
      open.delete(watch);
      return {};
    },

    closeAll() {
      for (const watch of open.values()) watch.close();
      open.clear();
    },
  };
}
