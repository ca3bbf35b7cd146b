import { expect, it } from 'vitest';
import type { Change } from '../../src/domain/model.ts';
import { createModelStore } from '../../src/runtime/model-store.ts';

const route = (path: string) => ({
  name: 'r',
  namespace: 'default',
  labels: {},
  configuredLabels: {},
  shards: [],
  path,
  to: [],
  warnings: [],
});

it('AT5: tells nothing of what is too long ago', () => {
  const store = createModelStore('e', () => {}, 10);
  for (let index = 0; index < 50; index++) {
    store.set('route', 'r', route(`/${index}`));
    store.flush();
  }
  expect(store.since('e', 5)).toBeUndefined();
  expect(store.since('e', 45)!.map(({ seq }) => seq)).toEqual([46, 47, 48, 49, 50]);
  expect(store.since('e', 50)).toEqual([]);
  expect(store.since('f', 50)).toBeUndefined();
});

it('keeps the order of a mirror the same when entities go and come back in one turn', () => {
  const store = createModelStore('e', () => {});
  const batches: (readonly Change[])[] = [];
  store.batches((batch) => batches.push(batch));
  store.replace('route', [
    ['a', route('/a')],
    ['b', route('/b')],
    ['c', route('/c')],
  ]);
  store.flush();
  store.replace('route', [
    ['c', route('/c')],
    ['a', route('/a2')],
  ]);
  store.flush();
  const mirror = new Map<string, unknown>();
  for (const change of batches.flat()) {
    if (change.value === null) mirror.delete(change.key);
    else mirror.set(change.key, change.value);
  }
  expect([...mirror]).toEqual([...store.model.route]);
  expect([...mirror.keys()]).toEqual(['c', 'a']);
});
