import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientFrame, takeFrame } from '../../../src/cli/demo/web-socket.ts';

describe('frames of the demo', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const frame = takeFrame(clientFrame(text));
        expect(frame?.text.toString()).toBe(text);
        expect(frame?.rest).toHaveLength(0);
      }),
    );
  });

  it('are taken at every split', () => {
    const bytes = Buffer.concat([clientFrame('one'), clientFrame('', 8)]);
    for (let split = 0; split < bytes.length; split += 1) {
      const seen: number[] = [];
      let rest: Buffer = Buffer.alloc(0);
      for (const part of [bytes.subarray(0, split), bytes.subarray(split)]) {
        rest = Buffer.concat([rest, part]);
        for (let frame = takeFrame(rest); frame !== undefined; frame = takeFrame(rest)) {
          seen.push(frame.opcode);
          rest = frame.rest;
        }
      }
      expect(seen).toEqual([1, 8]);
    }
  });
});
