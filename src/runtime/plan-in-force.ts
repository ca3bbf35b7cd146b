// A plan that the engine serves, as it stands in the model.

import { checkSummary } from '../config/describe.ts';
import type { InstanceEntity, RuntimeEntity } from '../domain/model.ts';
import { type Plan, serverKey } from '../domain/plan.ts';
import type { Engine, EngineSnapshot } from '../engine/engine.ts';
import type { ModelStore } from './model-store.ts';
import { backendEntity } from './plan-entities.ts';
import type { RateContext } from './rates.ts';
import type { Traffic } from './traffic.ts';

export function publishPlan(
  plan: Plan,
  { instances, binds }: EngineSnapshot,
  store: ModelStore,
  traffic: Traffic,
): void {
  const order = plan.shards.flatMap((shard) => shard.binds.map(({ name }) => name));
  const placed = [...binds].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  store.replace(
    'bind',
    placed.map((bind) => [bind.name, bind]),
  );
  store.replace(
    'instance',
    inOrder(instances, plan).map((instance) => [instance.id, instance]),
  );
  store.replace(
    'backend',
    plan.backends.map((backend) => [backend.name, backendEntity(backend, checkSummary)]),
  );
  traffic.keep({
    binds: new Set(order),
    backends: new Set(plan.backends.map(({ name }) => name)),
    servers: new Set(
      plan.backends.flatMap(({ name, servers }) => servers.map((server) => serverKey(name, server.name))),
    ),
    routes: new Set(plan.routes.map(({ name }) => name)),
  });
}

/** As the plan has them; each before the processes of its name that leave, the oldest of them last. */
export function inOrder(instances: readonly InstanceEntity[], { shards }: Plan): InstanceEntity[] {
  const shardOf = ({ shard }: InstanceEntity): number => shards.findIndex(({ name }) => name === shard);
  const numberOf = ({ name }: InstanceEntity): number => Number(name.slice(name.lastIndexOf('/') + 1));
  const leaves = ({ id, name }: InstanceEntity): number => Number(id !== name);
  return [...instances].sort(
    (a, b) =>
      shardOf(a) - shardOf(b) ||
      numberOf(a) - numberOf(b) ||
      leaves(a) - leaves(b) ||
      b.startedAt - a.startedAt,
  );
}

/** "default/2": is it one of those that the plan has? */
export function wantsInstance({ shards }: Plan, name: string): boolean {
  const slash = name.lastIndexOf('/');
  const shard = shards.find((each) => each.name === name.slice(0, slash));
  return shard !== undefined && Number(name.slice(slash + 1)) <= shard.instances;
}

export function rateContextOf(plan: Plan): RateContext {
  return {
    maxConnections: plan.shards
      .flatMap(({ binds }) => binds)
      .reduce((sum, bind) => sum + bind.maxConnections, 0),
    httpBackends: new Set(plan.backends.filter(({ mode }) => mode === 'http').map(({ name }) => name)),
  };
}

export function runtimeEntity(options: {
  readonly plan: Plan;
  readonly planAt: number;
  readonly startedAt: number;
  readonly configFile?: string;
  readonly engine: Engine;
  readonly version: string;
  readonly demo: boolean;
}): RuntimeEntity {
  const { plan, planAt, startedAt, configFile, engine, version, demo } = options;
  return {
    name: plan.runtime.name,
    engine: engine.kind,
    version,
    pid: process.pid,
    startedAt,
    plan: { hash: plan.hash, at: planAt, ...(configFile !== undefined && { file: configFile }) },
    demo,
    capabilities: engine.capabilities,
  };
}
