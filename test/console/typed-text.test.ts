import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/console/text.ts';
import { edited, insert, shownPart, typed } from '../../src/console/typed-text.ts';

function typedOn(start: string, ...keys: readonly string[]) {
  return keys.reduce(
    (line, key) => edited(line, key.startsWith('^') ? { key: key[1]!, ctrl: true } : { key }) ?? line,
    typed(start),
  );
}

describe('typed text', () => {
  it.each([
    ['', ['a', 'b', 'space', 'c'], 'ab c', 4],
    ['abc', ['left', 'x'], 'abxc', 3],
    ['abc', ['home', 'delete'], 'bc', 0],
    ['abc', ['backspace', 'backspace'], 'a', 1],
    ['a👩‍👩‍👧b', ['left', 'backspace'], 'ab', 1],
    ['one two ', ['^w'], 'one ', 4],
    ['one two', ['^u'], '', 0],
    ['one two', ['^a', '^k'], '', 0],
    ['abc', ['enter', 'tab', 'up', 'f5'], 'abc', 3],
  ] as const)('from %j, keys %j give %j', (start, keys, text, at) => {
    expect(typedOn(start, ...keys)).toEqual({ text, at });
  });

  it('turns pasted line breaks into blanks', () => {
    expect(insert(typed(''), 'a\r\nb\u001b[31m').text).toBe('a b [31m');
  });

  it('never leaves the text with its cursor, nor grows without end', () => {
    const key = fc.constantFrom('a', '測', 'left', 'right', 'home', 'end', 'backspace', 'delete', '^w', '^k');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.array(key), (start, keys) => {
        const { text, at } = typedOn(start, ...keys);
        expect(at).toBeGreaterThanOrEqual(0);
        expect(at).toBeLessThanOrEqual(text.length);
      }),
    );
    expect(insert(typed('x'.repeat(999)), 'yyyy').text.length).toBe(1_000);
  });

  it('shows the part around the cursor', () => {
    expect(shownPart(typed('abcdef'), 4)).toEqual({ text: 'def', column: 3 });
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.integer({ min: 2, max: 20 }),
        (text, width) => {
          expect(shownPart(typed(text), width).column).toBeLessThan(width);
          expect(widthOf(shownPart(typed(text), width).text)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
