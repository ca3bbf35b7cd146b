import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice' };

/** `@@` marks where a row puts its routes, `##` the keys of the first shard. */
const frame = `shards:
  - { name: default, ##, binds: [{ listen: ":80", mode: http }, { listen: ":443", mode: tls, defaultBackend: web }] }
  - { name: sharded, routeSelector: { matchLabels: { sharded: "true" } }, binds: [{ listen: ":81", mode: http, defaultBackend: web }] }
certificates: [{ cert: c.pem }]
routes:
@@
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
`;
const to = 'to: [{ backend: web }]';

function warningsOf(shard: string, routes: readonly string[]) {
  const lines = routes.map((route) => `  - { ${route} }`).join('\n');
  const marked = frame.replace('##', shard).replace('@@', lines);
  const caret = marked.indexOf('^');
  const before = marked.slice(0, Math.max(0, caret)).split('\n');
  const result = planFromText(marked.replace('^', ''), place);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return { warnings: result.warnings, at: { line: before.length, column: before.at(-1)!.length + 1 } };
}

describe('warned of, where it is', () => {
  it.each([
    [
      'default: true',
      [`name: a, host: a.example, ${to}`, `name: b, host: ^a.example, ${to}`],
      'the shard default does not serve it (HostAlreadyClaimed): route a of namespace default comes first',
    ],
    [
      'default: true',
      [
        `name: a, host: ^a.example, created: 2026-01-02, ${to}`,
        `name: b, host: a.example, created: 2026-01-01, ${to}`,
      ],
      'route b of namespace default is older',
    ],
    [
      'default: true',
      [`name: a, host: a.example, ${to}`, `name: b, namespace: bank, path: /x, host: ^a.example, ${to}`],
      'claims a.example',
    ],
    [
      'default: true',
      [
        `name: a, host: a.example, tls: { termination: passthrough }, ${to}`,
        `name: b, path: /x, host: ^a.example, tls: { termination: edge }, ${to}`,
      ],
      'passes all TLS',
    ],
    [
      'default: true, routeAdmission: { wildcardPolicy: WildcardsDisallowed }',
      [`name: a, host: a.example, ${to}`, `name: b, host: ^"*.example", ${to}`],
      'RouteNotAdmitted',
    ],
    [
      'routeSelector: { matchLabels: { tier: gold } }',
      [
        `name: a, labels: { tier: gold }, host: a.example, ${to}`,
        `name: b, labels: ^{ tier: tin }, host: b.example, ${to}`,
      ],
      'no shard selects this route',
    ],
    [
      'default: false',
      [`name: a, host: a.example, ${to}`, `name: b, labels: ^{ sharded: "true" }, host: b.example, ${to}`],
      'it is served by 2 shards: default, sharded',
    ],
    [
      'default: true',
      [
        `name: a, host: a.example, ${to}`,
        `name: ^b, labels: { sharded: "true" }, host: b.example, tls: { termination: edge }, ${to}`,
      ],
      'the shard sharded takes it, and has no bind of mode tls',
    ],
  ] as const)('%s: %s', (shard, routes, message) => {
    const { warnings, at } = warningsOf(shard, routes);
    expect(warnings).toEqual([expect.objectContaining({ ...at, message: expect.stringContaining(message) })]);
  });

  it('a shard that serves nothing, and could send it nowhere', () => {
    const { warnings } = warningsOf('default: true', [
      `name: b, labels: { sharded: "true" }, host: b.example, ${to}`,
    ]);
    expect(warnings).toEqual([
      expect.objectContaining({
        path: 'shards[0].name',
        line: 2,
        message: expect.stringContaining('serves no route'),
      }),
    ]);
  });
});

it('a namespace that is not listed, where selectors ask for the labels of some', () => {
  const text = `shards:
  - { name: default, default: true, binds: [{ listen: ":80", mode: http }] }
  - { name: gold, namespaceSelector: { matchLabels: { tier: gold } }, binds: [{ listen: ":81", mode: http }] }
namespaces: [{ name: web, labels: { tier: gold } }]
routes:
  - { name: a, namespace: web, host: a.example, to: [{ backend: web }] }
  - { name: b, namespace: wob, host: b.example, to: [{ backend: web }] }
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
`;
  const result = planFromText(text, place);
  expect(result.ok && result.warnings).toMatchObject([
    {
      path: 'routes[1].namespace',
      line: 7,
      message: expect.stringContaining('"wob" is not listed'),
      remedy: 'did you mean web?',
    },
  ]);
});

it.each([
  ['default: true', [`name: a, ${to}`, `name: b, labels: { sharded: "true" }, ${to}`]],
  ['default: true', [`name: a, host: a.example, ${to}`, `name: b, path: /b, host: a.example, ${to}`]],
  // A default backend is reason enough for a shard to be there.
  ['default: true', [`name: a, host: a.example, ${to}`]],
] as const)('nothing to warn of: %s: %s', (shard, routes) => {
  expect(warningsOf(shard, routes).warnings).toEqual([]);
});

it.each([
  ['tableSize: 655373', ['which takes the kernel seconds']],
  ['tableSize: 65537', []],
])('steering: nft, %s: %j', (key, messages) => {
  const { warnings } = warningsOf(`steering: nft, ${key}`, [`name: a, ${to}`]);
  expect(warnings.map(({ message }) => message).filter((message) => message.includes('nft'))).toEqual(
    messages.map((message) => expect.stringContaining(message)),
  );
});

it('a unix socket whose clients nft cannot tell apart', () => {
  const result = planFromText(
    frame
      .replace('##', 'steering: nft')
      .replace('listen: ":80"', 'listen: "unix:/run/x.sock"')
      .replace('@@', `  - { name: a, ${to} }`),
    place,
  );
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  expect(result.warnings.map(({ path, message }) => [path, message])).toContainEqual([
    'shards[0].binds[0].listen',
    expect.stringContaining('have no address that nft could steer by'),
  ]);
});
