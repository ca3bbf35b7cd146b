import { describe, expect, it } from 'vitest';
import { needsMore, refused } from '../../../src/proxy/http/field-lines.ts';
import { RequestHead } from '../../../src/proxy/http/request-head.ts';

function parse(text: string, max = 16_384): RequestHead & { readonly result: number } {
  const head = new RequestHead();
  return Object.assign(head, { result: head.parse(text, max) });
}

const host = 'Host: a\r\n';

describe('a request head', () => {
  const whole =
    'POST /a/b?c=%20d HTTP/1.1\r\nHost: Shop.example:8080\r\nContent-Length: 5\r\nCookie: a=1; b=2\r\nConnection: keep-alive, X-Hop\r\nx-forwarded-for: 10.0.0.1 \r\nX-Hop: 1\r\nExpect: 100-Continue\r\nX-Empty:\r\nX-High: \xe9\t\xff\r\n\r\n';

  it('gives what routing and framing need', () => {
    const head = parse(`${whole}hello`);
    expect(head.result).toBe(whole.length);
    expect(head).toMatchObject({
      method: 'POST',
      target: '/a/b?c=%20d',
      minor: 1,
      host: 'Shop.example:8080',
      hostName: 'Shop.example',
      contentLength: 5,
      chunked: false,
      expectContinue: true,
      keepAlive: true,
      persistent: true,
      listed: ['x-hop'],
      rewriteLine: false,
    });
  });

  it('is the same however it is cut', () => {
    const expected = JSON.stringify(parse(whole));
    for (let at = 1; at < whole.length; at += 1) {
      const head = new RequestHead();
      expect(head.parse(whole.slice(0, at), 16_384)).toBe(needsMore);
      expect(head.parse(whole, 16_384)).toBe(whole.length);
      expect(JSON.stringify({ ...head, result: whole.length })).toBe(expected);
    }
  });

  it('may come octet by octet', () => {
    const head = new RequestHead();
    for (let at = 1; at < whole.length; at += 1)
      expect(head.parse(whole.slice(0, at), 16_384)).toBe(needsMore);
    expect(head.parse(whole, 16_384)).toBe(whole.length);
  });

  it('leaves nothing behind for the next one', () => {
    const head = new RequestHead();
    head.parse(whole, 16_384);
    head.reset();
    const get = `GET / HTTP/1.1\r\n${host}\r\n`;
    expect(head.parse(get, 16_384)).toBe(get.length);
    expect(JSON.stringify({ ...head, result: get.length })).toBe(JSON.stringify(parse(get)));
  });

  it.each([
    ['GET / HTTP/1.1', true],
    ['GET / HTTP/1.0', false],
    ['GET / HTTP/1.1\r\nConnection: close', false],
    ['GET / HTTP/1.1\r\nConnection: Keep-Alive, Close', false],
    ['GET / HTTP/1.0\r\nConnection: keep-alive', true],
  ])('%j wants the connection kept: %s', (start, persistent) => {
    expect(parse(`${start}\r\n${host}\r\n`).persistent).toBe(persistent);
  });

  it.each([
    ['GET http://Other.example:81/x?y HTTP/1.1', 'Other.example:81', 'Other.example', '/x?y'],
    ['GET HTTP://other HTTP/1.1', 'other', 'other', '/'],
    ['GET http://other?q HTTP/1.1', 'other', 'other', '/?q'],
    ['OPTIONS http://other HTTP/1.1', 'other', 'other', '*'],
    ['GET http://[2001:db8::1]:80/ HTTP/1.1', '[2001:db8::1]:80', '[2001:db8::1]', '/'],
  ])('%j: the target wins over Host', (line, authority, hostName, originTarget) => {
    expect(parse(`${line}\r\n${host}\r\n`)).toMatchObject({
      authority,
      hostName,
      originTarget,
      rewriteLine: true,
    });
  });

  it.each([
    ['GET / HTTP/1.1\r\nHost: a.b-c_d~e', 'a.b-c_d~e'],
    ['GET / HTTP/1.1\r\nHost:\ta:80 \t', 'a'],
    ['GET / HTTP/1.1\r\nHost: a:', 'a'],
    ['GET / HTTP/1.1\r\nhOST: [::1]', '[::1]'],
    ['GET / HTTP/1.1\r\nHost: %41bc', '%41bc'],
    ['OPTIONS * HTTP/1.1\r\nHost: a', 'a'],
    ['QUERY /x HTTP/1.1\r\nHost: a', 'a'],
    ["!#$%&'*+-.^_`|~ /x HTTP/1.1\r\nHost: a", 'a'],
    ['GET / HTTP/1.2\r\nHost: a', 'a'],
    ['GET / HTTP/1.0', ''],
    ['GET /|"<>\\^`{} HTTP/1.1\r\nHost: a', 'a'],
    ['GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\nZ:\tz', 'a'],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 000', 'a'],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked \t', 'a'],
  ])('%j is legal', (start, hostName) => {
    const text = `${start}\r\n\r\n`;
    const head = parse(text);
    expect(head.refusal).toBeUndefined();
    expect(head.result).toBe(text.length);
    expect(head.hostName).toBe(hostName);
  });

  const line = 'GET / HTTP/1.1\r\n';
  const bad: readonly (readonly [text: string, status: number])[] = [
    // The request line
    [' GET / HTTP/1.1\r\n', 400],
    ['\nGET / HTTP/1.1\r\n', 400],
    ['GET  / HTTP/1.1\r\n', 400],
    ['GET / HTTP/1.1 \r\n', 400],
    ['GET /  HTTP/1.1\r\n', 400],
    ['GET\t/ HTTP/1.1\r\n', 400],
    ['GET /\tHTTP/1.1\r\n', 400],
    ['GET / HTTP/1.1\n', 400],
    ['GET / HTTP/1.1\r\r\n', 400],
    ['GET /\r\n', 400],
    ['GET / \r\n', 400],
    ['GET\r\n', 400],
    ['GET / http/1.1\r\n', 400],
    ['GET / HTTP/1.\r\n', 400],
    ['GET / HTTP/1\r\n', 400],
    ['GET / HTTP/11\r\n', 400],
    ['GET / HTTP/1.10\r\n', 400],
    ['GET / HTTP/01.1\r\n', 400],
    ['GET / HTTP/1,1\r\n', 400],
    ['GET / HTTP/+1.1\r\n', 400],
    ['GET / HTTPS/1.1\r\n', 400],
    ['GET / XTTP/1.1\r\n', 400],
    ['GET / HTTP/2.0\r\n', 505],
    ['GET / HTTP/0.9\r\n', 505],
    ['GET / HTTP/3.1\r\n', 505],
    ['PRI * HTTP/2.0\r\n', 505],
    ['G\x00T / HTTP/1.1\r\n', 400],
    ['GE(T / HTTP/1.1\r\n', 400],
    ['G\xc9T / HTTP/1.1\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01', 400],
    ['GET /a\x00b HTTP/1.1\r\n', 400],
    ['GET /a\x7fb HTTP/1.1\r\n', 400],
    ['GET /a\x1bb HTTP/1.1\r\n', 400],
    ['GET /\xe9 HTTP/1.1\r\n', 400],
    ['GET /a#b HTTP/1.1\r\n', 400],
    ['GET /a b HTTP/1.1\r\n', 400],
    ['GET a HTTP/1.1\r\n', 400],
    ['GET * HTTP/1.1\r\n', 400],
    ['GET ** HTTP/1.1\r\n', 400],
    ['OPTIONS *a HTTP/1.1\r\n', 400],
    ['GET example.com:80 HTTP/1.1\r\n', 400],
    ['GET ftp://a/ HTTP/1.1\r\n', 400],
    ['GET https://a/ HTTP/1.1\r\n', 400],
    ['GET http:///a HTTP/1.1\r\n', 400],
    ['GET http://u@a/ HTTP/1.1\r\n', 400],
    ['GET http://a:x/ HTTP/1.1\r\n', 400],
    ['GET http://a:65536/ HTTP/1.1\r\n', 400],
    ['GET http:/a HTTP/1.1\r\n', 400],
    ['GET //[::1/ HTTP/1.0\r\n\0', 400],
    ['CONNECT a:443 HTTP/1.1\r\n', 405],
    // Host
    [line, 400],
    [`${line}Host:\r\n`, 400],
    [`${line}Host: \t\r\n`, 400],
    [`${line}${host}${host}`, 400],
    [`${line}${host}HOST: b\r\n`, 400],
    [`${line}Host: a b\r\n`, 400],
    [`${line}Host: a,b\r\n`, 400],
    [`${line}Host: a/b\r\n`, 400],
    [`${line}Host: a@b\r\n`, 400],
    [`${line}Host: a?b\r\n`, 400],
    [`${line}Host: a#b\r\n`, 400],
    [`${line}Host: a:b\r\n`, 400],
    [`${line}Host: a:80:80\r\n`, 400],
    [`${line}Host: a:99999\r\n`, 400],
    [`${line}Host: a:-1\r\n`, 400],
    [`${line}Host: :80\r\n`, 400],
    [`${line}Host: [::1\r\n`, 400],
    [`${line}Host: [::1]a\r\n`, 400],
    [`${line}Host: []\r\n`, 400],
    [`${line}Host: ::1\r\n`, 400],
    [`${line}Host: a%zz\r\n`, 400],
    [`${line}Host: \xe9\r\n`, 400],
    [`${line}Host: "a"\r\n`, 400],
    // Field lines
    [`${line}${host}X : y\r\n`, 400],
    [`${line}${host}X\t: y\r\n`, 400],
    [`${line}Host : a\r\n`, 400],
    [`${line}${host} X: y\r\n`, 400],
    [`${line} X: y\r\n${host}`, 400],
    [`${line}${host}X: y\r\n folded\r\n`, 400],
    [`${line}${host}X: y\r\n\tfolded\r\n`, 400],
    [`${line}${host}: y\r\n`, 400],
    [`${line}${host}X\r\n`, 400],
    [`${line}${host}X y: z\r\n`, 400],
    [`${line}${host}X\x00: y\r\n`, 400],
    [`${line}${host}X\xe9: y\r\n`, 400],
    [`${line}${host}X(: y\r\n`, 400],
    [`${line}${host}"X": y\r\n`, 400],
    [`${line}${host}X: y\x00\r\n`, 400],
    [`${line}${host}X: \x1b[31m\r\n`, 400],
    [`${line}${host}X: \x7f\r\n`, 400],
    [`${line}${host}X: \x08\r\n`, 400],
    [`${line}${host}X: \x0b\r\n`, 400],
    [`${line}${host}X: \x0c\r\n`, 400],
    [`${line}${host}X: y\rZ: z\r\n`, 400],
    [`${line}${host}X: y\r\r\n`, 400],
    [`${line}${host}X: y\nZ: z\r\n`, 400],
    [`${line}${host}X: y\n\n`, 400],
    [`${line}${host}\rX: y\r\n`, 400],
    [`${line}${host}\n`, 400],
    [`${line}${host}\r\r\n`, 400],
    // Framing
    ...[
      '-1',
      '+1',
      '1.0',
      '0x1',
      '1e1',
      '',
      '1 1',
      '1,1',
      '1, 2',
      'a',
      '5;',
      '"5"',
      '9999999999999999999',
      '18446744073709551621',
      '9007199254740993',
      '5\t5',
      '\xb2',
    ].map((length) => [`${line}${host}Content-Length: ${length}\r\n`, 400] as const),
    [`${line}${host}Content-Length: 5\r\nContent-Length: 5\r\n`, 400],
    [`${line}${host}Content-Length: 5\r\ncontent-length: 6\r\n`, 400],
    [`${line}${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, 400],
    [`${line}${host}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n`, 400],
    [`${line}${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, 400],
    [`${line}${host}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n`, 400],
    [`${line}${host}Transfer-Encoding: gzip, chunked\r\n`, 501],
    ...[
      'identity',
      'chunked, identity',
      'chunked, chunked',
      'chunked,',
      ', chunked',
      'xchunked',
      'chunked x',
      '"chunked"',
      'chunked;q=1',
      'chun ked',
      'gzip',
      '',
      'x\tchunked',
    ].map(
      (coding) =>
        [
          `${line}${host}Transfer-Encoding: ${coding}\r\n`,
          coding === 'chunked, chunked' ? 501 : 400,
        ] as const,
    ),
    [`${line}${host}Transfer-Encoding:\x0bchunked\r\n`, 400],
    [`${line}${host}Transfer-Encoding : chunked\r\n`, 400],
    [`${line}${host}Transfer-Encoding\r\n : chunked\r\n`, 400],
    [`GET / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n`, 400],
    [`${line}${host}Connection: Content-Length\r\nContent-Length: 1\r\n`, 400],
    [`${line}${host}Connection: close, transfer-encoding\r\n`, 400],
    [`${line}${host}Connection: host\r\n`, 400],
    [`${line}${host}Expect: 200-ok\r\n`, 417],
    [`${line}${host}Expect: 100-continue, x\r\n`, 417],
    [`TRACE / HTTP/1.1\r\n${host}Content-Length: 3\r\n`, 400],
  ];

  it.each(bad)('%j is refused with %i', (start, status) => {
    const head = parse(`${start}\r\n`);
    expect(head.result).toBe(refused);
    expect(head.refusal?.status).toBe(status);
    expect(head.refusal?.cause).toMatch(/^[\x20-\x7e]+$/);
  });

  it.each(bad)('%j is refused however it is cut', (start, status) => {
    const text = `${start}\r\n`;
    for (let at = 1; at < text.length; at += 1) {
      const head = new RequestHead();
      if (head.parse(text.slice(0, at), 16_384) !== refused) expect(head.parse(text, 16_384)).toBe(refused);
      expect(head.refusal?.status).toBe(status);
    }
  });

  it.each([
    [`GET /${'a'.repeat(2_000)} HTTP/1.1\r\n${host}\r\n`, 414],
    [`GET /${'a'.repeat(2_000)}`, 414],
    [`${'G'.repeat(2_000)}`, 414],
    [`${line}${host}X: ${'a'.repeat(2_000)}\r\n\r\n`, 431],
    [`${line}${host}X: ${'a'.repeat(2_000)}`, 431],
    [`${line}${host}${'x'.repeat(2_000)}`, 431],
    [`${line}${host}${'X: y\r\n'.repeat(400)}`, 431],
  ])('one that is too large is refused with its own status', (text, status) => {
    const head = parse(text, 1_024);
    expect(head.result).toBe(refused);
    expect(head.refusal?.status).toBe(status);
  });
});
