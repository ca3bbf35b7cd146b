import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterCheck,
  checkProgress,
  type Health,
  nextCheckDelay,
  operationalOf,
  pausedHealth,
  resumedHealth,
  startingHealth,
} from '../../src/domain/rise-fall.ts';

const check = { rise: 2, fall: 3, interval: 2_000, fastInterval: 500, downInterval: 5_000, jitter: 0 };

/** "+" ok, "-" failed. */
function afterResults(from: Health, results: string): Health {
  return [...results].reduce((health, result) => afterCheck(health, result === '+', check), from);
}

describe('rise and fall', () => {
  it.each([
    ['starting', startingHealth, '', 'starting', undefined, 500],
    ['starting', startingHealth, '+', 'up', undefined, 2_000],
    ['starting', startingHealth, '-', 'down', undefined, 5_000],
    ['starting', startingHealth, '+-', 'up', { done: 1, of: 3, towards: 'down' }, 500],
    ['starting', startingHealth, '+--', 'up', { done: 2, of: 3, towards: 'down' }, 500],
    ['starting', startingHealth, '+--+', 'up', undefined, 2_000],
    ['starting', startingHealth, '+---', 'down', undefined, 5_000],
    ['starting', startingHealth, '-+', 'down', { done: 1, of: 2, towards: 'up' }, 500],
    ['starting', startingHealth, '-+-', 'down', undefined, 5_000],
    ['starting', startingHealth, '-++', 'up', undefined, 2_000],
    ['leaving maint', resumedHealth, '', 'up', undefined, 500],
    ['leaving maint', resumedHealth, '+', 'up', undefined, 2_000],
    ['leaving maint', resumedHealth, '-', 'down', undefined, 5_000],
    ['leaving maint', resumedHealth, '+-', 'up', { done: 1, of: 3, towards: 'down' }, 500],
    ['paused', pausedHealth, '-+', 'paused', undefined, undefined],
  ] as const)('%s (%o) after "%s" is %s', (_, from, results, state, progress, delay) => {
    const health = afterResults(from, results);
    expect(operationalOf(health)).toBe(state);
    expect(checkProgress(health, check)).toEqual(progress);
    expect(nextCheckDelay(health, check, () => 0)).toBe(delay);
  });

  it('goes down only after fall failures and up only after rise successes in a row', () => {
    const { rise, fall } = { rise: fc.integer({ min: 1, max: 5 }), fall: fc.integer({ min: 1, max: 5 }) };
    fc.assert(
      fc.property(fc.array(fc.boolean()), rise, fall, (results, rise, fall) => {
        let health = afterCheck(startingHealth, true, { rise, fall });
        let run = 0;
        let last = true;
        for (const ok of results) {
          run = ok === last ? run + 1 : 1;
          last = ok;
          const before = health.state;
          health = afterCheck(health, ok, { rise, fall });
          if (before === 'up') expect(health.state).toBe(!ok && run >= fall ? 'down' : 'up');
          else expect(health.state).toBe(ok && run >= rise ? 'up' : 'down');
        }
      }),
    );
  });

  it('varies a delay by the jitter at most', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (random) => {
        const delay = nextCheckDelay(
          afterResults(startingHealth, '+'),
          { ...check, jitter: 0.1 },
          () => random,
        )!;
        expect(delay).toBeGreaterThanOrEqual(1_800);
        expect(delay).toBeLessThanOrEqual(2_200);
      }),
    );
  });
});
