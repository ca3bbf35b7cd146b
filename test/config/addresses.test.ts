import { describe, expect, it } from 'vitest';
import { isLocal, overlaps, parseListen, parseServerAddress } from '../../src/config/addresses.ts';
import { addressText } from '../../src/domain/address-text.ts';

describe('addresses', () => {
  it.each([
    [':80', '[::]:80'],
    ['*:80', '[::]:80'],
    ['0.0.0.0:80', '0.0.0.0:80'],
    ['[2001:DB8::1]:0', '[2001:db8::1]:0'],
    ['localhost:8080', '127.0.0.1:8080'],
    ['unix:/run/x.sock', 'unix:/run/x.sock'],
  ])('listening on %s is %s', (text, shown) => {
    const parsed = parseListen(text);
    expect(parsed.ok && addressText(parsed.value)).toBe(shown);
  });

  it.each([
    ':80',
    '*:80',
    '10.0.0.1:0',
    '10.0.0.1',
    '[10.0.0.1]:80',
    'fe80::1',
    'unix:',
    '/run/x.sock',
    'a b:80',
    '',
    `unix:/${'x'.repeat(107)}`,
  ])('%s is no address of a server', (text) => expect(parseServerAddress(text).ok).toBe(false));

  it.each([
    [':80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['[::1]:80', '[0::1]:80', true],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    [':80', ':81', false],
    [':0', ':0', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', ':80', false],
  ])('%s and %s take the same connections: %s', (a, b, expected) => {
    const [one, other] = [parseListen(a), parseListen(b)];
    expect(one.ok && other.ok && overlaps(one.value, other.value)).toBe(expected);
  });

  it.each([
    ['127.0.0.1:1', true],
    ['[::1]:1', true],
    ['unix:/a', true],
    [':1', false],
    ['0.0.0.0:1', false],
    ['10.0.0.1:1', false],
  ])('%s can be reached from this machine alone: %s', (text, expected) => {
    const parsed = parseListen(text);
    expect(parsed.ok && isLocal(parsed.value)).toBe(expected);
  });
});
