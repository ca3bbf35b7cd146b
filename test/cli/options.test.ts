import { describe, expect, it } from 'vitest';
import { boundedDurationArgument, overriddenArgument, shareArgument } from '../../src/cli/options.ts';

describe('values on the command line', () => {
  it.each([
    ['5%', 0.05],
    ['0.5 %', 0.005],
    ['100%', 1],
    ['0', 0],
    ['0.05', 0.05],
    ['1', 1],
  ])('share %s', (text, value) => expect(shareArgument(text)).toBeCloseTo(value, 10));

  it.each(['5', '-1%', '101%', 'NaN', '', '%', '1e-2', '5%%'])('"%s" is no share', (text) =>
    expect(() => shareArgument(text)).toThrow(/share/),
  );

  it('what was overridden is a server or a route', () => {
    expect(overriddenArgument('web/app1')).toEqual({ server: 'web/app1' });
    expect(overriddenArgument('shop')).toEqual({ route: 'shop' });
    for (const wrong of ['', 'a b', 'web/', '/app1', 'a/b/c', 'x'.repeat(201), '\u001b[2J'])
      expect(() => overriddenArgument(wrong)).toThrow();
  });

  it('a duration has a longest', () => {
    expect(boundedDurationArgument(60_000)('60s')).toBe(60_000);
    expect(() => boundedDurationArgument(60_000)('61s')).toThrow('At most 1m.');
  });
});
