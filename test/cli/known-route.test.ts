import { expect, it } from 'vitest';
import { knownRoute, routeOrItsDrift } from '../../src/cli/known-route.ts';
import { emptyModel, type RouteEntity } from '../../src/domain/model.ts';

const shop: RouteEntity = {
  name: 'shop',
  path: '/',
  to: [],
  namespace: 'default',
  labels: {},
  configuredLabels: {},
  shards: [],
  warnings: [],
};

function model(...names: string[]) {
  const made = emptyModel();
  for (const name of names) made.route.set(name, { ...shop, name });
  return made;
}

it('is the one of the model', () => expect(knownRoute(model('shop', 'pay'), 'shop')).toMatchObject(shop));

it.each([
  [['shop', 'pay'], 'shp', 'did you mean shop?'],
  [['shop', 'pay'], 'SHOP', 'did you mean shop?'],
  [['shop', 'pay'], 'something', '`sluice show routes` lists them'],
  [[], 'shop', undefined],
])('of %j, %s is none: %s', (names, name, hint) => {
  expect(() => knownRoute(model(...names), name)).toThrow(
    expect.objectContaining({ ending: 'refused', hint }),
  );
});

it('one that is gone is known by what was overridden of it', () => {
  const made = model('shop');
  const drift = { key: 'old:termination', configured: '–', running: 'edge', by: 'anna', at: 0 };
  made.drift.set(drift.key, { ...drift, route: 'old', field: 'termination' });
  expect(() => routeOrItsDrift(made, 'old')).not.toThrow();
  expect(() => routeOrItsDrift(made, 'olm')).toThrow(/no route olm/);
});
