// The scripted engine's processes: as many as the plan says, by name and pid; those that leave stay until a test ends them.

import type { Clock } from '../../src/domain/clock.ts';
import type { ConnectionRow } from '../../src/domain/connection.ts';
import type { InstanceSample } from '../../src/domain/counters.ts';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import type { InstanceEntity } from '../../src/domain/model.ts';
import type { Plan, Shard } from '../../src/domain/plan.ts';
import type { ObservedClients } from '../../src/domain/shard-plan.ts';

export interface ScriptedInstances {
  readonly all: readonly InstanceEntity[];
  /** Serves the plan: new ones begin, those too many leave. */
  adopt(plan: Plan): void;
  /** Every one of a shard is another process; the ones before leave. */
  renew(plan: Plan, shard: string): void;
  /** One changes by itself: it dies, waits, serves again. A leaving one that is gone is forgotten. */
  change(id: string, over: Partial<InstanceEntity>): void;
  /** Another process in its place. */
  replace(id: string): void;
  /** Who serves a client of a bind. */
  carrier(plan: Plan, bind: string, client: string): string;
  samples(open: readonly ConnectionRow[], life: string): InstanceSample[];
  clients(open: readonly ConnectionRow[]): ObservedClients;
  stop(): void;
}

export function createScriptedInstances(
  clock: Clock,
  changed: (instance: InstanceEntity) => void,
): ScriptedInstances {
  const instances = new Map<string, InstanceEntity>();
  let nextPid = 1_001;

  const set = (instance: InstanceEntity): void => {
    if (instance.state === 'gone' && instance.id !== instance.name) instances.delete(instance.id);
    else instances.set(instance.id, instance);
    changed(instance);
  };
  const process = (name: string, shard: string, planHash: string): InstanceEntity => ({
    id: name,
    name,
    shard,
    pid: nextPid++,
    state: 'serving',
    planHash,
    startedAt: clock.now(),
    version: '0.0.0',
    crashes: 0,
  });
  function leave(instance: InstanceEntity, graceMs: number): void {
    instances.delete(instance.id);
    set({
      ...instance,
      id: `${instance.name}:${instance.pid}`,
      state: 'leaving',
      leaveBy: clock.now() + graceMs,
    });
  }

  return {
    get all() {
      return [...instances.values()];
    },

    adopt({ shards, hash, runtime }) {
      const wanted = new Map<string, string>(
        shards.flatMap(({ name, instances: count }) =>
          Array.from({ length: count }, (_, i) => [`${name}/${i + 1}`, name] as const),
        ),
      );
      for (const [id, shard] of wanted) {
        const known = instances.get(id);
        set(known?.state === 'serving' ? { ...known, planHash: hash } : process(id, shard, hash));
      }
      for (const each of [...instances.values()])
        if (each.state !== 'leaving' && !wanted.has(each.id)) leave(each, runtime.grace);
    },

    renew({ hash, runtime }, shard) {
      for (const each of [...instances.values()]) {
        if (each.shard !== shard || each.state === 'leaving') continue;
        leave(each, runtime.grace);
        set(process(each.name, shard, hash));
      }
    },

    change(id, over) {
      const known = instances.get(id);
      if (known) set({ ...known, ...over });
    },

    replace(id) {
      const { shard, name, planHash, crashes } = instances.get(id)!;
      set({ ...process(name, shard, planHash), crashes });
    },

    carrier({ shards }, bind, client) {
      const shard = shards.find(({ binds }) => binds.some(({ name }) => name === bind)) ?? shards[0]!;
      return `${shard.name}/${carrierOf(shard, client)}`;
    },

    samples: (open, life) =>
      [...instances.values()].map(({ id, name, shard, pid, state }) => {
        const rows = state === 'leaving' ? [] : open.filter(({ instance }) => instance === name);
        return {
          id,
          shard,
          life: `${life}-${pid}`,
          connections: rows.length,
          clients: new Set(rows.map(({ client }) => addressOf(client))).size,
          newConnections: rows.length,
          requests: 0,
          cpuUs: 0,
          rssBytes: 50_000_000,
          loopDelayMs: 1,
          logDropped: 0,
        };
      }),

    clients(open) {
      const shardOf = new Map([...instances.values()].map(({ name, shard }) => [name, shard]));
      const byClient = new Map<string, ConnectionRow[]>();
      for (const row of open) {
        const key = `${row.instance} ${addressOf(row.client)}`;
        byClient.set(key, [...(byClient.get(key) ?? []), row]);
      }
      return {
        overMs: 60_000,
        missed: 0,
        clients: [...byClient.values()].map((rows) => ({
          address: addressOf(rows[0]!.client),
          shard: shardOf.get(rows[0]!.instance) ?? '',
          instance: rows[0]!.instance,
          connections: rows.length,
          backends: [...new Set(rows.flatMap(({ backend }) => (backend === undefined ? [] : [backend])))],
        })),
      };
    },

    stop() {
      for (const each of [...instances.values()]) changed({ ...each, state: 'gone' });
      instances.clear();
    },
  };
}

function carrierOf({ instances, steering }: Shard, client: string): number {
  const slot = slotOfClient(addressOf(client), steering.tableSize, steering.ipv6Prefix);
  return slot === undefined ? 1 : slotTable(instances, steering.tableSize)[slot]!;
}

/** Without its port. */
function addressOf(client: string): string {
  return client.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
