import { expect, test } from 'vitest';
import { assertInside } from '../../../src/cli/demo/lab/enter-lab.ts';

test('the lab refuses to be built in the network that it was started from', () => {
  expect(() => assertInside(() => 'net:[1]')).toThrow("this machine's own network");
});
