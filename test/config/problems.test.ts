import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice' };

/** Right in itself; `@…@` marks where a table's row puts its text. */
const frame = {
  root: `@@
shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  shard: `shards: [{ name: default, @@ }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  bind: `shards: [{ name: default, binds: [{ @@ }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  route: `shards: [{ name: default, binds: [{ listen: ":0", mode: http }] }]
routes: [{ name: r, @@ }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  backend: `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }], @@ }]`,
  server: `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ @@ }] }]`,
};

/** `^` in the text marks where the error must point; it is not part of the text. */
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

describe('one error, where it is', () => {
  it.each([
    ['root', 'timeouts: { connect: ^30 }', 'timeouts.connect', '30 has no unit', 'write 30ms or 30s'],
    ['root', 'timeouts: { client: ^0s }', 'timeouts.client', 'longer than 0', 'such as'],
    [
      'root',
      'timeouts: { ^conect: 1s }',
      'timeouts.conect',
      'unknown key "conect" in timeouts',
      'mean connect?',
    ],
    ['root', '^watch: true', 'watch', '"watch" does not belong here', 'write it in runtime:'],
    ['root', '^zzzzzz: 1', 'zzzzzz', 'unknown key "zzzzzz"', 'the keys here are runtime'],
    ['root', 'runtime: ^[]', 'runtime', 'expected a map, got a list', 'such as { name: … }'],
    ['root', 'runtime: { name: ^"a b" }', 'runtime.name', 'is not a name', 'letters, digits'],
    ['root', 'runtime: { ^engine: haproxy }', 'runtime.engine', 'not supported yet', 'embedded'],
    [
      'root',
      'runtime: { accessLog: ^{ format: json } }',
      'runtime.accessLog.path',
      '"path" is missing',
      undefined,
    ],
    [
      'root',
      'runtime: { accessLog: { path: x, format: ^clf } }',
      'runtime.accessLog.format',
      'none of haproxy, json',
      'write haproxy or json',
    ],
    [
      'root',
      'runtime: { control: { listen: ^"ws://0.0.0.0:1" } }',
      'runtime.control.listen',
      'not encrypted',
      'wss://',
    ],
    [
      'root',
      'runtime: { control: { listen: ["unix:x", ^"wss://:1"] } }',
      'runtime.control.listen[1]',
      'needs a certificate',
      'add tls',
    ],
    [
      'root',
      'runtime: { control: { listen: ^"wss://[::]:1", tls: { cert: a, key: b } } }',
      'runtime.control.listen',
      'nobody is asked',
      'tokens',
    ],
    [
      'root',
      'runtime: { control: { listen: ^"http://x" } }',
      'runtime.control.listen',
      'not an address for consoles',
      'write unix:/PATH',
    ],
    [
      'bind',
      'listen: ":0", mode: http }, { listen: ^":0", mode: http',
      'shards[0].binds[1].listen',
      'there twice',
      'give it a name:',
    ],
    ['shard', 'binds: ^[]', 'shards[0].binds', '"binds" is empty', 'at least one'],
    ['bind', 'listen: ^80, mode: http', 'shards[0].binds[0].listen', 'got the number 80', 'write ":80"'],
    ['bind', 'listen: ^"10.0.0.1", mode: http', 'shards[0].binds[0].listen', 'has no port', '10.0.0.1:PORT'],
    ['bind', 'listen: ^"::1", mode: http', 'shards[0].binds[0].listen', 'has no port', '[::1]:PORT'],
    ['bind', 'listen: ^":65536", mode: http', 'shards[0].binds[0].listen', 'not a port', '0 to 65535'],
    [
      'bind',
      'listen: ":0", mode: ^htp',
      'shards[0].binds[0].mode',
      'none of http, tcp, tls',
      'did you mean http?',
    ],
    [
      'bind',
      'listen: ":0", mode: tcp, backend: ^nope',
      'shards[0].binds[0].backend',
      'no backend "nope"',
      'the backends are web',
    ],
    [
      'bind',
      'listen: ":0", mode: http, ^backend: web',
      'shards[0].binds[0].backend',
      'sends by routes',
      'defaultBackend',
    ],
    [
      'bind',
      'listen: ":0", mode: tcp, ^defaultBackend: web',
      'shards[0].binds[0].defaultBackend',
      'has one backend',
      'backend:',
    ],
    [
      'bind',
      'listen: ":0", mode: http, path: ^kernel',
      'shards[0].binds[0].path',
      'is for binds of mode tcp',
      'mode: tcp',
    ],
    [
      'bind',
      'listen: ":0", mode: http, ^masquerade: true',
      'shards[0].binds[0].masquerade',
      'is for binds with path: kernel',
      'add path: kernel',
    ],
    [
      'bind',
      'listen: ^"127.0.0.1:80", mode: tcp, backend: web, path: kernel',
      'shards[0].binds[0].listen',
      'nothing on from loopback',
      'an address that clients reach',
    ],
    [
      'bind',
      'listen: ^"unix:x.sock", mode: tcp, backend: web, path: kernel',
      'shards[0].binds[0].listen',
      'from a unix socket',
      'an address with a port',
    ],
    [
      'bind',
      'listen: ^":0", mode: tcp, backend: web, path: kernel, fallback: none',
      'shards[0].binds[0].listen',
      'no free port is found',
      'write a port',
    ],
    [
      'bind',
      'listen: ":0", mode: http, ^maxconn: 1',
      'shards[0].binds[0].maxconn',
      'unknown key',
      'maxConnections?',
    ],
    [
      'bind',
      'listen: ":0", mode: http, maxHeadBytes: ^2M',
      'shards[0].binds[0].maxHeadBytes',
      'too large',
      'at most',
    ],
    [
      'bind',
      'listen: ":80", mode: http }, { listen: ^":80", mode: http',
      'shards[0].binds[1].listen',
      'there twice',
      'remove one',
    ],
    [
      'bind',
      'listen: ":80", mode: http }, { listen: ^"127.0.0.1:80", mode: http',
      'shards[0].binds[1].listen',
      'already taken by the bind on :80',
      'another',
    ],
    ['route', 'to: [{ backend: ^wbe }]', 'routes[0].to[0].backend', 'no backend "wbe"', 'web'],
    ['route', 'to: [{ backend: web, weight: ^257 }]', 'routes[0].to[0].weight', 'out of range', '0 to 256'],
    [
      'route',
      'to: [{ backend: web, weight: ^1.5 }]',
      'routes[0].to[0].weight',
      'out of range',
      'whole number',
    ],
    ['route', 'to: [{ backend: web }], path: ^x', 'routes[0].path', 'not a path', 'write /x'],
    ['route', 'to: [{ backend: web }], path: ^/a?b', 'routes[0].path', 'path alone', 'write /a'],
    [
      'route',
      'to: [{ backend: web }], host: ^"a.example:80"',
      'routes[0].host',
      'without its port',
      'write a.example',
    ],
    ['route', 'to: [{ backend: web }], host: ^"a..b"', 'routes[0].host', 'not a host', 'such as'],
    [
      'route',
      'to: [{ backend: web }] }, { name: ^r, host: x, to: [{ backend: web }]',
      'routes[1].name',
      'the route "r" is there twice',
      'another name',
    ],
    [
      'route',
      'labels: { ^"a b": x }, to: [{ backend: web }]',
      'routes[0].labels["a b"]',
      "a label's name is made of",
      'such as tier',
    ],
    ['backend', 'balance: ^leastconn', 'backends[0].balance', 'expected a map, got text', '{ algorithm: … }'],
    [
      'backend',
      'balance: { algorithm: ^leastcon }',
      'backends[0].balance.algorithm',
      'none of',
      'mean leastconn?',
    ],
    ['backend', 'check: { ^inter: 2s }', 'backends[0].check.inter', 'unknown key', 'did you mean interval?'],
    ['backend', 'check: { jitter: ^0.6 }', 'backends[0].check.jitter', '0 to 0.5', 'such as'],
    ['backend', 'check: { http: {}, ^tcp: {} }', 'backends[0].check.tcp', 'either http or tcp', 'keep one'],
    [
      'backend',
      'check: { http: { expect: ^99 } }',
      'backends[0].check.http.expect',
      'not a status',
      '200-399',
    ],
    [
      'backend',
      'check: { http: { headers: { A: ^"x\\r\\nB: y" } } }',
      'backends[0].check.http.headers.A',
      'control characters',
      undefined,
    ],
    [
      'backend',
      'mode: tcp',
      'shards[0].binds[0].defaultBackend',
      'the backend "web" has mode tcp',
      'of its own',
    ],
    ['backend', 'cookie: { name: ^"a;b" }', 'backends[0].cookie.name', 'HTTP allows', 'letters'],
    [
      'server',
      'name: ^"a/b", address: "10.0.0.1:80"',
      'backends[0].servers[0].name',
      'is not a name',
      'letters',
    ],
    [
      'server',
      'name: ^5, address: "10.0.0.1:80"',
      'backends[0].servers[0].name',
      'expected text, got the number 5',
      'quote it: "5"',
    ],
    [
      'server',
      'name: a, address: ^"db.example:80"',
      'backends[0].servers[0].address',
      'names are not resolved',
      'IP address',
    ],
    [
      'server',
      'name: a, address: ^"10.0.0.1:0"',
      'backends[0].servers[0].address',
      '0 is not a port',
      '1 to 65535',
    ],
    [
      'server',
      'name: a, address: "10.0.0.1:80", admin: ^main',
      'backends[0].servers[0].admin',
      '"main" is none of ready, drain, maint',
      'did you mean maint?',
    ],
    ['server', '^name: a', 'backends[0].servers[0].address', '"address" is missing', undefined],
    [
      'server',
      'name: a, address: "10.0.0.1:80", weight: ^-1',
      'backends[0].servers[0].weight',
      'out of range',
      '0 to 256',
    ],
    [
      'server',
      'name: a, address: "10.0.0.1:80", weight: ^"5"',
      'backends[0].servers[0].weight',
      'got the text "5"',
      'quotation',
    ],
    [
      'server',
      'name: a, address: "10.0.0.1:80", backup: ^yes',
      'backends[0].servers[0].backup',
      'expected true or false',
      'write',
    ],
    [
      'server',
      'name: a, address: "10.0.0.1:80", service: ^x',
      'backends[0].servers[0].service',
      'expected a map, got text',
      'address',
    ],
    [
      'server',
      'name: a, id: 7, address: "10.0.0.1:80" }, { name: b, id: ^7, address: "10.0.0.2:80"',
      'backends[0].servers[1].id',
      'the server "a" has the id 7 as well',
      'id:',
    ],
    [
      'server',
      'name: a, address: "10.0.0.1:80" }, { name: ^a, address: "10.0.0.2:80"',
      'backends[0].servers[1].name',
      'there twice',
      'another name',
    ],
  ] as const)('%s: %s', (where, marked, path, message, remedy) => {
    const { result, line, column } = load(where, marked);
    expect(result).toMatchObject({
      ok: false,
      errors: [
        {
          file: 'sluice.yaml',
          path,
          message: expect.stringContaining(message),
          ...(remedy === undefined ? {} : { remedy: expect.stringContaining(remedy) }),
        },
      ],
    });
    if (marked.includes('^') && !result.ok && !message.includes('is missing'))
      expect([result.errors[0]!.line, result.errors[0]!.column]).toEqual([line, column]);
    if (!result.ok) expect(result.errors).toHaveLength(1);
  });
});

describe('what only the resolved plan tells', () => {
  it.each([
    [
      'bind',
      'listen: ^"unix:run/../control.sock", mode: http',
      '/etc/sluice/control.sock',
      'consoles attach at',
    ],
    [
      'server',
      `name: a, address: ^"unix:${'x'.repeat(100)}"`,
      '/run/control.sock',
      'longer than 107 bytes: /etc/sluice/xxx',
    ],
  ] as const)('%s: %s', (where, marked, socket, message) => {
    const text = `runtime: { control: { listen: "unix:${socket}" } }\n${frame[where].replace('@@', marked)}`;
    const caret = text.indexOf('^');
    const before = text.slice(0, caret).split('\n');
    expect(planFromText(text.replace('^', ''), place)).toMatchObject({
      ok: false,
      errors: [
        { message: expect.stringContaining(message), line: before.length, column: before.at(-1)!.length + 1 },
      ],
    });
  });
});

describe('warnings', () => {
  it.each([
    ['bind', 'listen: ":0", mode: http', 'every request is answered 503'],
    ['route', 'to: [{ backend: web, weight: 0 }]', 'every weight is 0'],
    [
      'server',
      'name: a, address: "10.0.0.1:80" }, { name: b, address: "10.0.0.1:80"',
      '"a" has the same address',
    ],
    ['root', 'runtime: { control: { listen: "ws://127.0.0.1:0" } }', 'every user of this machine'],
    ['bind', 'listen: ":0", mode: http', 'nothing sends to the backend "web"'],
  ] as const)('%s: %s', (where, marked, message) => {
    expect(load(where, marked).result).toMatchObject({
      ok: true,
      warnings: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining(message) }),
      ]),
    });
  });
});

describe('a text that is no configuration', () => {
  it.each([
    ['', 1, 1, 'expected a map, got nothing'],
    ['- a', 1, 1, 'expected a map, got a list'],
    ['a: [1\nb: 2', 2, 1, 'not right YAML'],
    ['a: "\\q"', 1, 5, 'not right YAML'],
    ['shards: !binary x', 1, 9, 'not right YAML'],
    ['--- {}\n--- {}', 2, 1, 'not right YAML'],
    ['a: *nope', 1, 4, 'no anchor &nope'],
    ['shards: []\nshards: []', 2, 1, 'this key is there twice'],
    ['a:\n  - { b: 1, c: 2, b: 3 }', 2, 19, 'this key is there twice'],
    ['__proto__: {}', 1, 1, 'not allowed'],
    ['? [a]\n: b', 1, 3, 'not right YAML'],
    ['a: &a [*a]', 1, 8, 'nested more than'],
    [`a: ${'['.repeat(10_000)}`, 1, undefined, 'nested more than'],
    ['- '.repeat(10_000), 1, undefined, 'nested more than'],
    [`a: ${'{b: '.repeat(30)}x${'}'.repeat(30)}`, 1, undefined, 'nested more than'],
    [' '.repeat(4 * 1024 * 1024 + 1), 1, 1, 'larger than 4 MiB'],
  ])('%.40j', (text, line, column, message) => {
    const result = planFromText(text, place);
    expect(result.ok).toBe(false);
    const found = !result.ok && result.errors.find((error) => error.message.includes(message));
    expect(found).toMatchObject({ line, ...(column === undefined ? {} : { column }) });
  });

  it('cannot make the loader large with aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `a${i}: &a${i} [${Array(10).fill(i === 0 ? 'x' : `*a${i - 1}`)}]`,
    );
    const result = planFromText(levels.join('\n'), place);
    expect(result).toMatchObject({ ok: false });
    expect(!result.ok && result.errors.map(({ message }) => message).join()).toMatch(
      /more than \d+ (values|aliases)/,
    );
  });

  it('takes aliases for whole values', () => {
    const text = `
shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: one }] }]
backends:
  - { name: one, check: &check { interval: 3s }, servers: &servers [{ name: a, address: "10.0.0.1:80" }] }
  - { name: two, check: *check, servers: *servers }`;
    const result = planFromText(text, place);
    expect(result.ok && result.plan.backends.map(({ check }) => check?.interval)).toEqual([3_000, 3_000]);
  });
});
