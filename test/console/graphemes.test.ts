import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { graphemesOf, isOneCellEach } from '../../src/console/graphemes.ts';

describe('isOneCellEach', () => {
  const oneCell = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
    isOneCellEach,
  );

  it('takes only characters that a terminal shows in one cell', () => {
    expect(oneCell.filter((character) => stringWidth(character) !== 1)).toEqual([]);
  });

  it('takes none that joins its neighbours', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...oneCell) }), (text) => {
        expect(stringWidth(text)).toBe(text.length);
        expect([...graphemesOf(text)]).toHaveLength(text.length);
      }),
    );
  });

  it.each(['日', '\u0301', '\u200d', '\ufe0f', '\u00ad', '\u001b', '\n', '⌚', '◾', '\u{1f600}'])(
    'leaves %j to others',
    (text) => {
      expect(isOneCellEach(`a${text}`)).toBe(false);
    },
  );

  it('takes what tables, rules, bars and charts are made of', () => {
    expect(isOneCellEach('› web/app1 – 12.1 K … ↑↓ ├─┤ ▁▂█ ● ◌ ⠿ ×')).toBe(true);
  });
});
