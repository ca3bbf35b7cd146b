// A RuntimeClient without a runtime: tests set its model, answer its questions and send what a runtime would.

import type {
  AttachState,
  ConnectionTable,
  ConnectionTableQuery,
  RuntimeClient,
} from '../../src/client/runtime-client.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Command, Outcome, Preview } from '../../src/domain/command.ts';
import type { ConnectionDetail } from '../../src/domain/connection.ts';
import { createEmitter } from '../../src/domain/event.ts';
import type { RulesetQuery, RulesetWindow } from '../../src/domain/kernel.ts';
import { type Change, emptyModel, type MutableModel } from '../../src/domain/model.ts';
import type { Preflight } from '../../src/domain/preflight.ts';
import type { HistoryPoint, Sample, SampleTopic } from '../../src/domain/sample.ts';
import type { ShardPlan, WhatIf } from '../../src/domain/shard-plan.ts';
import type { Termination } from '../../src/domain/tls.ts';
import type { Trace, TraceQuestion } from '../../src/domain/trace.ts';

export interface ScriptedClock extends Clock {
  advance(ms: number): void;
}

export function createScriptedClock(start: number): ScriptedClock {
  let now = start;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((entry) => entry !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((entry) => entry !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
}

interface Asked<T, A> {
  readonly value: T;
  answer(answer: A): Promise<void>;
  fail(reason: string): Promise<void>;
}

export interface ScriptedPreflight {
  readonly route: string;
  readonly termination: Termination;
  /** The console does not listen any more. */
  ended: boolean;
  send(preflight: Preflight): void;
  fail(reason: string): void;
}

export interface ScriptedClient extends RuntimeClient {
  model: MutableModel;
  attach: AttachState;
  lastHeardAt: number;
  points: readonly HistoryPoint[];
  readonly topics: Set<string>;
  /** Asked for with the topic `servers`, newest last. */
  readonly serversOf: (readonly string[] | undefined)[];
  readonly queries: ConnectionTableQuery[];
  readonly rulesetQueries: RulesetQuery[];
  readonly previews: Asked<Command, Preview>[];
  readonly commands: Asked<Command, Outcome>[];
  readonly shardPlans: Asked<WhatIf, ShardPlan>[];
  readonly traces: Asked<TraceQuestion, Trace>[];
  /** Begun, oldest first. */
  readonly preflights: ScriptedPreflight[];
  /** Sent with each command. */
  readonly conditions: Parameters<RuntimeClient['execute']>[1][];
  readonly details: Map<string, ConnectionDetail>;
  openWatches: number;
  /** Answers each query for a window of the ruleset at once; else `sendRuleset` does. */
  ruleset?: (query: RulesetQuery) => RulesetWindow;
  changed(changes?: readonly Change[]): void;
  attachTo(state: AttachState): void;
  send(sample: Sample): void;
  sendTable(table: ConnectionTable): void;
  sendRuleset(window: RulesetWindow): void;
}

export function createScriptedClient(clock: Clock, model: MutableModel = emptyModel()): ScriptedClient {
  const changes = createEmitter<readonly Change[]>();
  const attachChanges = createEmitter<AttachState>();
  const samples = createEmitter<Sample>();
  const tables = createEmitter<ConnectionTable>();
  const rulesets = createEmitter<RulesetWindow>();

  function asked<T, A>(list: Asked<T, A>[], value: T): Promise<A> {
    return new Promise((resolve, reject) => {
      list.push({
        value,
        // The console hears of it a turn of the event loop later, as it would from a socket.
        answer: async (answer) => {
          resolve(answer);
          await settled();
        },
        fail: async (reason) => {
          reject(new Error(reason));
          await settled();
        },
      });
    });
  }

  const client: ScriptedClient = {
    url: 'unix:/run/sluice/control.sock',
    attach: { state: 'live', since: clock.now(), role: 'operator', actor: 'anna' },
    attachChanges: attachChanges.event,
    ready: () => Promise.resolve(),
    model,
    changes: changes.event,
    clockOffset: 0,
    lastHeardAt: clock.now(),
    points: [],
    topics: new Set(),
    serversOf: [],
    queries: [],
    rulesetQueries: [],
    previews: [],
    commands: [],
    shardPlans: [],
    traces: [],
    preflights: [],
    conditions: [],
    details: new Map(),
    openWatches: 0,
    samples(topics: readonly SampleTopic[], _interval, listener, serversOf) {
      const name = topics.join(' ');
      if (name === 'servers') client.serversOf.push(serversOf);
      client.topics.add(name);
      const stop = samples.event((sample) => listener(only(sample, topics)));
      return () => {
        client.topics.delete(name);
        stop();
      };
    },
    history: () => Promise.resolve(client.points),
    connections(query, listener) {
      client.queries.push(query);
      client.openWatches += 1;
      const stop = tables.event(listener);
      return {
        update: (next) => void client.queries.push(next),
        close() {
          client.openWatches -= 1;
          stop();
        },
      };
    },
    openRuleset(query, listener) {
      client.openWatches += 1;
      const stop = rulesets.event(listener);
      const ask = (asked: RulesetQuery) => {
        client.rulesetQueries.push(asked);
        const window = client.ruleset?.(asked);
        if (window !== undefined) setImmediate(() => rulesets.emit(window));
      };
      ask(query);
      return {
        update: ask,
        close() {
          client.openWatches -= 1;
          stop();
        },
      };
    },
    connection: (id) => Promise.resolve(client.details.get(id)),
    tail: () => () => {},
    shardPlan: (whatIf) => asked(client.shardPlans, whatIf),
    trace: (question) => asked(client.traces, question),
    preview: (command) => asked(client.previews, command),
    preflight(route, termination, listener, failed) {
      const begun: ScriptedPreflight = {
        route,
        termination,
        ended: false,
        send: (preflight) => {
          if (!begun.ended) listener(preflight);
        },
        fail: (reason) => failed?.(reason),
      };
      client.preflights.push(begun);
      return () => {
        begun.ended = true;
      };
    },
    execute(command, conditions) {
      client.conditions.push(conditions);
      return asked(client.commands, command);
    },
    close() {},
    changed: (list = []) => changes.emit(list),
    attachTo(state) {
      client.attach = state;
      attachChanges.emit(state);
    },
    send(sample) {
      client.lastHeardAt = clock.now();
      samples.emit(sample);
    },
    sendTable(table) {
      client.lastHeardAt = clock.now();
      tables.emit(table);
    },
    sendRuleset(window) {
      client.lastHeardAt = clock.now();
      rulesets.emit(window);
    },
  };
  return client;
}

/** A subscription brings only what was asked for. */
function only(sample: Sample, topics: readonly SampleTopic[]): Sample {
  const { at, windowMs } = sample;
  return { at, windowMs, ...Object.fromEntries(topics.map((topic) => [topic, sample[topic]])) };
}

/** Promises that are settled have run their reactions. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
