import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// Not an export of Ink: the build puts ours in its place.
import InkOutput from '../../../node_modules/ink/build/output.js';
import type { Line, Span } from '../../../src/console/frame.ts';
import { rowByRow } from '../../../src/ui/ink/row-output.ts';
import { paintLine } from '../../../src/ui/paint/paint-line.ts';
import { createPalette } from '../../../src/ui/paint/palette.ts';
import { tokens } from '../../../src/ui/paint/theme.ts';
import { loadTheme } from '../../../src/ui/paint/theme-file.ts';

const width = 24;
const palette = createPalette(await loadTheme('dark'), 'truecolor');
const RowOutput = rowByRow(InkOutput as never);
const same = (line: string) => line;

type Draw = (output: InkOutput) => void;

function both(height: number, ...draw: Draw[]): [ours: string, inks: string] {
  const drawn = (output: InkOutput) => {
    for (const step of draw) step(output);
    return output.get().output;
  };
  return [drawn(new RowOutput({ width, height }) as never), drawn(new InkOutput({ width, height }))];
}

const put =
  (x: number, y: number, text: string, transform = same): Draw =>
  (output) =>
    output.write(x, y, text, { transformers: [transform] });

const span: fc.Arbitrary<Span> = fc.record(
  {
    text: fc.string({
      unit: fc.constantFrom('a', 'Z', '9', ' ', '›', '–', '▇', '⠿', '世', 'e\u0301', '👍'),
      maxLength: 8,
    }),
    tone: fc.constantFrom(...tokens.filter((token) => token !== 'selected')),
    bold: fc.boolean(),
  },
  { requiredKeys: ['text', 'tone'] },
);
const line: fc.Arbitrary<Line> = fc.record({
  spans: fc.array(span, { maxLength: 6 }),
  selected: fc.boolean(),
});

describe('rows instead of cells', () => {
  it('writes painted rows just as Ink does', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const [ours, inks] = both(
          lines.length,
          (output) => output.clip({ x1: 0, x2: width, y1: 0, y2: lines.length }),
          ...lines.map((item, row) => put(0, row, paintLine(item, width, palette))),
          (output) => output.unclip(),
        );
        expect(ours).toBe(inks);
      }),
    );
  });

  it.each<[string, ...Draw[]]>([
    ['rows over each other', put(0, 0, 'under'), put(0, 0, 'ov')],
    ['a row that begins inside', put(3, 1, 'in')],
    ['several rows in one', put(0, 0, 'one\ntwo')],
    ['a row below the last', put(0, 7, 'out'), put(0, 0, 'in')],
    ['a row that is changed on its way', put(0, 0, 'one', (text) => text.toUpperCase())],
    ['a row that is too wide', put(0, 0, 'x'.repeat(width + 5))],
    ['a narrow clip', (output) => output.clip({ x1: 1, x2: 4, y1: 0, y2: 2 }), put(0, 0, 'abcdef')],
    ['nothing'],
  ])('%s', (_, ...draw) => {
    const [ours, inks] = both(2, ...draw);
    expect(ours).toBe(inks);
  });
});
