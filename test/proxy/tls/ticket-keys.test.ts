import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ticketEpochMs } from '../../../src/domain/ticket-epoch.ts';
import { TicketKeys } from '../../../src/proxy/tls/ticket-keys.ts';

const secret = Buffer.alloc(32, 5).toString('base64');
const at = (epoch: number) => epoch * ticketEpochMs + 1;

describe('ticket keys', () => {
  it('are 48 bytes, of the secret, and others in each epoch', () => {
    const keys = new TicketKeys({ secret, epoch: 100 });
    const first = keys.key;
    expect(first.length).toBe(48);
    expect(keys.advance(at(100))).toBe(false);
    expect(keys.advance(at(101))).toBe(true);
    expect(keys.key.equals(first)).toBe(false);
    expect(
      new TicketKeys({ secret: Buffer.alloc(32, 6).toString('base64'), epoch: 100 }).key.equals(first),
    ).toBe(false);
  });

  it('are the same whenever an instance began to count, and never go back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1, maxLength: 6 }), (steps) => {
        const walked = new TicketKeys({ secret, epoch: 7 });
        let furthest = 7;
        for (const epoch of steps) {
          walked.advance(at(epoch));
          furthest = Math.max(furthest, epoch);
        }
        const jumped = new TicketKeys({ secret, epoch: 7 });
        jumped.advance(at(furthest));
        expect(walked.key.equals(jumped.key)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('know what they were made of', () => {
    const keys = new TicketKeys({ secret, epoch: 7 });
    expect([keys.isOf({ secret, epoch: 7 }), keys.isOf({ secret, epoch: 8 })]).toEqual([true, false]);
  });
});
