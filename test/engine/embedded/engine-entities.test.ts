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

  it('is announced with every change, and binds of a shard are replaced', () => {
    const changes = createEmitter<EngineChange>();
    const said: string[] = [];
    changes.event((change) => said.push(change.kind === 'bind' ? change.bind.name : change.instance.state));
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
});
