import { expect, it } from 'vitest';
import { lineChanges } from '../../src/config/line-changes.ts';

it.each([
  ['nothing', 'a\nb', 'a\nb', []],
  ['a line that is another', 'a\nb\nc', 'a\nB\nc', [{ line: 2, was: 'b', is: 'B' }]],
  ['a line more', 'a\nc', 'a\nb\nc', [{ line: 2, is: 'b' }]],
  ['a line less', 'a\nb\nc', 'a\nc', [{ line: 2, was: 'b' }]],
  ['a line more at the end', 'a', 'a\nb', [{ line: 2, is: 'b' }]],
  ['the same line once more', 'a\nb\nb', 'a\nb\nb\nb', [{ line: 4, is: 'b' }]],
  [
    'two, with one between that stays',
    'a\nb\nc\nd',
    'a\nB\nc\nD\ne',
    [
      { line: 2, was: 'b', is: 'B' },
      { line: 4, was: 'd', is: 'D' },
      { line: 5, is: 'e' },
    ],
  ],
  ['lines that end as on Windows', 'a\r\nb\r\n', 'a\r\nB\r\n', [{ line: 2, was: 'b', is: 'B' }]],
])('tells of %s', (_, before, after, changes) => {
  expect(lineChanges(before, after)).toEqual(changes);
});
