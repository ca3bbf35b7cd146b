import { expect, it } from 'vitest';
import { createDoorShares } from '../../../src/runtime/control/door-shares.ts';

it.each([
  [16, 4],
  [512, 128],
  [2, 1],
])('of %d places each address has %d', (places, each) => {
  const shares = createDoorShares(places);
  expect(shares.each).toBe(each);
  for (let place = 0; place < each; place += 1) expect(shares.take('10.0.0.7')).toBeDefined();
  expect(shares.take('10.0.0.7')).toBeUndefined();
  expect(shares.take('10.0.0.8')).toBeDefined();
});

it.each([
  ['::ffff:10.0.0.7', '10.0.0.7', true],
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['10.0.0.7', '10.0.0.6', false],
  [undefined, undefined, true],
])('%s and %s are one holder: %s', (one, other, same) => {
  const shares = createDoorShares(4);
  expect(shares.take(one)).toBeDefined();
  expect(shares.take(other) === undefined).toBe(same);
});

it('a place that is given back twice is one place', () => {
  const shares = createDoorShares(8);
  const first = shares.take('::1')!;
  shares.take('::1');
  first();
  first();
  expect(shares.take('::1')).toBeDefined();
  expect(shares.take('::1')).toBeUndefined();
});
