import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { boxed, overlaid, skipCells } from '../../src/console/box.ts';
import type { Line, Span } from '../../src/console/frame.ts';
import { apart, fill, line, span, within } from '../../src/console/spans.ts';

const textOf = (spans: readonly Span[]) => spans.map(({ text }) => text).join('');
const anySpans = fc.array(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => span(text)),
  { maxLength: 6 },
);

describe('spans', () => {
  it('let no control character through', () => {
    expect(span('a\u001b[31mb\u202e').text).toBe('a\\x1b[31mb\\u202e');
  });

  it('mark what was cut, even when a whole span fell behind the edge', () => {
    expect(textOf(within([span('abc'), span('def')], 6))).toBe('abcdef');
    expect(textOf(within([span('abc'), span('def')], 5))).toBe('abcd…');
    expect(textOf(within([span('abc'), span('def')], 3))).toBe('ab…');
  });

  it('fill exactly', () => {
    fc.assert(
      fc.property(
        anySpans,
        fc.nat(40),
        fc.constantFrom('left' as const, 'right' as const),
        (spans, width, align) => {
          expect(stringWidth(textOf(fill(spans, width, align)))).toBe(width);
        },
      ),
    );
  });

  it('keep the right side when both do not fit', () => {
    expect(textOf(apart([span('left side')], [span('right')], 12).spans)).toBe('left … right');
    expect(textOf(apart([span('left')], [], 6).spans)).toBe('left  ');
  });

  it('are never wider than asked when set apart', () => {
    fc.assert(
      fc.property(anySpans, anySpans, fc.nat(40), (left, right, width) => {
        expect(stringWidth(textOf(apart(left, right, width).spans))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('one picture over another', () => {
  it('shows what is left and right of it', () => {
    const under: Line[] = [line(span('0123456789')), line(span('abcdefghij'))];
    const over: Line[] = [line(span('XY'))];
    const both = overlaid(under, over, { left: 3, top: 1, width: 4, height: 1 });
    expect(both.map(({ spans }) => textOf(spans))).toEqual(['0123456789', 'ab…XY  hij']);
  });

  it('blanks a wide glyph that it halves', () => {
    expect(textOf(skipCells([span('測試x')], 1))).toBe(' 試x');
    expect(textOf(skipCells([span('測試x')], 2))).toBe('試x');
  });

  it('is a box of exactly its width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        anySpans,
        fc.integer({ min: 6, max: 60 }),
        (title, spans, width) => {
          for (const { spans: row } of boxed(title, [{ spans }], width))
            expect(stringWidth(textOf(row))).toBe(width);
        },
      ),
    );
  });
});
