import { expect, it } from 'vitest';
import { ticketEpoch, ticketEpochMs } from '../../src/domain/ticket-epoch.ts';

it('grows by one with each stretch of time', () => {
  const from = 41_000 * ticketEpochMs;
  expect([from, from + ticketEpochMs - 1, from + ticketEpochMs].map(ticketEpoch)).toEqual([
    41_000, 41_000, 41_001,
  ]);
});
