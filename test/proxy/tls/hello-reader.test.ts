import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HelloReader, type HelloState, maxHelloBytes } from '../../../src/proxy/tls/hello-reader.ts';
import { extension, hello, helloBody, message, record, records, serverNames } from './hello-bytes.ts';

function feed(chunks: readonly Buffer[]): { readonly state: HelloState; readonly reader: HelloReader } {
  const reader = new HelloReader();
  let state: HelloState = { at: 'more' };
  for (const chunk of chunks) {
    state = reader.push(chunk);
    if (state.at !== 'more') break;
  }
  return { state, reader };
}

const oneByOne = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.from([byte]));
const whole = hello({ extensions: [serverNames('a.test')] });

describe('what a client sends first', () => {
  it('is read at every split, and kept as it came', () => {
    for (let at = 0; at <= whole.length; at += 1) {
      const { state, reader } = feed([whole.subarray(0, at), whole.subarray(at)]);
      expect(state).toMatchObject({ at: 'hello', hello: { sni: 'a.test' } });
      expect(reader.bytes.equals(whole)).toBe(true);
    }
  });

  it.each([1, 2, 3, 4, 5, 7, 64])('is read from records of %i bytes, at every split', (size) => {
    const split = records(message(helloBody()), size);
    expect(feed(oneByOne(split)).state).toMatchObject({ at: 'hello', hello: { sni: 'a.test' } });
    for (let at = 1; at < split.length; at += 1) {
      const { state, reader } = feed([split.subarray(0, at), split.subarray(at)]);
      expect(state).toMatchObject({ at: 'hello', hello: { sni: 'a.test' } });
      expect(reader.bytes.equals(split)).toBe(true);
    }
  });

  it('may be of several records, up to the limit', () => {
    const large = helloBody({ extensions: [extension(21, Buffer.alloc(40_000)), serverNames('a.test')] });
    expect(feed([records(message(large), 16_384)]).state).toMatchObject({ at: 'hello' });
    const larger = helloBody({
      extensions: [extension(21, Buffer.alloc(60_000)), extension(22, Buffer.alloc(5_510))],
    });
    const { state } = feed([records(message(larger), 16_384)]);
    expect(state).toMatchObject({ at: 'refused', refusal: { alert: 'illegal_parameter' } });
  });

  it('is given up when it takes more than the limit, however small its parts', () => {
    const endless = message(Buffer.alloc(60_000));
    const reader = new HelloReader();
    let state: HelloState = { at: 'more' };
    let pushed = 0;
    for (const byte of oneByOne(records(endless, 1))) {
      state = reader.push(byte);
      pushed += 1;
      if (state.at !== 'more') break;
    }
    expect([state.at, pushed]).toEqual(['refused', maxHelloBytes + 1]);
  });

  it('may be followed by other bytes, which are kept', () => {
    const { state, reader } = feed([Buffer.concat([whole, Buffer.from('early')])]);
    expect(state.at).toBe('hello');
    expect(`${reader.bytes.subarray(-5)}`).toBe('early');
  });

  it.each([
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n'), undefined, 'plain HTTP on a port for TLS'],
    ['plain HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n'), undefined, 'plain HTTP on a port for TLS'],
    ['SSLv2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15]), 'protocol_version', 'an SSLv2 ClientHello'],
    ['noise with a high bit', Buffer.from([0xff, 0xff, 0xff]), 'protocol_version', 'this is not TLS'],
    ['SSH', Buffer.from('SSH-2.0-x\r\n'), 'protocol_version', 'this is not TLS'],
    ['a line', Buffer.from('\r\n'), 'protocol_version', 'this is not TLS'],
    ['lower case', Buffer.from('get / HTTP/1.1'), 'protocol_version', 'this is not TLS'],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 1, 0]), undefined, 'the client began with an alert'],
    ['application bytes', record(Buffer.alloc(5), 23), 'protocol_version', 'this is not TLS'],
    ['a version of its own', record(message(helloBody()), 22, 0x0501), 'protocol_version', 'this is not TLS'],
    ['an empty record', record(Buffer.alloc(0)), 'decode_error', 'an empty record in the ClientHello'],
    [
      'a long record',
      Buffer.from([22, 3, 1, 0x40, 1]),
      'record_overflow',
      'a record of the ClientHello is longer than 16 KiB',
    ],
    [
      'another message',
      record(message(Buffer.alloc(40), 2)),
      'unexpected_message',
      'the first message is no ClientHello',
    ],
    [
      'a message that is too long',
      record(Buffer.from([1, 1, 0, 1])),
      'illegal_parameter',
      'the ClientHello is longer than 64 KiB',
    ],
    [
      'another record in its middle',
      Buffer.concat([record(Buffer.from([1, 0, 0, 60])), record(Buffer.alloc(4), 23)]),
      'unexpected_message',
      'another record came in the middle of the ClientHello',
    ],
  ])('is known for %s, whole and byte by byte', (_what, bytes, alert, cause) => {
    for (const chunks of [[bytes], oneByOne(bytes)]) {
      const { state } = feed(chunks);
      expect(state).toMatchObject({ at: 'refused', refusal: { cause } });
      expect(state.at === 'refused' && state.refusal.alert).toBe(alert);
      expect(state.at === 'refused' && (state.refusal.plainHttp ?? false)).toBe(cause.startsWith('plain'));
    }
  });

  it('never makes the reader fail, and is read alike however it is split', () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
    const broken = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, value]) => {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      return bytes;
    });
    const split = (bytes: Buffer, size: number) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
    fc.assert(
      fc.property(fc.oneof(noise, broken), fc.integer({ min: 1, max: 40 }), (bytes, size) => {
        expect(feed(split(bytes, size)).state).toEqual(feed([bytes]).state);
      }),
    );
  });
});
