import { describe, expect, it } from 'vitest';
import { createEmitter } from '../../../src/domain/event.ts';
import type { AttachedInstance } from '../../../src/engine/embedded/attached-instances.ts';
import { createEngineEntities } from '../../../src/engine/embedded/engine-entities.ts';
import { type InstanceHello, linkVersion } from '../../../src/engine/embedded/messages.ts';
import type { EngineChange } from '../../../src/engine/engine.ts';

const hello = (fields: Partial<InstanceHello> = {}): InstanceHello => ({
  kind: 'instance',
  version: linkVersion,
  id: 'default/1',
  shard: 'default',
  pid: 10,
  life: 'a',
  startedAt: 1_000,
  release: '1.0.0',
  planHash: 'p',
  binds: [],
  tlsProblems: [],
  leaveBy: 0,
  orphaned: false,
  ...fields,
});
const instance = (fields: Partial<InstanceHello> = {}) =>
  ({ id: 'default/1', name: 'default/1', hello: hello(fields) }) as AttachedInstance;
const bind = (name: string, shard = 'default') => ({
  name,
  shard,
  address: '127.0.0.1:80',
  mode: 'http' as const,
  maxConnections: 1,
  state: 'open' as const,
});

describe('what a runtime sees of instances and binds', () => {
  it.each([
    [[], undefined, undefined],
    [['a.pem: no certificate'], undefined, 'a.pem: no certificate'],
    [[], 'the log is full', 'the log is full'],
    [['a.pem: x', 'b.pem: y'], 'the log is full', 'a.pem: x; b.pem: y; the log is full'],
  ])('problems %j and %j are said together', (tlsProblems, text, expected) => {
    const entities = createEngineEntities(createEmitter<EngineChange>());
    entities.setInstance(instance({ tlsProblems }), 'serving', text);
    expect(entities.get('default/1')?.text).toBe(expected);
  });

  it('a problem that an instance told stays with it when its state is set anew', () => {
    const entities = createEngineEntities(createEmitter<EngineChange>());
    const told: AttachedInstance = { ...instance(), problem: 'the log is full' };
    entities.setInstance(told, 'starting', 'not yet');
    expect(entities.get('default/1')?.text).toBe('the log is full; not yet');
    entities.setInstance(told, 'serving');
    expect(entities.get('default/1')?.text).toBe('the log is full');
  });

  it('is announced with every change, and binds of a shard are replaced', () => {
    const changes = createEmitter<EngineChange>();
    const said: string[] = [];
    changes.event((change) => {
      if (change.kind === 'bind') said.push(change.bind.name);
      if (change.kind === 'instance') said.push(change.instance.state);
    });
    const entities = createEngineEntities(changes);
    entities.setInstance(instance(), 'starting');
    entities.setBinds(hello({ binds: [bind('web'), bind('db')] }));
    entities.setBinds(hello({ shard: 'other', binds: [bind('else', 'other')] }));
    entities.setBinds(hello({ binds: [bind('web')] }));
    expect(said).toEqual(['starting', 'web', 'db', 'else', 'web']);
    expect(entities.snapshot().binds.map(({ name }) => name)).toEqual(['else', 'web']);
  });

  it('knows the newest of a name by its process', () => {
    const entities = createEngineEntities(createEmitter<EngineChange>());
    entities.setInstance(instance({ pid: 11 }), 'serving');
    expect([instance({ pid: 10 }), instance({ pid: 11 })].map(entities.isNewest)).toEqual([false, true]);
  });

  describe('of a process', () => {
    const world = () => {
      const changes = createEmitter<EngineChange>();
      const said: string[] = [];
      changes.event((change) => {
        if (change.kind === 'instance') said.push(`${change.instance.id} ${change.instance.state}`);
      });
      return { entities: createEngineEntities(changes), said };
    };
    const ended = { name: 'default/1', text: 'killed by SIGKILL' };

    it('that leaves gives its name to its successor, and is forgotten when it ends', () => {
      const { entities, said } = world();
      entities.setInstance(instance({ pid: 10 }), 'serving');
      const leaving = { ...instance({ pid: 10, leaveBy: 5_000 }), id: 'default/1:10', leaving: true };
      entities.setInstance(leaving, 'leaving');
      expect(entities.snapshot().instances).toMatchObject([
        { id: 'default/1:10', name: 'default/1', state: 'leaving', leaveBy: 5_000 },
      ]);
      entities.setInstance(instance({ pid: 11 }), 'serving');
      expect(entities.snapshot().instances.map(({ id }) => id)).toEqual(['default/1', 'default/1:10']);
      entities.gone({ ...ended, pid: 10, crashes: 0, retryAt: 0 });
      entities.lost(leaving);
      expect(entities.snapshot().instances.map(({ id }) => id)).toEqual(['default/1']);
      expect(said.slice(-2)).toEqual(['default/1 serving', 'default/1:10 gone']);
    });

    it('that leaves without an acceptor is forgotten when its link is gone', () => {
      const { entities } = world();
      const leaving = { ...instance({ leaveBy: 5_000 }), id: 'default/1:10', leaving: true };
      entities.setInstance(leaving, 'leaving');
      entities.lost(leaving);
      expect(entities.snapshot().instances).toEqual([]);
    });

    it('that dies again and again is gone until its next start, its crashes counted over successors', () => {
      const { entities } = world();
      entities.setInstance(instance({ pid: 10 }), 'serving');
      entities.gone({ ...ended, pid: 10, crashes: 1, retryAt: 2_000 });
      expect(entities.get('default/1')).toMatchObject({ state: 'gone', crashes: 1, retryAt: 2_000 });
      entities.started('default/1', 11, 1, 2_000);
      expect(entities.get('default/1')).toMatchObject({ state: 'starting', pid: 11, crashes: 1 });
      entities.setInstance(instance({ pid: 11 }), 'serving');
      expect(entities.get('default/1')).toMatchObject({ state: 'serving', crashes: 1 });
      entities.started('default/1', 11, 0, 2_000);
      expect(entities.get('default/1')).toMatchObject({ state: 'serving', crashes: 0 });
    });

    it('that was dead before anybody looked is known all the same', () => {
      const { entities } = world();
      entities.gone({ ...ended, pid: 10, crashes: 3, retryAt: 2_000 });
      expect(entities.snapshot().instances).toMatchObject([
        { id: 'default/1', shard: 'default', crashes: 3 },
      ]);
    });

    it('that starts beside one that serves is not shown', () => {
      const { entities } = world();
      entities.setInstance(instance({ pid: 10 }), 'serving');
      entities.started('default/1', 11, 0, 2_000);
      expect(entities.get('default/1')).toMatchObject({ pid: 10, state: 'serving' });
    });

    it('whose acceptor is gone says so', () => {
      const { entities } = world();
      entities.setInstance(instance({ orphaned: true }), 'serving');
      expect(entities.get('default/1')?.text).toContain('its acceptor is gone');
    });
  });
});
