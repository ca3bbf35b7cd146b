import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDocument, jsonLine } from '../../src/cli/json.ts';

describe('json', () => {
  it('is lossless, whatever a client sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(jsonLine({ text }))).toEqual({ text });
        expect(JSON.parse(jsonDocument({ text }))).toEqual({ text });
      }),
    );
  });

  it.each(['\x1b]52;c;aGk=\x07', '\x9b31m', '\x7f', '\u202e', '\u200b', '\u2028', '\u{e0041}', '\r\n', '\0'])(
    'holds no character a terminal would obey: %j',
    (text) => expect(jsonLine({ text })).toMatch(/^[ -~]+$/),
  );
});
