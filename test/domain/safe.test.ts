import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safe, safeLines } from '../../src/domain/safe.ts';

const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('safe text', () => {
  it.each([
    ['plain /path?q=ä€😀', 'plain /path?q=ä€😀'],
    ['\x1b]52;c;aGk=\x07', '\\x1b]52;c;aGk=\\x07'],
    ['\0\b\r\n\t', '\\x00\\x08\\x0d\\x0a\\x09'],
    ['\x7f\x85\x9b', '\\x7f\\x85\\x9b'],
    ['a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
    ['\u200b\u200d\ufeff\u00ad\ufe0f', '\\u200b\\u200d\\ufeff\\xad\\ufe0f'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ud800x\udc00', '\\ud800x\\udc00'],
    ['\u{e0041}', '\\u{e0041}'],
    ['already \\x1b', 'already \\x1b'],
  ])('%j becomes %j', (raw, shown) => expect(safe(raw)).toBe(shown));

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abc\x1b', 5, 'abc…'],
    ['ab😀cd', 4, 'ab…'],
    ['ab😀cd', 5, 'ab😀…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i units is %j', (raw, limit, shown) => expect(safe(raw, limit)).toBe(shown));

  it('keeps the line breaks of several lines, and nothing else', () => {
    expect(safeLines('a\x1b[2J\n  b\r\n\u202ec')).toBe('a\\x1b[2J\n  b\\x0d\n\\u202ec');
  });

  it('never lets a control through, keeps to the limit, and is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (raw, limit) => {
        const whole = safe(raw);
        expect(whole).not.toMatch(forbidden);
        expect(safe(whole)).toBe(whole);
        const short = safe(raw, limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        expect(short).not.toMatch(forbidden);
      }),
    );
  });
});
