import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { ChartSlot, Line, Span } from '../../../src/console/frame.ts';
import { composeRows } from '../../../src/ui/paint/compose-rows.ts';
import { cutSpans, paintLine, widthOfSpans } from '../../../src/ui/paint/paint-line.ts';
import { createPalette, nearest256 } from '../../../src/ui/paint/palette.ts';
import { loadTheme } from '../../../src/ui/paint/theme-file.ts';

const dark = await loadTheme('dark');
const palette = createPalette(dark, '16');
const text = (value: string): Span => ({ text: value, tone: 'text' });
const plain = (row: string) => row.replaceAll(/\u001b\[[\d;]*m/g, '');

describe('painting a line', () => {
  it.each<[string, Line, number, string]>([
    ['plain text costs nothing', { spans: [text('ab'), text('cd')] }, 9, 'abcd'],
    ['a tone', { spans: [{ text: 'up', tone: 'good' }] }, 9, '\u001b[32mup\u001b[39m'],
    [
      'a bold tone',
      { spans: [{ text: 'up', tone: 'good', bold: true }] },
      9,
      '\u001b[1m\u001b[32mup\u001b[39m\u001b[22m',
    ],
    [
      'neighbours of one tone share a sequence',
      { spans: [{ text: 'a', tone: 'good' }, { text: 'b', tone: 'good' }, text('c')] },
      9,
      '\u001b[32mab\u001b[39mc',
    ],
    ['too long', { spans: [text('abc'), { text: 'def', tone: 'good' }] }, 4, 'abc\u001b[32md\u001b[39m'],
    ['a wide glyph at the edge', { spans: [text('a世界')] }, 4, 'a世 '],
    [
      'selected to the edge',
      { spans: [text('ab')], selected: true },
      4,
      '\u001b[97m\u001b[44mab  \u001b[49m\u001b[39m',
    ],
    [
      'selected to the edge of its pane',
      { spans: [text('a  │b')], selected: true, selectedTo: 3 },
      9,
      '\u001b[97m\u001b[44ma  \u001b[49m\u001b[39m│b',
    ],
    [
      'a tone takes the colour of the row it is selected in',
      { spans: [{ text: 'x', tone: 'good' }], selected: true },
      1,
      '\u001b[97m\u001b[44mx\u001b[49m\u001b[39m',
    ],
  ])('%s', (_, line, columns, row) => {
    expect(paintLine(line, columns, palette)).toBe(row);
  });

  it('keeps the meaning of a tone in a selected row, where there are colours enough', () => {
    const line: Line = { spans: [{ text: 'x', tone: 'good' }], selected: true };
    expect(paintLine(line, 1, createPalette(dark, 'truecolor'))).toContain('\u001b[38;2;87;194;110m');
  });

  it('gives each depth its own colours', () => {
    const line: Line = { spans: [{ text: 'x', tone: 'good' }] };
    expect(paintLine(line, 9, createPalette(dark, 'none'))).toBe('x');
    expect(paintLine(line, 9, createPalette(dark, '256'))).toMatch(/^\u001b\[38;5;\d+mx/);
    expect(paintLine(line, 9, createPalette(dark, 'truecolor'))).toBe('\u001b[38;2;87;194;110mx\u001b[39m');
  });

  it.each([
    [[0, 0, 0], 16],
    [[255, 255, 255], 231],
    [[255, 0, 0], 196],
    [[128, 128, 128], 244],
    [[95, 135, 175], 67],
  ] as const)('finds the nearest of 256 for %o', (rgb, number) => {
    expect(nearest256(rgb)).toBe(number);
  });
});

const spans = fc.array(
  fc.record({
    text: fc.string({ unit: fc.constantFrom('a', 'é', '世', '👩‍👩‍👧', '⣿', ' ', '●'), maxLength: 8 }),
    tone: fc.constantFrom('text', 'good', 'bad'),
  }) as fc.Arbitrary<Span>,
  { maxLength: 6 },
);

describe('cutting', () => {
  it('gives exactly the columns asked for, where there are that many', () => {
    fc.assert(
      fc.property(spans, fc.nat(30), fc.nat(30), (line, from, width) => {
        const cut = cutSpans(line, from, from + width);
        const there = Math.max(0, Math.min(widthOfSpans(line), from + width) - from);
        expect(widthOfSpans(cut)).toBe(there);
      }),
    );
  });

  it('never paints a row wider than the terminal', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 1, max: 40 }), fc.boolean(), (line, columns, selected) => {
        const width = stringWidth(plain(paintLine({ spans: line, selected }, columns, palette)));
        expect(width).toBeLessThanOrEqual(columns);
        if (selected) expect(width).toBe(columns);
      }),
    );
  });
});

describe('laying charts into a frame', () => {
  const chart: ChartSlot['chart'] = { kind: 'bar', title: 't', bars: [] };
  const slot: ChartSlot = { left: 3, top: 1, width: 4, height: 2, chart };
  const size = { columns: 10, rows: 4 };
  const lines = ['0123456789', '01', '0123456789', 'last'].map((value) => ({ spans: [text(value)] }));
  const rowsWith = (drawn: readonly Line[] | undefined) =>
    composeRows({ lines, charts: [slot] }, size, palette, () => drawn).map(plain);

  it('keeps what stands left and right of it', () => {
    expect(rowsWith([{ spans: [text('AB')] }, { spans: [text('CDEFGH')] }])).toEqual([
      '0123456789',
      '01 AB  ',
      '012CDEF789',
      'last',
    ]);
  });

  it('is not part of the row under the cursor', () => {
    const selected: Line = { spans: [text('01│   ')], selected: true, selectedTo: 2 };
    const [row] = composeRows(
      { lines: [selected], charts: [{ ...slot, top: 0 }] },
      { columns: 8, rows: 1 },
      createPalette(dark, '16'),
      () => [{ spans: [text('AB')] }],
    );
    expect(row).toBe('\u001b[97m\u001b[44m01\u001b[49m\u001b[39m│AB  ');
  });

  it('leaves the place as it is while there is no chart', () => {
    expect(rowsWith(undefined)).toEqual(['0123456789', '01', '0123456789', 'last']);
  });

  it('gives as many rows as the terminal has, whatever the frame says', () => {
    const frame = { lines, charts: [{ ...slot, top: 3, height: 9 }] };
    expect(composeRows(frame, { columns: 10, rows: 6 }, palette, () => [])).toHaveLength(6);
    expect(composeRows(frame, { columns: 10, rows: 2 }, palette, () => [])).toHaveLength(2);
  });
});
