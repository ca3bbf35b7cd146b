import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nestedDeeperThan } from '../../src/protocol/limits.ts';
import { errorText, notificationText, readMessage, requestText, resultText } from '../../src/protocol/rpc.ts';

it('reads back what it wrote', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.jsonValue({ maxDepth: 5 }), (id, method, value) => {
      const json = JSON.parse(JSON.stringify(value));
      expect(readMessage(requestText(id, method, value))).toEqual({
        kind: 'request',
        id,
        method,
        params: json,
      });
      expect(readMessage(notificationText(method, value))).toEqual({
        kind: 'notification',
        method,
        params: json,
      });
      expect(readMessage(resultText(id, value))).toEqual({ kind: 'result', id, result: json });
      expect(readMessage(errorText(id, { code: -1, message: method }))).toEqual({
        kind: 'error',
        id,
        error: { code: -1, message: method },
      });
    }),
  );
});

it('makes something of every text, and never throws', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string().map((text) => `{"jsonrpc":"2.0",${text}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(['request', 'notification', 'result', 'error', 'invalid']).toContain(readMessage(text).kind);
    }),
  );
});

it('LM2: counts depth as a parser would, whatever stands in strings', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (value, limit) => {
      // Brackets and quotes in keys and strings are no depth.
      const json = JSON.parse(JSON.stringify({ '[{"': value, text: '\\"[[[[{{{{' }));
      expect(nestedDeeperThan(JSON.stringify(json), limit)).toBe(depthOf(json) > limit);
    }),
  );
});
