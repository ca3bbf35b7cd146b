import { describe, expect, it } from 'vitest';
import { nextAttempt, retryPauseMs } from '../../src/domain/retry.ts';

describe('nextAttempt', () => {
  it.each([
    // retries, redispatch, failures, server usable, then
    [3, true, 1, true, 'same'],
    [3, true, 2, true, 'same'],
    [3, true, 3, true, 'other'],
    [3, true, 4, true, 'give-up'],
    [3, true, 1, false, 'other'],
    [3, false, 3, true, 'same'],
    [3, false, 4, true, 'give-up'],
    [3, false, 1, false, 'give-up'],
    [1, true, 1, true, 'other'],
    [0, true, 1, true, 'give-up'],
  ] as const)(
    '%i retries, redispatch %s: after %i failures, usable %s → %s',
    (retries, redispatch, failures, usable, then) => {
      expect(nextAttempt({ retries, redispatch }, failures, usable)).toBe(then);
    },
  );
});

describe('retryPauseMs', () => {
  it.each([
    [50, 50],
    [5_000, 1_000],
  ])('a connect timeout of %i ms pauses for %i ms', (timeout, pause) => {
    expect(retryPauseMs(timeout)).toBe(pause);
  });
});
