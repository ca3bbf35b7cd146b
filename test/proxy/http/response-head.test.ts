import { describe, expect, it } from 'vitest';
import { needsMore, refused } from '../../../src/proxy/http/field-lines.ts';
import { forwardResponse } from '../../../src/proxy/http/forward-response.ts';
import { ResponseHead } from '../../../src/proxy/http/response-head.ts';

function parse(text: string): ResponseHead & { readonly result: number } {
  const head = new ResponseHead();
  return Object.assign(head, { result: head.parse(text) });
}

describe('a response head', () => {
  const whole =
    'HTTP/1.1 206 Partial \xe9\r\nContent-Length: 5\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=b\r\nX-Empty:\r\n\r\n';

  it('is the same however it is cut', () => {
    const expected = JSON.stringify(parse(whole));
    for (let at = 1; at < whole.length; at += 1) {
      const head = new ResponseHead();
      expect(head.parse(whole.slice(0, at))).toBe(needsMore);
      expect(head.parse(whole)).toBe(whole.length);
      expect(JSON.stringify({ ...head, result: whole.length })).toBe(expected);
    }
  });

  it.each([
    ['HTTP/1.1 200 OK', 200, true],
    ['HTTP/1.1 200 ', 200, true],
    ['HTTP/1.1 200', 200, true],
    ['HTTP/1.1 599 \t!', 599, true],
    ['HTTP/1.9 200 OK', 200, true],
    ['HTTP/1.0 200 OK', 200, false],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive', 200, true],
    ['HTTP/1.1 200 OK\r\nConnection: close', 200, false],
    ['HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close', 200, false],
  ])('%j has status %i; the connection stays: %s', (start, status, persistent) => {
    const text = `${start}\r\n\r\n`;
    expect(parse(text)).toMatchObject({ result: text.length, status, persistent });
  });

  it.each([
    'HTTP/1.1 200 OK\n\r\n',
    'HTTP/1.1 200\tOK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 2x0 OK\r\n\r\n',
  ])('%j is refused however it is cut', (text) => {
    for (let at = 1; at <= text.length; at += 1) {
      const head = new ResponseHead();
      if (head.parse(text.slice(0, at)) !== refused) expect(head.parse(text)).toBe(refused);
    }
  });
});

describe('a response head on its way to a client', () => {
  const plain = { close: false, sayKeepAlive: false, dropFraming: false, added: '', hsts: '', upgrade: '' };
  const lines = 'A: b\r\nContent-Length: 5\r\n';

  it.each([
    ['nothing to change', `HTTP/1.1 200 OK\r\n${lines}`, {}, `HTTP/1.1 200 OK\r\n${lines}`],
    [
      'keep-alive, true of both sides',
      `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n${lines}`,
      {},
      `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n${lines}`,
    ],
    [
      'keep-alive, but we are going to close',
      `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n${lines}`,
      { close: true },
      `HTTP/1.1 200 OK\r\n${lines}Connection: close\r\n`,
    ],
    [
      'close, but we keep it',
      `HTTP/1.1 200 OK\r\nConnection: close\r\n${lines}`,
      {},
      `HTTP/1.1 200 OK\r\n${lines}`,
    ],
    [
      '1.0',
      `HTTP/1.0 200 OK\r\n${lines}`,
      { close: true },
      `HTTP/1.1 200 OK\r\n${lines}Connection: close\r\n`,
    ],
    ['1.2', `HTTP/1.2 200 OK\r\n${lines}`, {}, `HTTP/1.1 200 OK\r\n${lines}`],
    [
      'a body sent another way',
      `HTTP/1.1 200 OK\r\n${lines}C: d\r\n`,
      { dropFraming: true },
      'HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n',
    ],
    [
      'names listed in Connection, but for the length',
      `HTTP/1.1 200 OK\r\nConnection: a, content-length, connection\r\n${lines}Keep-Alive: x\r\n`,
      {},
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n',
    ],
    [
      'a cookie of ours',
      `HTTP/1.1 200 OK\r\n${lines}`,
      { added: 'Set-Cookie: S=1\r\n', sayKeepAlive: true },
      `HTTP/1.1 200 OK\r\n${lines}Set-Cookie: S=1\r\nConnection: keep-alive\r\n`,
    ],
  ])('%s', (_, text, more, expected) => {
    const head = parse(`${text}\r\n`);
    expect(forwardResponse(`${text}\r\nbody`, head, { ...plain, ...more })).toBe(`${expected}\r\n`);
  });
});
