import fc from 'fast-check';
import { expect, it } from 'vitest';
import { selectFirst } from '../../src/proxy/select-first.ts';

it('chooses what sorting everything would have put first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: 0, max: 60 }),
      (items, count) => {
        const sorted = [...items].sort((a, b) => a - b);
        const selection = selectFirst<number>(count, (a, b) => a - b);
        for (const item of items) selection.add(item);
        expect(selection.chosen()).toEqual(sorted.slice(0, count));
      },
    ),
  );
});
