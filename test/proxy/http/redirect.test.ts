import { describe, expect, it } from 'vitest';
import { redirectAnswer, redirectLocation } from '../../../src/proxy/http/redirect.ts';
import { headOf } from './head-of.ts';

describe('a redirect to TLS', () => {
  it.each<[string, string, number | undefined, string | undefined]>([
    [
      'path and query as they came',
      'GET /a%20b/../c?d=%2F&e HTTP/1.1\r\nHost: shop.example',
      undefined,
      'https://shop.example/a%20b/../c?d=%2F&e',
    ],
    ['443 goes without saying', 'GET / HTTP/1.1\r\nHost: shop.example', 443, 'https://shop.example/'],
    ['another port is said', 'GET / HTTP/1.1\r\nHost: shop.example', 8443, 'https://shop.example:8443/'],
    [
      "the plain bind's port goes",
      'GET /x HTTP/1.1\r\nHost: shop.example:8080',
      8443,
      'https://shop.example:8443/x',
    ],
    [
      '… also where nothing replaces it',
      'GET /x HTTP/1.1\r\nHost: shop.example:8080',
      443,
      'https://shop.example/x',
    ],
    ['the case is kept', 'GET / HTTP/1.1\r\nHost: Shop.Example', 443, 'https://Shop.Example/'],
    ['an IPv6 literal', 'GET / HTTP/1.1\r\nHost: [2001:db8::7]:80', 8443, 'https://[2001:db8::7]:8443/'],
    [
      'an absolute target before Host',
      'GET http://shop.example:80/a?b HTTP/1.1\r\nHost: other.example',
      443,
      'https://shop.example/a?b',
    ],
    [
      'an absolute target without a path',
      'GET http://shop.example HTTP/1.1\r\nHost: shop.example',
      443,
      'https://shop.example/',
    ],
    [
      'a path that looks like a host stays a path',
      'GET //evil.example/ HTTP/1.1\r\nHost: shop.example',
      443,
      'https://shop.example//evil.example/',
    ],
    ['the server as a whole', 'OPTIONS * HTTP/1.1\r\nHost: shop.example', 443, 'https://shop.example/'],
    ['no host to go to', 'GET / HTTP/1.0', 443, undefined],
  ])('%s', (_what, head, port, location) => {
    expect(redirectLocation(headOf(`${head}\r\n\r\n`), port)).toBe(location);
  });

  it('is a whole answer without a body', () => {
    expect(redirectAnswer('https://a/', false)).toBe(
      'HTTP/1.1 302 Found\r\nLocation: https://a/\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n\r\n',
    );
    expect(redirectAnswer('https://a/', true)).toContain('\r\nConnection: close\r\n\r\n');
  });
});
