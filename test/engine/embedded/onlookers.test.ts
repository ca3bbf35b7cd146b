import { describe, expect, it } from 'vitest';
import type { ConnectionRow } from '../../../src/domain/connection.ts';
import type { InstanceWindow, ToInstance } from '../../../src/engine/embedded/messages.ts';
import { createOnlookers, type Observed } from '../../../src/engine/embedded/onlookers.ts';
import type { ConnectionQuery, ConnectionWindow } from '../../../src/engine/engine.ts';

const query: ConnectionQuery = {
  filter: '',
  order: { by: 'bytesIn', descending: true },
  offset: 1,
  limit: 2,
  ended: false,
};
const row = (id: string, bytesIn: number) => ({ id, bytesIn }) as ConnectionRow;
const windowOf = (...rows: ConnectionRow[]): InstanceWindow => ({
  at: 5,
  total: 10,
  matched: rows.length,
  rows,
});

function instance(id: string): Observed & { told: ToInstance[] } {
  const told: ToInstance[] = [];
  return { id, told, tell: (message) => void told.push(message) };
}

describe('onlookers', () => {
  it('pass a single instance’s windows on as they are', () => {
    const onlookers = createOnlookers();
    const one = instance('a/1');
    onlookers.attached(one);
    const seen: ConnectionWindow[] = [];
    onlookers.watch(query, (window) => seen.push(window));
    expect(one.told).toEqual([{ kind: 'watch', watch: 1, turn: 1, query }]);
    const window = windowOf(row('a', 1));
    onlookers.message(one, { kind: 'window', watch: 1, turn: 1, window });
    expect(seen).toEqual([{ query, ...window }]);
  });

  it('put the windows of several together in order, from the offset', () => {
    const onlookers = createOnlookers();
    const [one, two] = [instance('a/1'), instance('a/2')];
    const seen: ConnectionWindow[] = [];
    onlookers.watch(query, (window) => seen.push(window));
    onlookers.attached(one);
    onlookers.attached(two);
    // Each is asked for all rows that could be in sight.
    for (const { told } of [one, two])
      expect(told.at(-1)).toEqual({
        kind: 'watch',
        watch: 1,
        turn: 2,
        query: { ...query, offset: 0, limit: 3 },
      });
    onlookers.message(one, { kind: 'window', watch: 1, turn: 1, window: windowOf(row('z', 9)) });
    onlookers.message(one, { kind: 'window', watch: 1, turn: 2, window: windowOf(row('a', 9), row('b', 3)) });
    expect(seen).toEqual([]);
    onlookers.message(two, { kind: 'window', watch: 1, turn: 2, window: windowOf(row('c', 5), row('d', 4)) });
    expect(seen).toEqual([{ query, at: 5, total: 20, matched: 4, rows: [row('c', 5), row('d', 4)] }]);
    onlookers.left(two);
    expect(one.told.at(-1)).toEqual({ kind: 'watch', watch: 1, turn: 3, query });
  });

  it('tell an instance that attaches of all that is open, and of nothing that was closed', () => {
    const onlookers = createOnlookers();
    const closed = onlookers.watch(query, () => {});
    closed.close();
    onlookers.watch(query, () => {});
    const stop = onlookers.tail('status=500', () => {});
    onlookers.tail('', () => {});
    stop();
    const one = instance('a/1');
    onlookers.attached(one);
    expect(one.told).toEqual([
      { kind: 'tail', tail: 4, filter: '' },
      { kind: 'watch', watch: 2, turn: 1, query },
    ]);
  });

  it('close a watch and a tail once, and hear no more of them', () => {
    const onlookers = createOnlookers();
    const one = instance('a/1');
    onlookers.attached(one);
    const heard: unknown[] = [];
    const watch = onlookers.watch(query, (window) => heard.push(window));
    const stop = onlookers.tail('', (batch) => heard.push(batch));
    for (let i = 0; i < 2; i += 1) {
      watch.close();
      stop();
    }
    expect(one.told.slice(2)).toEqual([
      { kind: 'unwatch', watch: 1 },
      { kind: 'untail', tail: 2 },
    ]);
    watch.update(query);
    onlookers.message(one, { kind: 'window', watch: 1, turn: 1, window: windowOf() });
    onlookers.message(one, { kind: 'tail', tail: 2, records: [], dropped: 3 });
    expect(heard).toEqual([]);
    expect(one.told).toHaveLength(4);
  });
});
