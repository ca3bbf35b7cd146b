import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRoutes } from '../../src/domain/route-table.ts';

/** "host/path" of a route; no host before the slash means any. */
function table(...routes: string[]) {
  return compileRoutes(
    routes.map((text) => {
      const slash = text.indexOf('/');
      return { name: text, host: text.slice(0, slash) || undefined, path: text.slice(slash) };
    }),
  );
}

describe('a route table', () => {
  const routes = table(
    'shop.example.com/',
    'shop.example.com/cart',
    'shop.example.com/cart/old/',
    'only.example.com/api',
    '*.example.com/',
    '*.example.com/api',
    '*.eu.example.com/',
    '*.eu.example.com/api/v2',
    '/health',
    '/status/deep',
  );

  it.each([
    ['shop.example.com', '/', 'shop.example.com/'],
    ['shop.example.com', '/index.html?x=/cart', 'shop.example.com/'],
    ['shop.example.com', '/cart', 'shop.example.com/cart'],
    ['shop.example.com', '/cart?item=1', 'shop.example.com/cart'],
    ['shop.example.com', '/cart/2', 'shop.example.com/cart'],
    ['shop.example.com', '/cartoon', 'shop.example.com/'],
    ['shop.example.com', '/cart/old', 'shop.example.com/cart/old/'],
    ['shop.example.com', '/cart/older', 'shop.example.com/cart'],
    ['other.example.com', '/', '*.example.com/'],
    ['a.b.example.com', '/', '*.example.com/'],
    ['a.eu.example.com', '/', '*.eu.example.com/'],
    ['a.eu.example.com', '/api', '*.eu.example.com/'],
    ['a.eu.example.com', '/api/v2/x', '*.eu.example.com/api/v2'],
    ['eu.example.com', '/', '*.example.com/'],
    ['example.com', '/', undefined],
    ['badexample.com', '/', undefined],
    ['.example.com', '/', undefined],
    // An exact host without a route for the path leaves the request to the less exact.
    ['only.example.com', '/api/x', 'only.example.com/api'],
    ['only.example.com', '/', '*.example.com/'],
    ['unknown.test', '/health', '/health'],
    ['unknown.test', '/healthy', undefined],
    ['shop.example.com', '/health', 'shop.example.com/'],
    ['', '/status/deep/er', '/status/deep'],
    [undefined, '/health', '/health'],
    [undefined, '/', undefined],
  ])('%s %s → %s', (host, path, expected) => {
    expect(routes.match(host, path)?.name).toBe(expected);
  });

  it('gives "*" to a route for every path alone', () => {
    expect(table('a.test/', 'a.test/x').match('a.test', '*')?.name).toBe('a.test/');
    expect(table('a.test/x').match('a.test', '*')).toBeUndefined();
  });

  it('takes the first written of two that match the same', () => {
    const twice = [
      { name: 'first', host: 'a.test', path: '/x' },
      { name: 'second', host: 'a.test', path: '/x/' },
    ];
    expect(compileRoutes(twice).match('a.test', '/x/y')?.name).toBe('first');
  });

  it('agrees with looking at every route in turn', () => {
    const label = fc.constantFrom('a', 'b', 'cc');
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const pattern = fc.option(
      fc.tuple(fc.boolean(), host).map(([wild, name]) => (wild ? `*.${name}` : name)),
      {
        nil: undefined,
      },
    );
    const path = fc
      .array(fc.constantFrom('x', 'y', 'xy'), { maxLength: 3 })
      .map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(
        fc.array(fc.record({ host: pattern, path }), { maxLength: 12 }),
        host,
        path,
        (given, wanted, target) => {
          const matching = given.filter((route) => {
            const base = route.path === '/' ? '' : route.path;
            const onPath = base === '' || target === base || target.startsWith(`${base}/`);
            const onHost =
              route.host === undefined ||
              (route.host.startsWith('*') ? wanted.endsWith(route.host.slice(1)) : wanted === route.host);
            return onPath && onHost;
          });
          const rank = (host: string | undefined) =>
            host === undefined ? 0 : host.startsWith('*') ? host.length : 1_000;
          matching.sort((a, b) => rank(b.host) - rank(a.host) || b.path.length - a.path.length);
          expect(compileRoutes(given).match(wanted, target)).toBe(matching[0]);
        },
      ),
    );
  });
});
