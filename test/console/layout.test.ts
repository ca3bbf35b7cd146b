// Layouts as drawn pictures: one letter a region, one character a cell (scaled down).

import { describe, expect, it } from 'vitest';
import { type Area, isLargeEnough, layoutOf, splitBody, stacked } from '../../src/console/layout.ts';

function draw(columns: number, rows: number, regions: Readonly<Record<string, Area>>): string {
  const cells = Array.from({ length: rows }, () => new Array<string>(columns).fill('.'));
  for (const [letter, { left, top, width, height }] of Object.entries(regions))
    for (let row = top; row < top + height; row += 1)
      for (let column = left; column < left + width; column += 1) {
        expect(cells[row]?.[column], `${letter} at ${column},${row}`).toBe('.');
        cells[row]![column] = letter;
      }
  return cells.map((row) => row.join('')).join('\n');
}

function rowsOf({ columns, rows }: { columns: number; rows: number }) {
  const { header, tabs, problem, rule, message, footer, body } = layoutOf({ columns, rows });
  const row = (top: number): Area => ({ left: 0, top, width: columns, height: 1 });
  return {
    h: row(header),
    t: row(tabs),
    p: row(problem),
    '-': row(rule),
    B: body,
    m: row(message),
    f: row(footer),
  };
}

describe('the layout', () => {
  it('gives every row to one region', () => {
    expect(draw(6, 15, rowsOf({ columns: 6, rows: 15 }))).toBe(
      [
        'hhhhhh',
        'tttttt',
        'pppppp',
        '------',
        ...new Array<string>(9).fill('BBBBBB'),
        'mmmmmm',
        'ffffff',
      ].join('\n'),
    );
  });

  it('splits the body in two with a border between', () => {
    const { main, border, side } = splitBody({ left: 0, top: 0, width: 12, height: 2 }, 7);
    expect(draw(12, 2, { L: main, '|': { ...main, left: border, width: 1 }, R: side })).toBe(
      'LLLLLLL|RRRR\nLLLLLLL|RRRR',
    );
  });

  it('stacks panes, the taller ones first', () => {
    const [a, b, c] = stacked({ left: 1, top: 1, width: 3, height: 7 }, 3);
    expect(draw(5, 9, { A: a!, B: b!, C: c! })).toBe(
      ['.....', '.AAA.', '.AAA.', '.AAA.', '.BBB.', '.BBB.', '.CCC.', '.CCC.', '.....'].join('\n'),
    );
  });

  it.each([
    [60, 15, true],
    [59, 15, false],
    [60, 14, false],
  ])('at %i × %i is possible: %s', (columns, rows, possible) =>
    expect(isLargeEnough({ columns, rows })).toBe(possible),
  );
});
