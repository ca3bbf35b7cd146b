import { expect, it } from 'vitest';
import { type ConnectionsOptions, collectConnections } from '../../../src/cli/show/connections.ts';
import type { ConnectionTable, ConnectionTableQuery } from '../../../src/client/runtime-client.ts';
import type { ConnectionRow } from '../../../src/domain/connection.ts';
import { testClock } from '../../runtime/fixture.ts';

const options: ConnectionsOptions = {
  filter: '',
  sort: { by: 'age', descending: true },
  limit: 500,
};

function setUp(of: ConnectionsOptions = options) {
  const clock = testClock();
  const closes: true[] = [];
  const asked: ConnectionTableQuery[] = [];
  let tell: (table: ConnectionTable) => void = () => {};
  const result = collectConnections(
    {
      connections(query, listener) {
        asked.push(query);
        tell = listener;
        return { update: (next) => void asked.push(next), close: () => void closes.push(true) };
      },
    },
    of,
    clock,
  );
  // Looked at below; until then it is no unhandled one.
  result.catch(() => {});
  return {
    clock,
    asked,
    result,
    closed: () => closes.length,
    /** Of 450 connections. */
    window(query: ConnectionTableQuery, matched = 450) {
      const rows = Array.from(
        { length: Math.max(0, Math.min(query.limit, matched - query.offset)) },
        (_, index) => ({ id: `x-${query.offset + index}` }) as ConnectionRow,
      );
      tell({ query, at: 0, total: matched, matched, rows });
    },
  };
}

it('asks for one window after the other', async () => {
  const { asked, window, result, closed } = setUp();
  for (let next = 0; next < asked.length; next += 1) window(asked[next]!);
  const { rows, matched } = await result;
  expect([rows.length, matched]).toEqual([450, 450]);
  expect(asked.map(({ offset, limit }) => [offset, limit])).toEqual([
    [0, 200],
    [200, 200],
    [400, 100],
  ]);
  expect(closed()).toBe(1);
});

it('ends after three seconds in which nothing came, and says so', async () => {
  const { clock, result, closed } = setUp();
  clock.advance(2_999);
  expect(closed()).toBe(0);
  clock.advance(1);
  await expect(result).rejects.toMatchObject({
    ending: 'refused',
    message: 'the runtime sent no connections within 3 s: its data plane is busy or being replaced',
    hint: expect.stringContaining('sluice show instances'),
  });
  expect(closed()).toBe(1);
});

it('waits three seconds for each window, and not for windows that answer something else', async () => {
  const { clock, asked, window, result } = setUp();
  clock.advance(2_900);
  window(asked[0]!);
  clock.advance(2_900);
  window(asked[0]!);
  clock.advance(100);
  await expect(result).rejects.toThrow('sent 200 connections and then no more within 3 s');
});

it('waits for nothing once it has all', async () => {
  const { clock, asked, window, result } = setUp();
  window(asked[0]!, 0);
  clock.advance(60_000);
  expect(await result).toMatchObject({ matched: 0, rows: [] });
});
