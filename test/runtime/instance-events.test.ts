import { expect, it } from 'vitest';
import type { InstanceEntity } from '../../src/domain/model.ts';
import { createInstanceEvents } from '../../src/runtime/instance-events.ts';
import type { Happening } from '../../src/runtime/journal.ts';
import { createModelStore } from '../../src/runtime/model-store.ts';
import { testClock } from './fixture.ts';
import { twoShards } from './shape/shape-scene.ts';

function events() {
  const store = createModelStore('e', () => {});
  const clock = testClock();
  const told: string[] = [];
  const warned: string[] = [];
  const instances = createInstanceEvents({
    store,
    clock,
    planInForce: () => twoShards(),
    happened: ({ subject, severity, text }: Happening) => told.push(`${severity} ${subject}: ${text}`),
    warned: (text) => warned.push(text),
  });
  return { clock, store, told, warned, ...instances, keys: () => [...store.model.instance.keys()] };
}

function instance(name: string, over: Partial<InstanceEntity> = {}): InstanceEntity {
  return {
    id: name,
    name,
    shard: name.slice(0, name.indexOf('/')),
    pid: 7,
    state: 'serving',
    planHash: 'aaaaaaaaaaaa',
    startedAt: 1,
    version: '1.0.0',
    crashes: 0,
    ...over,
  };
}

it('tells a death, and that a successor serves', () => {
  const on = events();
  on.changed(instance('default/2'));
  on.changed(instance('default/2', { state: 'gone', crashes: 1, text: 'killed by SIGKILL' }));
  on.changed(instance('default/2', { state: 'starting', pid: 8, crashes: 1 }));
  on.changed(instance('default/2', { pid: 8, crashes: 1 }));
  on.changed(instance('default/2', { pid: 8 }));
  expect(on.told).toEqual([
    'bad default/2: default/2 died (pid 7): killed by SIGKILL',
    'good default/2: default/2 serves again (pid 8)',
  ]);
});

it('tells a crash loop: how often, and when it is tried next', () => {
  const on = events();
  on.changed(instance('default/2', { crashes: 3 }));
  on.changed(instance('default/2', { state: 'gone', crashes: 4, retryAt: on.clock.now() + 2_900 }));
  // Its next start came to nothing as well, and there was no process to tell of.
  on.changed(
    instance('default/2', {
      state: 'gone',
      crashes: 5,
      retryAt: on.clock.now() + 5_000,
      text: 'exit code 1',
    }),
  );
  expect(on.told).toEqual([
    'bad default/2: default/2 died 4 times in a row, next start in 3 s (pid 7)',
    'bad default/2: default/2 died 5 times in a row, next start in 5 s (pid 7): exit code 1',
  ]);
  expect(on.store.model.instance.get('default/2')).toMatchObject({ state: 'gone', crashes: 5 });
});

it('keeps one that leaves beside its successor, and forgets it when it is gone', () => {
  const on = events();
  for (const name of ['default/1', 'default/2', 'sharded/1']) on.changed(instance(name));
  on.changed(instance('default/1', { pid: 8 }));
  on.changed(instance('default/1', { id: 'default/1:7', state: 'leaving' }));
  expect(on.keys()).toEqual(['default/1', 'default/1:7', 'default/2', 'sharded/1']);
  on.changed(instance('default/1', { id: 'default/1:7', state: 'gone' }));
  expect(on.keys()).toEqual(['default/1', 'default/2', 'sharded/1']);
  expect(on.told).toEqual(['note default/1: default/1 (pid 7) left']);
});

it('takes the name off one that leaves without a successor', () => {
  const on = events();
  on.changed(instance('default/3'));
  on.changed(instance('default/3', { id: 'default/3:7', state: 'leaving' }));
  expect(on.keys()).toEqual(['default/3:7']);
  on.changed(instance('default/3', { id: 'default/3:7', state: 'gone', text: 'killed by SIGKILL' }));
  expect(on.keys()).toEqual([]);
  expect(on.told).toEqual(['note default/3: default/3 (pid 7) left: killed by SIGKILL']);
});

it('forgets one that the plan does not want any more', () => {
  const on = events();
  on.changed(instance('default/3'));
  on.changed(instance('default/3', { state: 'gone' }));
  expect(on.keys()).toEqual([]);
  expect(on.told).toEqual(['note default/3: default/3 (pid 7) left']);
});

it('takes no end for an accident while the runtime stops', () => {
  const on = events();
  on.changed(instance('default/1'));
  on.stopping();
  on.changed(instance('default/1', { state: 'gone', text: 'killed by SIGTERM' }));
  expect(on.told).toEqual(['note default/1: default/1 (pid 7) left']);
  expect(on.store.model.instance.get('default/1')).toMatchObject({ state: 'gone' });
});

it('warns of those that serve, but not as configured: once, and of all together', () => {
  const on = events();
  for (let i = 0; i < 2; i++) on.changed(instance('default/1', { text: 'access log /l: EACCES' }));
  on.clock.advance(1_000);
  expect(on.warned).toEqual(['instance default/1: access log /l: EACCES']);
  for (const name of ['default/1', 'default/2']) on.changed(instance(name, { text: 'its acceptor is gone' }));
  on.clock.advance(1_000);
  expect(on.warned.slice(1)).toEqual(['instances default/1, default/2: its acceptor is gone']);
});
