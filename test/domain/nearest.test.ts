import { expect, it } from 'vitest';
import { nearest } from '../../src/domain/nearest.ts';

it.each([
  ['sevrer', 'server'],
  ['Backend', 'backend'],
  ['hots', 'host'],
  ['statsu', 'status'],
  ['zzz', undefined],
  ['', undefined],
])('%s: did you mean %s?', (word, meant) =>
  expect(nearest(word, ['server', 'backend', 'host', 'status'])).toBe(meant),
);
