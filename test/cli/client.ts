// A RuntimeClient made of a model and emitters, for tests of what verbs do with one.
import type { AttachState, RuntimeClient } from '../../src/client/runtime-client.ts';
import type { Command, Outcome } from '../../src/domain/command.ts';
import { createEmitter } from '../../src/domain/event.ts';
import {
  applyChange,
  type Change,
  type EntityType,
  type EntityTypes,
  emptyModel,
} from '../../src/domain/model.ts';
import type { Preflight } from '../../src/domain/preflight.ts';
import type { Sample } from '../../src/domain/sample.ts';
import type { ShardPlan, WhatIf } from '../../src/domain/shard-plan.ts';

export interface FakeClient extends RuntimeClient {
  readonly executed: Command[];
  /** What-ifs, each answered with the plan that was given last. */
  readonly asked: readonly WhatIf[];
  plan(planned: ShardPlan): void;
  /** For whoever watches samples now, and later. */
  sample(sample: Sample): void;
  set<T extends EntityType>(type: T, key: string, value: EntityTypes[T] | null): void;
  become(state: AttachState): void;
  /** Tells whoever runs a preflight what was found. */
  probe(preflight: Preflight): void;
  failProbe(reason: string): void;
  readonly probing: boolean;
}

/** `acting`: what a command does to the model before its outcome is there. */
export function fakeClient(
  outcome: Outcome = { result: 'done', seq: 1, text: 'done' },
  acting: () => void = () => {},
): FakeClient {
  const model = emptyModel();
  const changes = createEmitter<readonly Change[]>();
  const attachChanges = createEmitter<AttachState>();
  const executed: Command[] = [];
  let attach: AttachState = { state: 'live', since: 0, role: 'operator', actor: 'anna' };
  let seq = 0;
  let probe: { listener(preflight: Preflight): void; failed(reason: string): void } | undefined;
  const asked: WhatIf[] = [];
  let planned: ShardPlan | undefined;
  let current: Sample | undefined;
  let sampled: ((sample: Sample) => void) | undefined;
  const never = () => {
    throw new Error('not part of this test');
  };
  return {
    url: 'unix:/test',
    get attach() {
      return attach;
    },
    attachChanges: attachChanges.event,
    ready: async () => {},
    model,
    changes: changes.event,
    clockOffset: 0,
    lastHeardAt: 0,
    samples(_topics, _intervalMs, listener) {
      sampled = listener;
      if (current !== undefined) queueMicrotask(() => listener(current!));
      return () => {
        sampled = undefined;
      };
    },
    sample(next) {
      current = next;
      sampled?.(next);
    },
    history: never,
    connections: never,
    openRuleset: never,
    connection: never,
    tail: never,
    shardPlan: async (whatIf) => {
      if (planned === undefined) throw new Error('not part of this test');
      asked.push(whatIf);
      return planned;
    },
    asked,
    plan(next) {
      planned = next;
    },
    trace: never,
    preflight(_route, _termination, listener, failed = () => {}) {
      probe = { listener, failed };
      return () => {
        probe = undefined;
      };
    },
    probe: (preflight) => probe?.listener(preflight),
    failProbe: (reason) => probe?.failed(reason),
    get probing() {
      return probe !== undefined;
    },
    preview: async () => ({ title: 'Drain web/app1', lines: [{ tone: 'now', text: '3 connections' }] }),
    async execute(command) {
      executed.push(command);
      acting();
      return outcome;
    },
    close() {},
    executed,
    set(type, key, value) {
      seq += 1;
      const change = { seq, type, key, value } as Change;
      applyChange(model, change);
      changes.emit([change]);
    },
    become(state) {
      attach = state;
      attachChanges.emit(state);
    },
  };
}
