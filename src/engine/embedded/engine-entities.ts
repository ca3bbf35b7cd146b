// The instances and binds of the embedded engine as a runtime sees them: kept, and announced with every change.

import type { Emitter } from '../../domain/event.ts';
import type { BindEntity, InstanceEntity } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { EngineChange, EngineSnapshot, PrivatePort } from '../engine.ts';
import type { AttachedInstance } from './attached-instances.ts';
import type { InstanceHello } from './messages.ts';
import type { HeldPrivatePort } from './private-sockets.ts';
import { socketKey } from './socket-key.ts';

export interface EngineEntities {
  get(id: string): InstanceEntity | undefined;
  readonly instances: Iterable<InstanceEntity>;
  set(entity: InstanceEntity): void;
  /** As its newest hello has it; `text` is added to what is wrong with it anyway. One that leaves gives up its name. */
  setInstance(instance: AttachedInstance, state: InstanceEntity['state'], text?: string): void;
  /** An acceptor started it. */
  started(name: string, pid: number, crashes: number, at: number): void;
  /** An acceptor saw its end. */
  gone(end: InstanceEnd): void;
  /** Its link is gone; if it was leaving, nobody else may be left to say so. */
  lost(instance: AttachedInstance): void;
  setBinds(hello: InstanceHello): void;
  /** All that the acceptor has. */
  setPrivatePorts(ports: readonly HeldPrivatePort[]): void;
  /** What a plan does not have is forgotten, once it has ended. */
  keep(plan: Plan): void;
  /** A successor's entity is not written over by what its forerunner still says. */
  isNewest(instance: AttachedInstance): boolean;
  snapshot(): EngineSnapshot;
}

export interface InstanceEnd {
  readonly name: string;
  readonly pid: number;
  readonly text: string;
  readonly crashes: number;
  /** Wall clock of the next start; 0 where there will be none. */
  readonly retryAt: number;
}

const orphanText =
  'its acceptor is gone: it accepts clients by itself, whoever they are, and nobody replaces it until all instances have left';

export function createEngineEntities(changes: Emitter<EngineChange>): EngineEntities {
  const instances = new Map<string, InstanceEntity>();
  const binds = new Map<string, BindEntity>();
  /** In a row, by name: a successor goes on counting. */
  const crashes = new Map<string, number>();
  let wanted: ReadonlySet<string> | undefined;
  let heldPorts: readonly HeldPrivatePort[] = [];
  let plan: Plan | undefined;

  const set = (entity: InstanceEntity) => {
    instances.set(entity.id, entity);
    changes.emit({ kind: 'instance', instance: entity });
  };
  const end = (entity: InstanceEntity, text: string | undefined) => {
    const { retryAt: _before, leaveBy: _by, ...rest } = entity;
    set({ ...rest, state: 'gone', ...(text === undefined ? {} : { text }) });
    if (entity.id !== entity.name || wanted?.has(entity.name) === false) instances.delete(entity.id);
  };
  const ofPid = (name: string, pid: number) =>
    [...instances.values()].find((each) => each.name === name && each.pid === pid);

  /** Those of binds and instances of the plan: others were, or are to be. */
  function privatePorts(): PrivatePort[] {
    if (heldPorts.length === 0) return [];
    const bindNames = new Map(
      plan?.shards
        .filter(({ steering }) => steering.by === 'nft')
        .flatMap(({ name, binds }) => binds.map((bind) => [`${name} ${socketKey(bind)}`, bind.name])),
    );
    return heldPorts.flatMap(({ key, shard, instance, host, port }) => {
      const bind = bindNames.get(`${shard} ${key}`);
      return bind === undefined || !wanted!.has(instance) ? [] : [{ shard, bind, instance, host, port }];
    });
  }

  /** In the plan's order, whoever came when; those that leave after who has their name. */
  function inOrder(): InstanceEntity[] {
    const places = new Map([...(wanted ?? [])].map((name, place) => [name, place]));
    const placeOf = ({ name }: InstanceEntity) => places.get(name) ?? places.size;
    const isLeaving = ({ id, name }: InstanceEntity) => Number(id !== name);
    return [...instances.values()].sort(
      (a, b) => placeOf(a) - placeOf(b) || isLeaving(a) - isLeaving(b) || a.startedAt - b.startedAt,
    );
  }

  return {
    get: (id) => instances.get(id),
    get instances() {
      return instances.values();
    },
    set,
    setInstance({ id, name, hello, problem }, state, text) {
      const { shard, pid, planHash, startedAt, release, tlsProblems, leaveBy, orphaned } = hello;
      const said = [
        ...tlsProblems,
        ...(orphaned ? [orphanText] : []),
        ...[problem, text].filter((each) => each !== undefined),
      ].join('; ');
      if (id !== name && instances.get(name)?.pid === pid) instances.delete(name);
      set({
        id,
        name,
        shard,
        pid,
        state,
        planHash,
        startedAt,
        version: release,
        crashes: id === name ? (crashes.get(name) ?? 0) : 0,
        ...(leaveBy > 0 ? { leaveBy } : {}),
        ...(said === '' ? {} : { text: said }),
      });
    },
    started(name, pid, count, at) {
      crashes.set(name, count);
      const entity = instances.get(name);
      if (entity?.pid === pid) {
        if (entity.crashes !== count) set({ ...entity, crashes: count });
        return;
      }
      // A successor beside it, which takes its place once it serves.
      if (entity?.state === 'serving') return;
      const shard = name.slice(0, name.lastIndexOf('/'));
      set({
        id: name,
        name,
        shard,
        pid,
        state: 'starting',
        planHash: '',
        startedAt: at,
        version: '',
        crashes: count,
      });
    },
    gone({ name, pid, text, crashes: count, retryAt }) {
      const entity = ofPid(name, pid);
      if (retryAt === 0) {
        if (entity !== undefined) end(entity, text);
        return;
      }
      crashes.set(name, count);
      // Its successor may be there already: then the name is not gone.
      if (entity === undefined && instances.has(name)) return;
      const shard = name.slice(0, name.lastIndexOf('/'));
      const base = entity ?? {
        id: name,
        name,
        shard,
        pid,
        planHash: '',
        startedAt: retryAt,
        version: '',
      };
      set({ ...base, state: 'gone', crashes: count, retryAt, text });
    },
    lost(instance) {
      const entity = instances.get(instance.id);
      if (instance.leaving && entity?.pid === instance.hello.pid) end(entity, undefined);
    },
    setBinds(hello) {
      for (const [name, { shard }] of binds) if (shard === hello.shard) binds.delete(name);
      for (const bind of hello.binds) {
        binds.set(bind.name, bind);
        changes.emit({ kind: 'bind', bind });
      }
    },
    setPrivatePorts(ports) {
      if (ports.length === 0 && heldPorts.length === 0) return;
      heldPorts = ports;
      changes.emit({ kind: 'private-ports' });
    },
    keep(next) {
      plan = next;
      const shards = new Map(plan.shards.map((shard) => [shard.name, shard.instances]));
      wanted = new Set(
        plan.shards.flatMap(({ name, instances: count }) =>
          Array.from({ length: count }, (_, i) => `${name}/${i + 1}`),
        ),
      );
      for (const [name, { shard }] of binds) if (!shards.has(shard)) binds.delete(name);
      for (const [id, { name, state }] of instances)
        if (state === 'gone' && !wanted.has(name)) instances.delete(id);
      if (heldPorts.length > 0) changes.emit({ kind: 'private-ports' });
    },
    isNewest: ({ id, hello }) => instances.get(id)?.pid === hello.pid,
    snapshot: () => ({
      instances: inOrder(),
      binds: [...binds.values()],
      privatePorts: privatePorts(),
      steering: [],
    }),
  };
}
