import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice' };

/** Right in itself; `@@` marks where a table's row puts its text. */
const frame = {
  shard: `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }], @@ }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  selector: `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }], routeSelector: { @@ } }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  root: `@@
shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  route: `shards: [{ name: default, binds: [{ listen: ":0", mode: http }] }]
routes: [{ name: r, to: [{ backend: web }], @@ }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
};
const another = (keys: string) => ` }, { name: two, binds: [{ listen: ":81", mode: http }], ${keys}`;

/** `^` in the text marks where the problem must point; it is not part of the text. */
function load(where: keyof typeof frame, marked: string) {
  const text = frame[where].replace('@@', marked);
  const caret = text.indexOf('^');
  const before = text.slice(0, Math.max(0, caret)).split('\n');
  return {
    result: planFromText(text.replace('^', ''), place),
    line: before.length,
    column: before.at(-1)!.length + 1,
  };
}

function shardsOf(where: keyof typeof frame, text: string) {
  const { result } = load(where, text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.plan.shards;
}

describe('one error, where it is', () => {
  it.each([
    ['shard', 'instances: ^65', 'shards[0].instances', 'out of range', '1 to 64'],
    [
      'shard',
      `default: true ${another('default: ^true')}`,
      'shards[1].default',
      '"default" is the default already',
      'remove it',
    ],
    [
      'shard',
      ` }, { name: ^default, binds: [{ listen: ":81", mode: http }]`,
      'shards[1].name',
      'there twice',
      'another name',
    ],
    [
      'shard',
      ` }, { name: two, binds: [{ listen: ^":0", mode: http }]`,
      'shards[1].binds[0].listen',
      'there twice',
      'give it a name:',
    ],
    [
      'shard',
      `${another('')} }, { name: three, binds: [{ listen: ^"127.0.0.1:81", mode: http }]`,
      'shards[2].binds[0].listen',
      'already taken by the bind on :81',
      'another',
    ],
    ['shard', 'steering: ^hash', 'shards[0].steering', 'none of handoff', 'handoff'],
    ['shard', 'ipv6Prefix: ^56', 'shards[0].ipv6Prefix', 'none of 64, 128', 'write 64 or 128'],
    ['shard', 'tableSize: ^65536', 'shards[0].tableSize', '65536 is not a prime', 'write 65537'],
    ['shard', 'tableSize: ^61', 'shards[0].tableSize', 'not a size of a table', 'a prime from 67'],
    ['shard', 'tableSize: ^1048575', 'shards[0].tableSize', 'not a size', '1048573'],
    [
      'shard',
      'routeAdmission: { wildcardPolicy: ^Subdomain }',
      'shards[0].routeAdmission.wildcardPolicy',
      'none of WildcardsAllowed',
      'write',
    ],
    [
      'shard',
      '^wildcardPolicy: WildcardsAllowed',
      'shards[0].wildcardPolicy',
      'does not belong here',
      'routeAdmission:',
    ],
    ['shard', '^replicas: 2', 'shards[0].replicas', 'unknown key', 'mean instances?'],
    ['shard', '^matchLabels: {}', 'shards[0].matchLabels', 'does not belong here', 'routeSelector:'],
    [
      'selector',
      '^sharded: "true"',
      'shards[0].routeSelector.sharded',
      'does not belong here',
      'matchLabels: { sharded: … }',
    ],
    [
      'selector',
      'matchLabels: { sharded: ^true }',
      'shards[0].routeSelector.matchLabels.sharded',
      'expected text, got the flag true',
      'quote it: "true"',
    ],
    [
      'selector',
      'matchLabels: { ^-a: b }',
      'shards[0].routeSelector.matchLabels.-a',
      "a label's name is made of",
      'such as',
    ],
    [
      'selector',
      'matchLabels: { ^A.example/a: b }',
      'shards[0].routeSelector.matchLabels["A.example/a"]',
      'lower case',
      'such as',
    ],
    [
      'selector',
      `matchLabels: { a: ^${'b'.repeat(64)} }`,
      'shards[0].routeSelector.matchLabels.a',
      'at most 63',
      'such as',
    ],
    [
      'selector',
      'matchExpressions: [{ key: ^a/b/c, operator: Exists }]',
      'shards[0].routeSelector.matchExpressions[0].key',
      'made of',
      'such as',
    ],
    [
      'selector',
      'matchExpressions: [{ key: a, operator: ^in, values: [b] }]',
      'shards[0].routeSelector.matchExpressions[0].operator',
      'none of In',
      'did you mean In?',
    ],
    [
      'selector',
      'matchExpressions: [^{ key: a, operator: In }]',
      'shards[0].routeSelector.matchExpressions[0]',
      'In needs values',
      'add values',
    ],
    [
      'selector',
      'matchExpressions: [{ key: a, operator: NotIn, values: ^[] }]',
      'shards[0].routeSelector.matchExpressions[0].values',
      'NotIn needs values',
      'add values',
    ],
    [
      'selector',
      'matchExpressions: [{ key: a, operator: Exists, ^values: [b] }]',
      'shards[0].routeSelector.matchExpressions[0].values',
      'has no values',
      'operator: In',
    ],
    [
      'selector',
      'matchExpressions: [{ key: a, operator: DoesNotExist, ^values: [b] }]',
      'shards[0].routeSelector.matchExpressions[0].values',
      'has no values',
      'operator: NotIn',
    ],
    [
      'selector',
      'matchExpressions: [{ key: a, operator: In, values: [^"-"] }]',
      'shards[0].routeSelector.matchExpressions[0].values[0]',
      "a label's value",
      'such as',
    ],
    [
      'root',
      'namespaces: [{ name: ^Bank }]',
      'namespaces[0].name',
      'not the name of a namespace',
      'small letters',
    ],
    ['root', 'namespaces: [{ name: a }, { name: ^a }]', 'namespaces[1].name', 'there twice', 'together'],
    [
      'root',
      'namespaces: [{ name: a, labels: { tier: ^1 } }]',
      'namespaces[0].labels.tier',
      'the number 1',
      'quote it: "1"',
    ],
    ['root', 'runtime: { watch: ^[] }', 'runtime.watch', 'expected text', undefined],
    ['root', '^routeSelector: {}', 'routeSelector', 'does not belong here', 'at the shard'],
    ['route', 'namespace: ^a_b', 'routes[0].namespace', 'not the name of a namespace', 'small'],
    ['route', 'created: ^yesterday', 'routes[0].created', 'not a date', 'such as 2026'],
    [
      'route',
      'created: ^2026-01-31T10:00:00',
      'routes[0].created',
      'no time zone',
      'write 2026-01-31T10:00:00Z',
    ],
    ['route', '^creationTimestamp: x', 'routes[0].creationTimestamp', 'unknown key', 'mean created?'],
    ['route', 'uid: ^"a b"', 'routes[0].uid', 'is not a uid', 'letters'],
  ] as const)('%s: %s', (where, marked, path, message, remedy) => {
    const { result, line, column } = load(where, marked);
    expect(result).toMatchObject({
      ok: false,
      errors: [{ line, column, path, message: expect.stringContaining(message) }],
    });
    if (remedy !== undefined && !result.ok) expect(result.errors[0]!.remedy).toContain(remedy);
  });
});

describe('warned of, where it is', () => {
  it.each([
    ['shard', 'instances: 2, tableSize: ^199', 'shards[0].tableSize', 'less than 100 slots for each of 2'],
  ] as const)('%s: %s', (where, marked, path, message) => {
    const { result, line, column } = load(where, marked);
    expect(result).toMatchObject({
      ok: true,
      warnings: [{ line, column, path, message: expect.stringContaining(message) }],
    });
  });

  it('a backend without servers', () => {
    const result = planFromText(
      'shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]\nbackends: [{ name: web, servers: [] }]',
      place,
    );
    expect(result).toMatchObject({
      ok: true,
      plan: { backends: [{ servers: [] }] },
      warnings: [{ line: 2, column: 34, message: expect.stringContaining('answered 503') }],
    });
  });
});

describe('what is right', () => {
  it.each([
    'instances: 64, tableSize: 6421',
    'tableSize: 67, instances: 1, ipv6Prefix: 64',
    'default: true',
    `default: true ${another('default: false')}`,
    'domain: apps.example.com, steering: handoff',
  ])('shard: %s', (text) => {
    const shards = shardsOf('shard', text);
    expect(shards[0]).toMatchObject({ name: 'default' });
  });

  it.each([
    ['', undefined],
    ['matchLabels: {}', undefined],
    ['matchExpressions: []', undefined],
    [
      'matchLabels: { example.com/tier: "", a: B.c_d-e }',
      { matchLabels: { 'example.com/tier': '', a: 'B.c_d-e' } },
    ],
    [
      'matchExpressions: [{ key: a, operator: Exists, values: [] }]',
      { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
    ],
    [
      'matchExpressions: [{ key: a, operator: NotIn, values: ["", b] }]',
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['', 'b'] }] },
    ],
  ])('selector: %s', (text, selector) => {
    expect(shardsOf('selector', text)[0]!.routeSelector).toEqual(selector);
  });

  it('two routes for one host and path: who wins is told by admission', () => {
    const { result } = load('route', 'host: a.example }, { name: s, host: a.example, to: [{ backend: web }]');
    expect(result.ok).toBe(true);
  });

  it('a name as long as those of Kubernetes', () => {
    const name = 'n'.repeat(200);
    const text = `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: ${name} }] }]
backends: [{ name: ${name}, servers: [{ name: ${name}, address: "127.0.0.1:80" }] }]`;
    expect(planFromText(text, place).ok).toBe(true);
    const longer = planFromText(text.replaceAll(name, `${name}n`), place);
    expect(!longer.ok && longer.errors[0]!.remedy).toContain('up to 200');
  });
});
