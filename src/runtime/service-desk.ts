// The runtime as the control server sees it.

import type { Command, Preview } from '../domain/command.ts';
import { parseFilter } from '../domain/filter.ts';
import type { Actor } from '../domain/journal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Commands } from './commands.ts';
import type { ControlServices } from './control/services.ts';
import type { Hops } from './endpoints/hops.ts';
import type { ModelStore } from './model-store.ts';
import type { Sampling } from './sampling.ts';

export function createServices(options: {
  readonly store: ModelStore;
  readonly name: string;
  readonly version: string;
  readonly engine: Engine;
  readonly sampling: Sampling;
  readonly commands: Commands;
  preview(command: Command, actor?: Actor): Promise<Preview>;
  readonly preflight: ControlServices['preflight'];
  readonly shardPlan: ControlServices['shardPlan'];
  readonly trace: ControlServices['trace'];
  readonly watchRuleset: ControlServices['watchRuleset'];
  readonly attached: ControlServices['attached'];
  /** Where the kernel takes a connection beyond its server; missing where nobody knows. */
  readonly hopOf?: Hops['hopOf'];
}): ControlServices {
  const { store, name, version, engine, sampling, commands, preview, preflight } = options;
  return {
    store,
    name,
    version,
    preview,
    preflight,
    shardPlan: options.shardPlan,
    trace: options.trace,
    samples: sampling.subscribe,
    history: sampling.history,
    filterFault(filter) {
      const parsed = parseFilter(filter);
      return parsed.ok ? undefined : `${parsed.message} (at ${parsed.at + 1})`;
    },
    watchConnections: (query, listener) => engine.watchConnections(query, listener),
    async connection(id) {
      const detail = await engine.connection(id);
      const hop = detail?.phase === 'ended' ? undefined : detail && (await options.hopOf?.(detail));
      return detail && hop ? { ...detail, hop } : detail;
    },
    watchRuleset: options.watchRuleset,
    attached: options.attached,
    tail: (filter, listener) => engine.tail(filter, listener),
    execute: commands.execute,
    outcome: commands.outcome,
  };
}
