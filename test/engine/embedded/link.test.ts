import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, type LinkEvents, openLink } from '../../../src/engine/embedded/link.ts';

const text = (lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

describe('the frame reader', () => {
  const lines = ['{"a":1}', '"ünïcödé ✓ 🦉"', '[]', '{"b":"x\\ny"}'];
  const bytes = Buffer.from(`${lines.join('\n')}\n`);

  it('gives the same lines however the bytes are split', () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const seen: string[] = [];
      const read = createFrameReader((line) => seen.push(line));
      read(bytes.subarray(0, at));
      read(bytes.subarray(at));
      expect(seen, `split at ${at}`).toEqual(lines);
    }
  });
  it('and byte by byte', () => {
    const seen: string[] = [];
    const read = createFrameReader((line) => seen.push(line));
    for (const byte of bytes) read(Buffer.of(byte));
    expect(seen).toEqual(lines);
  });
  it('gives back whatever was written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat(50)), (values, cuts) => {
        const all = Buffer.from(text(values));
        const seen: unknown[] = [];
        const read = createFrameReader((line) => seen.push(JSON.parse(line)));
        let from = 0;
        for (const cut of cuts) {
          read(all.subarray(from, from + cut));
          from += cut;
        }
        read(all.subarray(from));
        expect(seen).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });
  it('refuses a line that grows past the limit, before it ends', () => {
    const read = createFrameReader(() => {}, 10);
    read(Buffer.from('12345\n1234567890\n'));
    read(Buffer.from('12345'));
    expect(() => read(Buffer.from('678901'))).toThrow('a message is longer than 10 bytes');
  });
});

/** Two ends of a stream in memory; what one writes the other reads, in a later turn. */
function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [0, 1].map(
    (own) =>
      new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          ends[1 - own]!.push(chunk);
          done();
        },
        final(done) {
          ends[1 - own]!.push(null);
          done();
        },
      }),
  );
  return ends as [Duplex, Duplex];
}

const silent: LinkEvents = { message() {}, request: async () => undefined, closed() {} };

describe('a link', () => {
  it('carries events in order, and answers to the question they belong to', async () => {
    const [a, b] = pair();
    const events: unknown[] = [];
    const slow = Promise.withResolvers<string>();
    openLink(b, {
      ...silent,
      message: (message) => events.push(message),
      request: async (message) => ((message as { n: number }).n === 1 ? slow.promise : 'second'),
    });
    const link = openLink(a, silent);
    link.send({ n: 0 });
    link.send({ n: 1 });
    const first = link.request({ n: 1 });
    expect(await link.request({ n: 2 })).toBe('second');
    slow.resolve('first');
    expect(await first).toBe('first');
    expect(events).toEqual([{ n: 0 }, { n: 1 }]);
  });

  it('carries a refusal with its code and its words', async () => {
    const [a, b] = pair();
    openLink(b, {
      ...silent,
      request: () => Promise.reject(Object.assign(new Error('no such bind'), { code: 'bind-failed' })),
    });
    await expect(openLink(a, silent).request({})).rejects.toMatchObject({
      name: 'RemoteError',
      code: 'bind-failed',
      message: 'no such bind',
    });
  });

  it('fails what was not answered when it breaks, says so once, and refuses what comes after', async () => {
    const [a, b] = pair();
    const reasons: string[] = [];
    openLink(b, { ...silent, request: () => new Promise(() => {}) });
    const link = openLink(a, { ...silent, closed: (reason) => reasons.push(reason) });
    const asked = link.request({});
    b.end();
    b.destroy();
    await expect(asked).rejects.toMatchObject({ name: 'LinkError', code: 'closed' });
    await expect(link.request({})).rejects.toMatchObject({ code: 'closed' });
    link.send({});
    expect(reasons).toEqual(['the other side closed the link']);
  });

  it.each([
    ['not json\n', 'a message is not JSON'],
    ['7\n', 'a message is neither event, request nor answer'],
    ['{"x":1}\n', 'a message is neither event, request nor answer'],
    ['{"ask":"1","message":{}}\n', 'a message is neither event, request nor answer'],
    ['{"answer":1,"error":{"code":5}}\n', 'a message is neither event, request nor answer'],
    ['{"answer":1,"error":null}\n', 'a message is neither event, request nor answer'],
  ])('closes on what is no message: %j', async (bytes, reason) => {
    const [a, b] = pair();
    const closed = new Promise<string>((resolve) => {
      openLink(a, { ...silent, closed: resolve });
    });
    b.write(bytes);
    expect(await closed).toBe(reason);
  });

  it('passes over answers nobody asked for', async () => {
    const [a, b] = pair();
    const messages: unknown[] = [];
    openLink(a, { ...silent, message: (message) => messages.push(message) });
    b.write('{"answer":99,"result":1}\n{"message":1}\n');
    await expect.poll(() => messages).toEqual([1]);
  });
});
