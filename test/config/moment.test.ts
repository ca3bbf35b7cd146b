import { expect, it } from 'vitest';
import { parseMoment } from '../../src/config/moment.ts';

it.each([
  ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.000Z'],
  ['2026-01-31T10:00:00.123456789Z', '2026-01-31T10:00:00.000Z'],
  ['2026-01-31T10:00:00+01:30', '2026-01-31T08:30:00.000Z'],
  ['2026-01-31T10:00:00-0500', '2026-01-31T15:00:00.000Z'],
  ['2026-01-31 10:00:00 Z', '2026-01-31T10:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
])('%s is %s', (text, iso) => {
  const parsed = parseMoment(text);
  expect(parsed.ok && new Date(parsed.value).toISOString()).toBe(iso);
});

it.each([
  ['2026-01-31T10:00:00', 'has no time zone', 'write 2026-01-31T10:00:00Z'],
  ['2026-02-29', 'is on no calendar', 'such as'],
  ['2026-13-01', 'is on no calendar', 'such as'],
  ['2026-01-31T24:00:00Z', 'is no time of a day', 'such as'],
  ['2026-01-31T10:00:00+24:00', 'is no time of a day', 'such as'],
  ['yesterday', 'is not a date', 'such as'],
  [1769853600, 'expected a date', 'such as'],
  [null, 'expected a date', 'such as'],
])('%s: %s', (value, message, remedy) => {
  expect(parseMoment(value)).toEqual({
    ok: false,
    message: expect.stringContaining(message),
    remedy: expect.stringContaining(remedy),
  });
});
