import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyFraming } from '../../../src/proxy/http/body-framing.ts';

/** Feeds `text` in the pieces that `cuts` make of it; answers how much of it was the body, or the refusal's cause. */
function feed(text: string, cuts: readonly number[]): { taken: number; content: string } | string {
  const octets = Buffer.from(text, 'latin1');
  const framing = new BodyFraming();
  framing.start('chunked');
  let content = '';
  framing.span = (start, end) => {
    content += octets.toString('latin1', start, end);
  };
  let from = 0;
  for (const to of [...new Set([...cuts, octets.length])].sort((a, b) => a - b)) {
    // The span's offsets are those of what is consumed, so the whole buffer is passed with moving limits.
    const stop = framing.consume(octets, from, to);
    if (stop < 0) return framing.refusal!.cause;
    if (framing.done) return { taken: stop, content };
    from = to;
  }
  return 'not complete';
}

describe('a chunked body', () => {
  it.each([
    ['0\r\n\r\n', ''],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['005\r\nhello\r\n000\r\n\r\n', 'hello'],
    ['a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n', '01234567890123456789a'],
    ['5;a\r\nhello\r\n0;b=c\r\n\r\n', 'hello'],
    ['5 ; a = "b\\"c;d" ;e=f\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['2\r\n\r\n\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n', '\r\n'],
  ])('%j holds %j, at every split, and leaves what follows', (text, content) => {
    const all = `${text}GET / HTTP/1.1`;
    for (let at = 0; at <= all.length; at += 1)
      expect(feed(all, [at])).toEqual({ taken: text.length, content });
    expect(
      feed(
        all,
        [...all].map((_, i) => i),
      ),
    ).toEqual({ taken: text.length, content });
  });

  it.each([
    '\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    '5\t\r\nhello\r\n0\r\n\r\n',
    '+5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    '5h\r\nhello\r\n0\r\n\r\n',
    'g\r\nhello\r\n0\r\n\r\n',
    '5_\r\nhello\r\n0\r\n\r\n',
    '5.0\r\nhello\r\n0\r\n\r\n',
    '5,5\r\nhello\r\n0\r\n\r\n',
    '\x005\r\nhello\r\n0\r\n\r\n',
    '10000000000000005\r\nhello\r\n0\r\n\r\n',
    'fffffffffffffffff\r\nhello\r\n0\r\n\r\n',
    '00000000000000000005\r\nhello\r\n0\r\n\r\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\rhello\r\n0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhelloX\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\rX0\r\n\r\n',
    '5;\r\nhello\r\n0\r\n\r\n',
    '5;a\nb\r\nhello\r\n0\r\n\r\n',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
    '5;a=\r\nhello\r\n0\r\n\r\n',
    '5;a="b\r\nhello\r\n0\r\n\r\n',
    '5;a="\x00"\r\nhello\r\n0\r\n\r\n',
    '5;a b\r\nhello\r\n0\r\n\r\n',
    '5;\x1b\r\nhello\r\n0\r\n\r\n',
    `5;${'a'.repeat(2_000)}\r\nhello\r\n0\r\n\r\n`,
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nHost: a\r\n\r\n',
    '0\r\nX-Forwarded-For: a\r\n\r\n',
    '0\r\nX : a\r\n\r\n',
    '0\r\nX: a\x00\r\n\r\n',
    '0\r\nX: a\n\r\n',
    '0\r\n\n',
    '0\r\nX\r\n\r\n',
    '0\r\n X: a\r\n\r\n',
    `0\r\nX: ${'a'.repeat(10_000)}\r\n\r\n`,
  ])('%.40s … is refused at every split', (text) => {
    const cause = feed(text, []);
    expect(cause).not.toBe('not complete');
    expect(typeof cause).toBe('string');
    for (let at = 0; at <= Math.min(text.length, 60); at += 1) expect(typeof feed(text, [at])).toBe('string');
  });

  it('is its chunks whatever they hold and however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (chunks, cuts) => {
          const parts = chunks.map((chunk) => Buffer.from(chunk).toString('latin1'));
          const text = `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
          const inside = cuts.filter((cut) => cut < text.length);
          expect(feed(`${text}rest`, inside)).toEqual({ taken: text.length, content: parts.join('') });
        },
      ),
    );
  });
});

describe('a body of known length', () => {
  it('ends with its last octet', () => {
    const framing = new BodyFraming();
    framing.start('length', 5);
    const octets = Buffer.from('helloGET');
    expect(framing.consume(octets, 0, 3)).toBe(3);
    expect(framing.done).toBe(false);
    expect(framing.consume(octets, 3, 8)).toBe(5);
    expect(framing.done).toBe(true);
    expect(framing.consume(octets, 5, 8)).toBe(5);
  });
});
