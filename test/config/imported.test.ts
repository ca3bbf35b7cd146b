import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/config/format-problems.ts';
import type { Imported } from '../../src/config/imported.ts';
import type { WrittenBackend, WrittenRoute } from '../../src/config/kubernetes/written.ts';
import { outlineOf, planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice', runtimeFolder: '/run/user/7' };

const own = `runtime: { watch: routes.d }
namespaces: [{ name: bank, labels: { tier: gold } }]
shards: [{ name: default, binds: [{ listen: ":80", mode: http, defaultBackend: web }] }]
routes: [{ name: shop, host: shop.example, to: [{ backend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
`;

const route = (name: string, over: Partial<WrittenRoute> = {}): WrittenRoute => ({
  name,
  namespace: 'bank',
  host: `${name.replace(':', '.')}.example`,
  to: [{ backend: name }],
  ...over,
});
const backend = (name: string, over: Partial<WrittenBackend> = {}): WrittenBackend => ({
  name,
  mode: 'http',
  balance: { algorithm: 'random' },
  servers: [{ name: 'pod1', address: '10.0.0.1:8080' }],
  ...over,
});

function imported(configuration: Partial<Imported['configuration']>): Imported {
  const routes = configuration.routes ?? [];
  return {
    configuration: { namespaces: [], backends: [], routes, ...configuration },
    places: new Map(routes.map(({ name }, index) => [name, { file: 'routes.d/a.yaml', line: index + 1 }])),
    from: 'routes.d',
  };
}

function load(text: string, beside: Imported) {
  const result = planFromText(text, place, beside);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return {
    plan: result.plan,
    routes: result.plan.routes.map(({ name }) => name),
    backends: result.plan.backends.map(({ name }) => name),
    warnings: result.warnings,
  };
}

describe('what is imported beside a configuration', () => {
  it('is served after its own, with its namespaces', () => {
    const beside = imported({
      namespaces: [{ name: 'shop', labels: { team: 'a' } }],
      routes: [route('bank:pay')],
      backends: [backend('bank:pay')],
    });
    const { plan, routes, backends, warnings } = load(own, beside);
    expect([routes, backends]).toEqual([
      ['shop', 'bank:pay'],
      ['web', 'bank:pay'],
    ]);
    expect(plan.namespaces.map(({ name }) => name)).toEqual(['bank', 'shop']);
    expect(warnings).toEqual([]);
    expect(plan.hash).not.toBe(load(own, imported({})).plan.hash);
  });

  it('makes no difference where there is nothing', () => {
    const without = planFromText(own, place);
    expect(without.ok && without.plan.hash).toBe(load(own, imported({})).plan.hash);
  });

  it.each([
    [
      'a route of the same name',
      { routes: [route('shop')], backends: [backend('shop')] },
      ['shop'],
      ['web'],
      'route shop: the configuration has a route of this name',
      1,
    ],
    [
      'a backend of the same name',
      { routes: [route('bank:pay', { to: [{ backend: 'web' }] })], backends: [backend('web')] },
      ['shop', 'bank:pay'],
      ['web'],
      'backend web: the configuration has a backend',
      1,
    ],
    [
      'a namespace of the same name',
      { namespaces: [{ name: 'bank', labels: {} }] },
      ['shop'],
      ['web'],
      'namespace bank: the configuration has a namespace',
      undefined,
    ],
    [
      'a wrong route',
      {
        routes: [route('bank:pay', { host: 'a b' }), route('bank:x')],
        backends: [backend('bank:pay'), backend('bank:x')],
      },
      ['shop', 'bank:x'],
      ['web', 'bank:x'],
      'route bank:pay: "a b" is not a host: it is left out',
      1,
    ],
    [
      'a wrong backend, and the route that needs it',
      {
        routes: [route('bank:pay')],
        backends: [backend('bank:pay', { servers: [{ name: 'p', address: 'nowhere' }] })],
      },
      ['shop'],
      ['web'],
      'backend bank:pay: ',
      1,
    ],
    [
      'a route to nowhere',
      { routes: [route('bank:pay')] },
      ['shop'],
      ['web'],
      'there is no backend "bank:pay"',
      1,
    ],
    [
      'two of one name',
      { routes: [route('bank:pay'), route('bank:pay', { path: '/x' })], backends: [backend('bank:pay')] },
      ['shop'],
      ['web'],
      'there twice',
      2,
    ],
    [
      'a path with passthrough',
      {
        routes: [route('bank:pay', { path: '/x', tls: { termination: 'passthrough' } })],
        backends: [backend('bank:pay')],
      },
      ['shop'],
      ['web'],
      'cannot be seen: it is left out',
      1,
    ],
  ] as const)('costs itself alone: %s', (_, configuration, routes, backends, message, line) => {
    const { warnings, ...loaded } = load(own, imported(configuration));
    expect(loaded).toMatchObject({ routes, backends });
    expect(warnings[0]).toMatchObject({
      file: line === undefined ? 'routes.d' : 'routes.d/a.yaml',
      message: expect.stringContaining(message),
      imported: true,
    });
    expect(warnings[0]!.line).toBe(line);
  });

  it('is told of where it stands, without a line of the configuration', () => {
    const beside = imported({
      routes: [route('bank:pay', { host: 'shop.example' })],
      backends: [backend('bank:pay')],
    });
    const result = planFromText(own, place, beside);
    const text = formatProblems(result, { color: false });
    expect(text).toContain('routes.d/a.yaml:1: warning: route bank:pay: the shard default does not serve it');
    expect(text).not.toContain('|');
  });

  it('does not hide what is wrong with the configuration itself', () => {
    const beside = imported({ routes: [route('bank:pay')], backends: [backend('bank:pay')] });
    for (const text of ['routes: {}', 'x', own.replace('mode: http', 'mode: htp')]) {
      const result = planFromText(text, place, beside);
      expect(!result.ok && new Set(result.errors.map(({ file }) => file))).toEqual(new Set(['sluice.yaml']));
    }
  });

  it('may be sent to by the configuration', () => {
    const text = own.replace('defaultBackend: web', 'defaultBackend: "bank:pay"');
    const beside = imported({ backends: [backend('bank:pay')] });
    expect(load(text, beside).plan.shards[0]!.binds[0]!.backend).toBe('bank:pay');
  });
});

it('what must be known beforehand is there whatever else is wrong', () => {
  expect(outlineOf(own.replace('default,', 'default, domain: a.example,'), place)).toMatchObject({
    runtime: {
      watch: '/etc/sluice/routes.d',
      control: [{ address: { path: '/run/user/7/sluice/control.sock' } }],
    },
    shards: [{ name: 'default', domain: 'a.example' }],
  });
  const shards =
    '[1, { name: x, routeSelector: { matchLabels: { a: b } }, binds: 7 }, { name: y, domain: 1 }]';
  expect(outlineOf(`shards: ${shards}`, place)).toMatchObject({
    shards: [{ name: 'x', routeSelector: { matchLabels: { a: 'b' } } }],
  });
  expect(outlineOf('runtime: 1', place)).toBeUndefined();
  expect(outlineOf('{', place)).toBeUndefined();
});
