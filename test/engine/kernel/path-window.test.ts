import { expect, it } from 'vitest';
import type { ConnectionRow } from '../../../src/domain/connection.ts';
import type { ConnectionQuery, ConnectionWindow } from '../../../src/engine/engine.ts';
import { watchWithKernel } from '../../../src/engine/kernel/path-window.ts';

const row = (id: string, ageMs: number, kernel?: true): ConnectionRow => ({
  ...{ id, client: `192.0.2.7:${ageMs}`, bind: 'db', instance: kernel ? 'kernel' : 'default/1', mode: 'tcp' },
  ...{ phase: 'tunnel', ageMs, idleMs: 0, bytesIn: 0, bytesOut: 0, rate: 0, requests: 1 },
  ...(kernel && { kernel }),
});
const query = (over: Partial<ConnectionQuery> = {}): ConnectionQuery => ({
  ...{ filter: '', order: { by: 'age', descending: true }, offset: 0, limit: 3, ended: false },
  ...over,
});

/** An engine with rows of ages 10, 20 … 50, which answers when it is told to. */
function world(own: ConnectionRow[], first = query()) {
  const all = [10, 20, 30, 40, 50].map((age) => row(`r${age}`, age));
  let asked = first;
  let tell: (window: ConnectionWindow) => void = () => {};
  const got: ConnectionWindow[] = [];
  const answer = (to: ConnectionQuery = asked): void => {
    const sorted = [...all].sort((a, b) => (to.order.descending ? b.ageMs - a.ageMs : a.ageMs - b.ageMs));
    tell({ query: to, at: 1, total: 5, matched: 5, rows: sorted.slice(to.offset, to.offset + to.limit) });
  };
  const watch = watchWithKernel(
    {
      watchConnections(given, listener) {
        asked = given;
        tell = listener;
        return {
          update: (next) => {
            asked = next;
          },
          close: () => {},
        };
      },
    },
    () => own,
    first,
    (window) => got.push(window),
  );
  const ids = () => got.at(-1)?.rows.map(({ id }) => id);
  return { watch, answer, got, ids, own, asked: () => asked };
}

it('passes windows on where the kernel carries nothing', () => {
  const { answer, ids, asked } = world([]);
  expect(asked()).toEqual(query());
  answer();
  expect(ids()).toEqual(['r50', 'r40', 'r30']);
});

it('puts both in one order, and counts both', () => {
  const { answer, ids, got } = world([row('k45', 45, true), row('k5', 5, true)]);
  answer();
  expect(ids()).toEqual(['r50', 'k45', 'r40']);
  expect(got.at(-1)).toMatchObject({ query: query(), total: 7, matched: 7 });
});

it('knows all rows before the window', () => {
  const { answer, ids, asked } = world([row('k45', 45, true)], query({ offset: 2, limit: 2 }));
  expect(asked()).toMatchObject({ offset: 0, limit: 4 });
  answer();
  expect(ids()).toEqual(['r40', 'r30']);
});

it('filters its own, too', () => {
  const { answer, got } = world([row('k45', 45, true), row('k5', 5, true)], query({ filter: 'age>1m' }));
  answer();
  expect(got.at(-1)).toMatchObject({ total: 7, matched: 5 });
});

it('a window of the query before is not taken for one of this', () => {
  const { watch, answer, got, ids, asked } = world([row('k45', 45, true)]);
  const before = asked();
  watch.update(query({ order: { by: 'age', descending: false } }));
  answer(before);
  expect(got).toEqual([]);
  answer();
  expect(ids()).toEqual(['r10', 'r20', 'r30']);
});

it('asks anew when the kernel begins to carry some', () => {
  const { answer, got, own, asked, ids } = world([], query({ offset: 1, limit: 2 }));
  answer();
  expect(ids()).toEqual(['r40', 'r30']);
  own.push(row('k45', 45, true));
  answer();
  expect(got).toHaveLength(1);
  expect(asked()).toMatchObject({ offset: 0, limit: 3 });
  answer();
  expect(ids()).toEqual(['k45', 'r40']);
});
