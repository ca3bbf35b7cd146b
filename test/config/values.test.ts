import { describe, expect, it } from 'vitest';
import {
  addressText,
  isLocal,
  overlaps,
  parseListen,
  parseServerAddress,
} from '../../src/config/addresses.ts';
import { defaultControlPath, lackOf, parseControlUrl } from '../../src/config/control.ts';
import { checkSummary } from '../../src/config/describe.ts';
import { planHash } from '../../src/config/plan-hash.ts';
import { configSchema } from '../../src/config/schema.ts';
import { idOfName, serverIds } from '../../src/config/server-ids.ts';
import { parseStatusRanges } from '../../src/config/status-ranges.ts';
import type { Check } from '../../src/domain/plan.ts';

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

describe('where consoles attach', () => {
  const none = { tls: false, clientCa: false, tokens: false };
  it.each([
    ['unix:/a', none, undefined],
    ['ws://127.0.0.1:7443', none, undefined],
    ['ws://[::1]:7443/', none, undefined],
    ['ws://0.0.0.0:7443', { ...none, tls: true, tokens: true }, 'not encrypted'],
    ['ws://:7443', none, 'not encrypted'],
    ['wss://127.0.0.1:7443', none, 'needs a certificate'],
    ['wss://127.0.0.1:7443', { ...none, tls: true }, undefined],
    ['wss://10.0.0.1:7443', { ...none, tls: true }, 'nobody is asked'],
    ['wss://10.0.0.1:7443', { ...none, tokens: true }, 'needs a certificate'],
    ['wss://10.0.0.1:7443', { ...none, tls: true, tokens: true }, undefined],
    ['wss://[::]:7443', { ...none, tls: true, clientCa: true }, undefined],
  ])('%s with %o lacks: %s', (text, has, lack) => {
    const url = parseControlUrl(text);
    expect(url.ok).toBe(true);
    if (url.ok) expect(lackOf(url.value, has)?.message).toEqual(lack && expect.stringContaining(lack));
  });

  it.each([
    'ws:127.0.0.1:1',
    'ws://host.example:1',
    'wss://10.0.0.1',
    'ws://unix:/a',
    'ssh://x',
    '/run/x',
    '',
  ])('%j is refused', (text) => expect(parseControlUrl(text).ok).toBe(false));

  it.each([
    [undefined, '/run/sluice/control.sock'],
    ['', '/run/sluice/control.sock'],
    ['relative', '/run/sluice/control.sock'],
    ['/run/user/7/', '/run/user/7/sluice/control.sock'],
  ])('is by default, with the runtime folder %j, %s', (folder, path) =>
    expect(defaultControlPath(folder)).toBe(path),
  );
});

describe('status ranges', () => {
  it.each([
    [200, [[200, 200]]],
    ['200-399', [[200, 399]]],
    ['2xx', [[200, 299]]],
    [
      ['2xx', 404],
      [
        [200, 299],
        [404, 404],
      ],
    ],
  ])('%j', (value, ranges) => expect(parseStatusRanges(value)).toEqual({ ok: true, value: ranges }));

  it.each([[[]], ['399-200'], [600], ['6xx'], [null], [{}], ['200,404']])('%j is none', (value) =>
    expect(parseStatusRanges(value).ok).toBe(false),
  );
});

describe('stable ids', () => {
  it('differ by name, and are what they always were', () => {
    expect([idOfName('app1'), idOfName('app2')]).toEqual([idOfName('app1'), idOfName('app2')]);
    expect(idOfName('pod1')).toBe(1287782377);
    expect(new Set(Array.from({ length: 2_000 }, (_, index) => idOfName(`app${index}`))).size).toBe(2_000);
  });

  it('tell a collision, with the remedy', () => {
    const servers = [{ name: 'a', id: idOfName('b') }, { name: 'b' }];
    expect(serverIds(servers, ['servers']).findings).toMatchObject([
      {
        path: ['servers', 1, 'name'],
        message: expect.stringContaining('that of the server "a"'),
        remedy: expect.stringContaining('id:'),
      },
    ]);
  });
});

describe('a check in words', () => {
  const check: Check = {
    kind: { type: 'http', method: 'GET', path: '/healthz', headers: [], expect: [[200, 399]] },
    interval: 2_000,
    fastInterval: 2_000,
    downInterval: 2_000,
    timeout: 2_000,
    rise: 2,
    fall: 3,
    jitter: 0.1,
  };
  it.each([
    [{}, 'HTTP GET /healthz every 2 s, rise 2, fall 3'],
    [
      { kind: { type: 'tcp' as const }, timeout: 500 },
      'TCP connect every 2 s, rise 2, fall 3, timeout 500 ms',
    ],
    [
      {
        kind: {
          ...check.kind,
          expect: [
            [200, 299],
            [404, 404],
          ],
        } as Check['kind'],
        port: 9_000,
        interval: 60_000,
        timeout: 60_000,
      },
      'HTTP GET /healthz every 1 min, expects 2xx, 404, rise 2, fall 3, on port 9000',
    ],
  ])('%o', (change, words) => expect(checkSummary({ ...check, ...change })).toBe(words));
});

describe('the JSON Schema', () => {
  const schema = JSON.parse(JSON.stringify(configSchema()));

  it('is of 2020-12, closed, with what is required, described and defaulted', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      required: ['shards'],
    });
    const backend = schema.properties.backends.items;
    expect(backend.required).toEqual(['name', 'servers']);
    expect(backend.properties.servers.items.required).toEqual(['name', 'address']);
    expect(backend.properties.balance.properties.algorithm).toMatchObject({
      enum: ['roundrobin', 'leastconn', 'random', 'source'],
      default: 'roundrobin',
      description: expect.any(String),
    });
    expect(schema.properties.shards.items.properties.binds.items.required).toEqual(['listen', 'mode']);
  });

  it('takes one address or a list of them for consoles', () => {
    const { listen } = schema.properties.runtime.properties.control.properties;
    expect(listen.type).toBeUndefined();
    expect(listen.anyOf).toHaveLength(2);
  });

  it('describes every single value', () => {
    const bare: string[] = [];
    const walk = (node: Record<string, unknown>, path: string) => {
      for (const [key, inner] of Object.entries(
        (node.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (inner.type !== 'object' && inner.type !== 'array' && !inner.description)
          bare.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
        if (inner.items) walk(inner.items as Record<string, unknown>, `${path}.${key}[]`);
      }
    };
    walk(schema, '');
    expect(bare).toEqual([]);
  });
});

it('names equal plans equally, whatever the order of keys', () => {
  const one = { runtime: { name: 'a', grace: 1 }, shards: [], routes: [], backends: [] };
  const other = {
    backends: [],
    routes: [],
    hash: 'x',
    shards: [],
    runtime: { grace: 1, name: 'a', stateFile: undefined },
  };
  expect(planHash(one as never)).toBe(planHash(other as never));
});
