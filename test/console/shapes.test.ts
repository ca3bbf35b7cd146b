// Sparklines, bars, tables and the list cursor: small pure pieces that every screen is made of.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atTop, moveCursor, settleCursor } from '../../src/console/list-cursor.ts';
import { span } from '../../src/console/spans.ts';
import { bar, sparkline } from '../../src/console/sparkline.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../../src/console/table.ts';

describe('a sparkline', () => {
  it.each([
    [[], 4, '    '],
    [[0, 0], 4, '  ▁▁'],
    [[1, null, 2], 3, '▄ ▇'],
    [[1, 2, 3, 4, 5, 6, 7], 3, '▅▆▇'],
  ] as const)('of %j in %i cells is %j', (values, width, expected) =>
    expect(sparkline(values, width)).toBe(expected),
  );

  it('keeps a quiet line flat', () => expect(sparkline([0.1, 0, 0.1], 3, 5)).toBe('▁▁▁'));
});

describe('a bar', () => {
  it.each([
    [0, 4, '    '],
    [1, 4, '████'],
    [0.5, 4, '██  '],
    [0.53, 4, '██▏ '],
    [7, 2, '██'],
    [Number.NaN, 2, '  '],
  ])('of %d in %i cells is %j', (portion, width, expected) => expect(bar(portion, width)).toBe(expected));
});

interface Row {
  readonly name: string;
  readonly amount: number;
}

const columns: readonly Column<Row>[] = [
  { title: 'name', width: 4, upTo: 8, cell: ({ name }) => span(name) },
  { title: 'spare', width: 6, spare: 2, cell: () => span('x') },
  { title: 'less', width: 4, spare: 1, cell: () => span('y') },
  { title: 'n', width: 3, align: 'right', cell: ({ amount }) => span(String(amount)) },
];

describe('a table', () => {
  it.each([
    [30, ['name', 'spare', 'less', 'n'], 'long-na…  x       y       7'],
    [20, ['name', 'spare', 'less', 'n'], 'lon… x      y      7'],
    [19, ['name', 'less', 'n'], 'long-na…  y       7'],
    [10, ['name', 'n'], 'long…    7'],
    [5, ['name', 'n'], 'lon…   7'],
  ])('in %i cells keeps %j', (width, titles, row) => {
    const placed = placeColumns(columns, width);
    expect(placed.map(({ column }) => column.title)).toEqual(titles);
    expect(
      rowOfTable(placed, { name: 'long-name', amount: 7 })
        .map(({ text }) => text)
        .join(''),
    ).toBe(row);
    expect(headOfTable(placed, 1).spans[0]!.text).toBe(' ');
  });
});

describe('a list cursor', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];

  it('stays on its object when rows move', () => {
    const on = moveCursor(atTop, { keys, rows: 3 }, 1);
    expect(on.key).toBe('b');
    expect(settleCursor(on, { keys: ['z', 'a', 'b', 'c'], rows: 3 })).toEqual({ key: 'b', index: 2, top: 0 });
  });

  it('goes to what takes the place of an object that left', () => {
    const on = moveCursor(atTop, { keys, rows: 3 }, 2);
    expect(settleCursor(on, { keys: ['a', 'b', 'd'], rows: 3 }).key).toBe('d');
    expect(settleCursor(on, { keys: ['a'], rows: 3 }).key).toBe('a');
    expect(settleCursor(on, { keys: [], rows: 3 })).toEqual(atTop);
  });

  it('scrolls by lines where objects take several', () => {
    const list = { keys, rows: 3, heightOf: (index: number) => (index === 1 ? 2 : 1) };
    expect(moveCursor(atTop, list, 2)).toEqual({ key: 'c', index: 2, top: 1 });
    expect(moveCursor(atTop, list, 99)).toEqual({ key: 'f', index: 5, top: 4 });
  });

  it('is always in sight', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.integer({ min: -50, max: 50 })),
        (length, rows, moves) => {
          const list = { keys: Array.from({ length }, (_, index) => String(index)), rows };
          let cursor = atTop;
          for (const by of moves) {
            cursor = moveCursor(cursor, list, by);
            expect(cursor.index).toBeGreaterThanOrEqual(cursor.top);
            expect(cursor.index).toBeLessThan(cursor.top + rows);
            expect(cursor.top).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});
