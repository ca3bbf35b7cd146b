// The instances and binds of the embedded engine as a runtime sees them: kept, and announced with every change.

import type { Emitter } from '../../domain/event.ts';
import type { BindEntity, InstanceEntity } from '../../domain/model.ts';
import type { EngineChange, EngineSnapshot } from '../engine.ts';
import type { AttachedInstance } from './attached-instances.ts';
import type { InstanceHello } from './messages.ts';

export interface EngineEntities {
  get(id: string): InstanceEntity | undefined;
  readonly instances: Iterable<InstanceEntity>;
  set(entity: InstanceEntity): void;
  /** As its newest hello has it; `text` is added to what it cannot use of its TLS files. */
  setInstance(instance: AttachedInstance, state: InstanceEntity['state'], text?: string): void;
  delete(id: string): void;
  setBinds(hello: InstanceHello): void;
  /** A successor's entity is not written over by what its forerunner still says. */
  isNewest(instance: AttachedInstance): boolean;
  snapshot(): EngineSnapshot;
}

export function createEngineEntities(changes: Emitter<EngineChange>): EngineEntities {
  const instances = new Map<string, InstanceEntity>();
  const binds = new Map<string, BindEntity>();
  const set = (entity: InstanceEntity) => {
    instances.set(entity.id, entity);
    changes.emit({ kind: 'instance', instance: entity });
  };
  return {
    get: (id) => instances.get(id),
    get instances() {
      return instances.values();
    },
    set,
    setInstance({ hello }, state, text) {
      const { id, shard, pid, planHash, startedAt, release, tlsProblems } = hello;
      const said = [...tlsProblems, ...(text === undefined ? [] : [text])].join('; ');
      set({
        id,
        name: id,
        shard,
        pid,
        state,
        planHash,
        startedAt,
        version: release,
        crashes: 0,
        ...(said === '' ? {} : { text: said }),
      });
    },
    delete: (id) => void instances.delete(id),
    setBinds(hello) {
      for (const [name, { shard }] of binds) if (shard === hello.shard) binds.delete(name);
      for (const bind of hello.binds) {
        binds.set(bind.name, bind);
        changes.emit({ kind: 'bind', bind });
      }
    },
    isNewest: ({ hello }) => instances.get(hello.id)?.pid === hello.pid,
    snapshot: () => ({ instances: [...instances.values()], binds: [...binds.values()] }),
  };
}
