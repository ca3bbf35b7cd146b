import fc from 'fast-check';
import { renderToString, Text } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/console/frame.ts';
import { paintLine } from '../../../src/ui/paint/paint-line.ts';
import { createPalette } from '../../../src/ui/paint/palette.ts';
import { plain, type Style, sgr, transition } from '../../../src/ui/paint/sgr.ts';
import { loadTheme } from '../../../src/ui/paint/theme-file.ts';

const [bold, dim, red, green, blue] = [
  sgr('1', 22),
  sgr('2', 22),
  sgr('31', 39),
  sgr('32', 39),
  sgr('44', 49),
];

describe('from one look to the next', () => {
  it.each<[string, Style, Style, string]>([
    ['nothing', plain, plain, ''],
    ['on', plain, [bold, red], '^[1m^[31m'],
    ['off, in reverse', [bold, red], plain, '^[39m^[22m'],
    ['another colour needs no end of the first', [red], [green], '^[32m'],
    ['what stays is not said again', [red, blue], [green, blue], '^[32m'],
    ['dim stays where bold ends', [bold, dim], [dim], '^[22m^[2m'],
  ])('%s', (_, from, to, sequence) => {
    expect(transition(from, to).sequence.replaceAll('\u001b', '^')).toBe(sequence);
  });

  it('is written as Ink writes it, so that Ink finds its own form', async () => {
    const palettes = await Promise.all(
      ['dark', 'monochrome'].map(async (name) => createPalette(await loadTheme(name), 'truecolor')),
    );
    const span = fc.record({
      text: fc.constantFrom('a', 'bc', '●', ' x'),
      tone: fc.constantFrom('text', 'muted', 'good', 'bad', 'drain', 'maint', 'stale', 'key'),
    }) as fc.Arbitrary<Span>;
    fc.assert(
      fc.property(fc.array(span, { maxLength: 6 }), fc.constantFrom(...palettes), (spans, palette) => {
        const row = paintLine({ spans: [...spans, { text: '.', tone: 'text' }] }, 80, palette);
        expect(renderToString(createElement(Text, { wrap: 'truncate' }, row), { columns: 80 })).toBe(row);
      }),
      { numRuns: 60 },
    );
  });
});
