import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineStarts, placeOf } from '../../src/config/line-starts.ts';

it('finds line and column of every offset', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '😀') }), (text) => {
      const starts = lineStarts(text);
      for (let offset = 0; offset <= text.length; offset++) {
        const before = text.slice(0, offset).split('\n');
        expect(placeOf(starts, offset)).toEqual({ line: before.length, column: before.at(-1)!.length + 1 });
      }
    }),
  );
});
