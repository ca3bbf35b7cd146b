// What the screen shown needs from the runtime, and nothing more: subscribed when it comes, dropped when it leaves.

import type { ConnectionTable, ConnectionTableQuery, RuntimeClient } from '../client/runtime-client.ts';
import type { Clock } from '../domain/clock.ts';
import type { ConnectionDetail } from '../domain/connection.ts';
import type { RulesetQuery, RulesetWindow } from '../domain/kernel.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { HistoryPoint, Sample, SampleTopic } from '../domain/sample.ts';
import type { Termination } from '../domain/tls.ts';
import { sameRulesetQuery } from './ruleset-table.ts';

export interface Wanted {
  readonly topics: readonly SampleTopic[];
  readonly history: boolean;
  /** Of which backends servers are shown, and of which they soon might be. Undefined: of all. */
  readonly servers?: { readonly shown: readonly string[]; readonly around: readonly string[] } | undefined;
  readonly table?: ConnectionTableQuery | undefined;
  readonly ruleset?: RulesetQuery | undefined;
  readonly connection?: string | undefined;
  /** Another `id` is asked for anew, the same route and mode or not. */
  readonly preflight?: WantedPreflight | undefined;
}

export interface WantedPreflight {
  readonly id: number;
  readonly route: string;
  readonly termination: Termination;
}

export interface Sinks {
  sample(sample: Sample): void;
  /** Nobody sends samples of this topic any more. */
  topicLeft(topic: SampleTopic): void;
  history(points: readonly HistoryPoint[]): void;
  /** The answer to the newest query, or a refresh of it. */
  table(table: ConnectionTable): void;
  /** The same of a window of the ruleset. */
  ruleset(window: RulesetWindow): void;
  /** undefined: it is not there any more. */
  connection(id: string, detail: ConnectionDetail | undefined): void;
  preflight(id: number, preflight: Preflight): void;
  preflightFailed(id: number, reason: string): void;
}

export interface Subscriptions {
  want(wanted: Wanted): void;
  /** Attached again: what passed meanwhile is asked for. */
  attachedAgain(): void;
  close(): void;
}

const sampleEveryMs = 1_000;
const detailEveryMs = 1_000;

export function createSubscriptions(client: RuntimeClient, clock: Clock, sinks: Sinks): Subscriptions {
  const samples = new Map<SampleTopic, () => void>();
  let table:
    | { query: ConnectionTableQuery; update(query: ConnectionTableQuery): void; close(): void }
    | undefined;
  let ruleset: { query: RulesetQuery; update(query: RulesetQuery): void; close(): void } | undefined;
  let detail: { readonly id: string; readonly stop: () => void } | undefined;
  let preflight: { readonly wanted: WantedPreflight; stop: () => void } | undefined;
  let hadHistory = false;
  let serversOf: readonly string[] | undefined;

  // One by one: a topic that two screens share goes on, and its rates with it, when one of them is left.
  function wantSamples(topics: readonly SampleTopic[], servers: Wanted['servers']): void {
    for (const [topic, stop] of samples) {
      if (topics.includes(topic)) continue;
      stop();
      samples.delete(topic);
      sinks.topicLeft(topic);
    }
    for (const topic of topics) {
      // What is shown now stays until the first sample of the others.
      if (topic === 'servers' && !covers(serversOf, servers)) {
        samples.get(topic)?.();
        samples.delete(topic);
      }
      if (samples.has(topic)) continue;
      if (topic === 'servers') serversOf = servers?.around;
      const only = topic === 'servers' ? serversOf : undefined;
      samples.set(topic, client.samples([topic], sampleEveryMs, sinks.sample, only));
    }
  }

  function wantHistory(wanted: boolean): void {
    // Asked for again on every return: what passed meanwhile was not sent.
    if (wanted && !hadHistory) client.history().then(sinks.history, () => {});
    hadHistory = wanted;
  }

  function wantTable(query: ConnectionTableQuery | undefined): void {
    if (query === undefined) {
      table?.close();
      table = undefined;
      return;
    }
    if (table === undefined) {
      const open = { query, update: (_: ConnectionTableQuery) => {}, close: () => {} };
      table = open;
      const watch = client.connections(query, (answer) => {
        // A late answer to the query before would show its rows at another place.
        if (table === open && sameQuery(answer.query, open.query)) sinks.table(answer);
      });
      open.update = (next) => watch.update(next);
      open.close = () => watch.close();
      return;
    }
    if (sameQuery(table.query, query)) return;
    table.query = query;
    table.update(query);
  }

  function wantRuleset(query: RulesetQuery | undefined): void {
    if (query === undefined) {
      ruleset?.close();
      ruleset = undefined;
      return;
    }
    if (ruleset === undefined) {
      const open = { query, update: (_: RulesetQuery) => {}, close: () => {} };
      ruleset = open;
      const watch = client.openRuleset(query, (answer) => {
        if (ruleset === open && sameRulesetQuery(answer.query, open.query)) sinks.ruleset(answer);
      });
      open.update = (next) => watch.update(next);
      open.close = () => watch.close();
      return;
    }
    if (sameRulesetQuery(ruleset.query, query)) return;
    ruleset.query = query;
    ruleset.update(query);
  }

  function wantConnection(id: string | undefined): void {
    if (detail?.id === id) return;
    detail?.stop();
    detail = undefined;
    if (id === undefined) return;
    let cancel = () => {};
    let stopped = false;
    const poll = () => {
      const next = () => {
        if (!stopped) cancel = clock.after(detailEveryMs, poll);
      };
      client.connection(id).then(
        (seen) => {
          if (stopped) return;
          sinks.connection(id, seen);
          // An ended connection does not change any more.
          if (seen !== undefined && seen.phase !== 'ended') next();
        },
        // Not attached just now: what was seen stays, greyed; asked for again.
        () => next(),
      );
    };
    detail = {
      id,
      stop: () => {
        stopped = true;
        cancel();
      },
    };
    poll();
  }

  function wantPreflight(wanted: WantedPreflight | undefined): void {
    if (preflight?.wanted.id === wanted?.id) return;
    preflight?.stop();
    preflight = undefined;
    if (wanted === undefined) return;
    const begun = { wanted, stop: () => {} };
    preflight = begun;
    // What the one before still says is not this one's.
    const isStill = () => preflight === begun;
    begun.stop = client.preflight(
      wanted.route,
      wanted.termination,
      (seen) => {
        if (isStill()) sinks.preflight(wanted.id, seen);
      },
      (reason) => {
        if (isStill()) sinks.preflightFailed(wanted.id, reason);
      },
    );
  }

  return {
    want(wanted) {
      wantSamples(wanted.topics, wanted.servers);
      wantHistory(wanted.history);
      wantTable(wanted.table);
      wantRuleset(wanted.ruleset);
      wantConnection(wanted.connection);
      wantPreflight(wanted.preflight);
    },
    attachedAgain() {
      if (hadHistory) client.history().then(sinks.history, () => {});
    },
    close() {
      for (const stop of samples.values()) stop();
      table?.close();
      ruleset?.close();
      detail?.stop();
      preflight?.stop();
      samples.clear();
      table = undefined;
      ruleset = undefined;
      detail = undefined;
      preflight = undefined;
    },
  };
}

function covers(asked: readonly string[] | undefined, servers: Wanted['servers']): boolean {
  if (asked === undefined || servers === undefined) return asked === servers;
  return servers.shown.every((backend) => asked.includes(backend));
}

function sameQuery(a: ConnectionTableQuery, b: ConnectionTableQuery): boolean {
  return (
    a.filter === b.filter &&
    a.offset === b.offset &&
    a.limit === b.limit &&
    a.ended === b.ended &&
    a.order.by === b.order.by &&
    a.order.descending === b.order.descending
  );
}
