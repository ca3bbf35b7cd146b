import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cut, cutStart, padEnd, padStart, wrap } from '../../src/console/text.ts';

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });

describe('text in cells', () => {
  it.each([
    ['plain', 10, 'plain'],
    ['plain', 5, 'plain'],
    ['plain', 4, 'pla…'],
    ['plain', 1, '…'],
    ['plain', 0, ''],
    ['測試伺服', 8, '測試伺服'],
    ['測試伺服', 7, '測試伺…'],
    ['測試伺服', 6, '測試…'],
    ['é'.repeat(4), 3, 'éé…'],
  ])('cuts %j to %i cells', (text, width, expected) => expect(cut(text, width)).toBe(expected));

  it('never cuts to more than the width', () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), (text, width) => {
        expect(stringWidth(cut(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it.each([
    ['/etc/sluice/shop.pem', 20, '/etc/sluice/shop.pem'],
    ['/etc/sluice/shop.pem', 10, '…/shop.pem'],
    ['/etc/測試', 4, '…試'],
    ['/etc', 0, ''],
  ])('cuts the start of %j to %i cells', (text, width, expected) =>
    expect(cutStart(text, width)).toBe(expected),
  );

  it('pads to the width that is seen', () => {
    expect(padEnd('測', 4)).toBe('測  ');
    expect(padStart('測', 4)).toBe('  測');
    expect(padEnd('long', 2)).toBe('long');
  });

  it('wraps at spaces, and inside a word only where it must', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(wrap('', 4)).toEqual(['']);
    expect(wrap('測試', 1)).toEqual(['測', '試']);
  });

  it('loses nothing by wrapping', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 8, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});
