// The embedded engine, as its runtime sees it: starts or adopts an acceptor with its instances, brings each instance to
// the plan and server states that hold, and keeps them there when one is replaced. Moves no byte itself.

import type { Clock } from '../../domain/clock.ts';
import type { EngineSample } from '../../domain/counters.ts';
import { createEmitter } from '../../domain/event.ts';
import type { Capabilities } from '../../domain/model.ts';
import type { TlsMaterial } from '../../domain/tls.ts';
import { type Engine, type EngineChange, EngineError } from '../engine.ts';
import { type AttachedInstance, createAttachedInstances } from './attached-instances.ts';
import { createEngineEntities } from './engine-entities.ts';
import { createEngineLife } from './engine-life.ts';
import { createHeldPlan, instancesOf } from './held-plan.ts';
import { createInstanceTelling } from './instance-telling.ts';
import type { FromInstance, InstanceHello } from './messages.ts';
import { createOnlookers } from './onlookers.ts';
import { createSampleMerge } from './sample-merge.ts';

export interface EmbeddedEngineOptions {
  /** Owner-only; made where missing. A runtime that is started again with the same one adopts what serves there. */
  readonly directory: string;
  readonly clock: Clock;
  /** The data plane ends two seconds after its runtime went away: for demos and consoles that bring their own. */
  readonly exitWithRuntime: boolean;
  /** Where the data plane prints; "ignore" while a console owns the terminal. */
  readonly output?: 'inherit' | 'ignore';
  /** Path of what instances run; undefined is that of this very release. */
  readonly program?: string;
}

export interface EmbeddedEngine extends Engine {
  /** Leaves the data plane serving, for a runtime that is started next. */
  detach(): void;
}

const capabilities: Capabilities = {
  drain: true,
  maint: true,
  weight: true,
  kill: true,
  'kill-server': true,
  connections: true,
  tail: true,
  reload: true,
  latency: true,
  tls: true,
  shards: true,
};

export function createEmbeddedEngine(options: EmbeddedEngineOptions): EmbeddedEngine {
  const changes = createEmitter<EngineChange>();
  const samples = createEmitter<EngineSample>();
  const onlookers = createOnlookers();
  const merge = createSampleMerge(({ id, hello }: AttachedInstance) => ({ id, startedAt: hello.startedAt }));
  const instances = createAttachedInstances();
  const entities = createEngineEntities(changes);
  const held = createHeldPlan();
  const telling = createInstanceTelling(instances, (ms, run) => options.clock.after(ms, run));
  const life = createEngineLife({
    ...options,
    instances,
    entities,
    held,
    planTaken: (plan) => merge.keep(plan),
    attached: (instance) => onlookers.attached(instance),
    said,
    lost(instance) {
      onlookers.left(instance);
      const last = merge.left(instance, options.clock.now());
      if (last !== undefined) samples.emit(last);
    },
  });

  function said(instance: AttachedInstance, message: FromInstance): void {
    switch (message.kind) {
      case 'sample':
        samples.emit(merge.take(instance, message.sample));
        return;
      case 'window':
      case 'tail':
        onlookers.message(instance, message);
        return;
      case 'binds':
        entities.setBinds({ ...instance.hello, binds: message.binds });
        return;
      case 'leaving':
        instance.hello = { ...instance.hello, leaveBy: message.leaveBy };
        instances.leaves(instance);
        entities.setInstance(instance, 'leaving');
        return;
      case 'orphaned':
        instance.hello = { ...instance.hello, orphaned: true };
        entities.setInstance(instance, stateOf(instance));
        return;
      case 'problem':
        instance.problem = message.text;
        if (entities.isNewest(instance)) entities.setInstance(instance, stateOf(instance));
        return;
      case 'instance':
        return;
    }
  }

  function running() {
    const { now } = held;
    if (life.phase !== 'running' || now === undefined)
      throw new EngineError('stopped', 'the engine does not run');
    return now;
  }
  const wanted = () => instancesOf(running().plan).map(({ id }) => id);

  async function setTlsMaterial(material: TlsMaterial): Promise<void> {
    running();
    held.setMaterial(material);
    life.changed({ kind: 'setTlsMaterial', material });
    await telling.confirmed(wanted(), { kind: 'setTlsMaterial', material }, (instance, hello) => {
      instance.hello = hello as InstanceHello;
      if (entities.isNewest(instance)) entities.setInstance(instance, stateOf(instance));
    });
  }

  return {
    kind: 'embedded',
    capabilities,
    changes: changes.event,
    samples: samples.event,
    start: (next, list, tls) => life.start(next, list, tls),
    apply: (next, list, tls) => life.apply(next, list, tls),
    async setServers(list) {
      running();
      const change = { kind: 'setServers', wishes: held.setServers(list) } as const;
      life.changed(change);
      await telling.confirmed(wanted(), change);
    },
    setRoutes: (list) =>
      life.toldInTurn(async () => {
        running();
        const change = { kind: 'setRoutes', wishes: held.setRoutes(list) } as const;
        life.changed(change);
        await telling.confirmed(wanted(), change);
      }),
    setTlsMaterial: (material) => life.toldInTurn(() => setTlsMaterial(material)),
    async endInOtherModes(route, how) {
      running();
      return telling.sum({ kind: 'endInOtherModes', route, how });
    },
    async renew(shard) {
      running();
      await life.renew(shard);
    },
    async clients() {
      running();
      return telling.clients();
    },
    async kill(connection) {
      running();
      return telling.kill(connection);
    },
    async retirePool(server) {
      running();
      return telling.sum({ kind: 'retirePool', server });
    },
    killOnServer: async (server, count) => telling.killOnServer(wanted(), server, count),
    snapshot: entities.snapshot,
    watchConnections: (query, listener) => onlookers.watch(query, listener),
    connection: (id) => telling.connection(id),
    tail: (filter, listener) => onlookers.tail(filter, listener),
    reopenLogs() {
      for (const instance of instances.linked) {
        // What was wrong with a log is said again if it still is.
        instance.problem = undefined;
        if (entities.isNewest(instance) && entities.get(instance.id)?.state === 'serving')
          entities.setInstance(instance, 'serving');
        instance.tell({ kind: 'reopenLogs' });
      }
    },
    stop: (graceMs) => life.stop(graceMs),
    detach: () => life.hangUp(),
  };
}

const stateOf = ({ leaving }: AttachedInstance) => (leaving ? 'leaving' : 'serving');
