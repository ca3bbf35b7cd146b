import { describe, expect, it } from 'vitest';
import { checkSummary } from '../../src/config/describe.ts';
import type { Check } from '../../src/domain/plan.ts';

describe('a check in words', () => {
  const check: Check = {
    kind: { type: 'http', method: 'GET', path: '/healthz', headers: [], expect: [[200, 399]] },
    interval: 2_000,
    fastInterval: 2_000,
    downInterval: 2_000,
    timeout: 2_000,
    rise: 2,
    fall: 3,
    jitter: 0.1,
  };
  it.each([
    [{}, 'HTTP GET /healthz every 2 s, rise 2, fall 3'],
    [
      { kind: { type: 'tcp' as const }, timeout: 500 },
      'TCP connect every 2 s, rise 2, fall 3, timeout 500 ms',
    ],
    [
      {
        kind: {
          ...check.kind,
          expect: [
            [200, 299],
            [404, 404],
          ],
        } as Check['kind'],
        port: 9_000,
        interval: 60_000,
        timeout: 60_000,
      },
      'HTTP GET /healthz every 1 min, expects 2xx, 404, rise 2, fall 3, on port 9000',
    ],
  ])('%o', (change, words) => expect(checkSummary({ ...check, ...change })).toBe(words));
});
