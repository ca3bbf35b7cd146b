import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';
import { type ServerValues, writeBack } from '../../src/config/write-back.ts';
import type { Plan } from '../../src/domain/plan.ts';

const app1 = { backend: 'web', server: 'app1' } as const;

function planOf(text: string): Plan {
  const result = planFromText(text, { file: 'sluice.yaml', folder: '/etc/sluice' });
  if (!result.ok) throw new Error(`${result.errors[0]?.line}: ${result.errors[0]?.message}\n${text}`);
  return result.plan;
}

const head = `shards: [{ name: default, binds: [{ listen: ":0", mode: http, defaultBackend: web }] }]\n`;

/** `«…»` is what the edit puts in, `‹…›` what it takes out; all else stays. */
function texts(marked: string): { readonly before: string; readonly after: string } {
  return {
    before: marked.replace(/«[^»]*»/gs, '').replace(/[‹›]/g, ''),
    after: marked.replace(/‹[^›]*›/gs, '').replace(/[«»]/g, ''),
  };
}

describe('the smallest edit', () => {
  it.each<readonly [string, Omit<ServerValues, 'backend' | 'server'>, string]>([
    [
      'a value in braces',
      { weight: 50 },
      'backends: [{ name: web, servers: [{ name: app1, weight: ‹100›«50» , address: "127.0.0.1:80" }] }]\n',
    ],
    [
      'a key in braces',
      { admin: 'maint' },
      'backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80"«, admin: maint» }] }]\n',
    ],
    [
      'two keys in braces of several lines, with a comment',
      { admin: 'drain', weight: 7 },
      `backends:
  - name: web
    servers:
      - { name: app1,
          address: "127.0.0.1:80"«, admin: drain, weight: 7» # the old one
        }
`,
    ],
    [
      'a comma at the end',
      { weight: 7 },
      'backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80"«, weight: 7», }] }]\n',
    ],
    [
      'quotes and comments',
      { admin: 'ready' },
      `backends:
  - name: web
    servers:
      - name: 'app1' # first
        admin:   '‹maint›«ready»'   # since Monday
        address: "127.0.0.1:80"
`,
    ],
    [
      'keys on lines of their own',
      { admin: 'maint', weight: 3 },
      `backends:
  - servers:
      - name: app0
        address: "127.0.0.1:79"
      -   name: app1
          address: "127.0.0.1:80" # here
«          admin: maint
          weight: 3
»          # said of app1

      - name: app2
        address: "127.0.0.1:81"
    name: web
`,
    ],
    [
      'the last line, without an end',
      { weight: 3 },
      `backends:
- name: web
  servers:
  - name: app1
    address: "127.0.0.1:80"«
    weight: 3»`,
    ],
    [
      'lines that end as on Windows',
      { weight: 3 },
      'backends:\r\n- name: web\r\n  servers:\r\n  - name: app1\r\n    address: "127.0.0.1:80"\r\n«    weight: 3\r\n»  - name: app2\r\n    address: "127.0.0.1:81"\r\n',
    ],
    [
      'JSON',
      { admin: 'maint' },
      '"backends": [{ "name": "web", "servers": [{ "name": "app1", "address": "127.0.0.1:80"«, "admin": "maint"» }] }]\n',
    ],
    [
      'an alias of the server alone',
      { weight: 3 },
      `backends:
  - name: web
    maxIdleConnections: &many 100
    servers: [{ name: app1, weight: ‹*many›«3», address: "127.0.0.1:80" }]
`,
    ],
    [
      'an anchor that nobody uses',
      { weight: 3 },
      'backends: [{ name: web, servers: [&app { name: app1, weight: &w ‹5›«3», address: "127.0.0.1:80" }] }]\n',
    ],
    [
      'a tag before the first key',
      { weight: 3 },
      `backends:
  - name: web
    servers:
      - !!str name: app1
        address: "127.0.0.1:80"
«        weight: 3
»`,
    ],
    [
      'a value that stands there already',
      { weight: 0x10 },
      'backends: [{ name: web, servers: [{ name: app1, weight: 0x10, address: "127.0.0.1:80" }] }]\n',
    ],
  ])('%s', (_, values, marked) => {
    const { before, after } = texts(head + marked);
    const plan = planOf(before);
    expect(writeBack(before, [{ ...app1, ...values }])).toEqual({ ok: true, text: after });
    expect(planOf(after)).toEqual(changed(plan, [{ ...app1, ...values }], planOf(after).hash));
  });
});

describe('what is not edited', () => {
  it.each([
    [
      'a server that stands elsewhere',
      `x: &one { name: app1, address: "127.0.0.1:80" }\nbackends: [{ name: web, servers: [*one] }]\n`,
      'the server web/app1 stands for what &one marks elsewhere: edit it by hand',
    ],
    [
      'a server that others use',
      `backends:\n  - name: web\n    servers: [&one { name: app1, address: "127.0.0.1:80" }]\n  - { name: b, servers: [*one] }\n`,
      'the server web/app1 is used in other places too, as *one: edit it by hand',
    ],
    [
      'a list that others use',
      `backends:\n  - name: web\n    servers: &all [{ name: app1, address: "127.0.0.1:80" }]\n  - { name: b, servers: *all }\n`,
      'the list of servers of web is used in other places too, as *all: edit it by hand',
    ],
    [
      'a value that others use',
      `backends:\n  - name: web\n    servers: [{ name: app1, weight: &w 5, address: "127.0.0.1:80" }, { name: app2, weight: *w }]\n`,
      'weight of the server web/app1 is used in other places too, as *w: edit it by hand',
    ],
    [
      'a merge',
      `backends: [{ name: web, servers: [{ <<: { weight: 5 }, name: app1 }] }]\n`,
      'the server web/app1 takes over other values by <<: edit it by hand',
    ],
    ['no such backend', `backends: []\n`, 'the backend web is not in the file'],
    ['no such server', `backends: [{ name: web, servers: [] }]\n`, 'the server web/app1 is not in the file'],
    ['no YAML', `backends: [`, 'the file is not right YAML'],
  ])('%s', (_, text, problem) => {
    expect(writeBack(text, [{ ...app1, weight: 3 }])).toMatchObject({ ok: false, problem });
  });

  it('says on which line', () => {
    const text = 'backends:\n  - name: web\n    servers:\n      - *one\nx: &one { name: app1 }\n';
    const above = `x: &one { name: app1 }\n${text.replace(/x: .*\n/, '')}`;
    expect(writeBack(above, [{ ...app1, weight: 3 }])).toMatchObject({ ok: false, line: 5 });
  });
});

/** The plan with just these values changed. */
function changed(plan: Plan, values: readonly ServerValues[], hash: string): Plan {
  return {
    ...plan,
    hash,
    backends: plan.backends.map((backend) => ({
      ...backend,
      servers: backend.servers.map((server) => {
        const { admin, weight } =
          values.find((value) => value.backend === backend.name && value.server === server.name) ?? {};
        return { ...server, ...(admin && { admin }), ...(weight !== undefined && { weight }) };
      }),
    })),
  };
}

/** One server as somebody may have laid it out: the parts around it are marked, to be found again. */
const comment = fc.constantFrom('', ' # é, "quoted" {x}', ' #');
const keyOrder = fc.shuffledSubarray(['name', 'address', 'weight', 'admin', 'maxConnections', 'backup'], {
  minLength: 6,
});
const layout = fc.record({
  order: keyOrder,
  without: fc.subarray(['weight', 'admin', 'maxConnections', 'backup']),
  flow: fc.boolean(),
  broken: fc.boolean(),
  quote: fc.constantFrom('', "'", '"'),
  space: fc.constantFrom(' ', '   '),
  comments: fc.array(comment, { minLength: 6, maxLength: 6 }),
  weight: fc.nat(256),
  admin: fc.constantFrom('ready', 'drain', 'maint'),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function laidOut(
  { order, without, flow, broken, quote, space, comments, weight, admin }: Layout,
  name: string,
  port: number,
): string {
  const values: Readonly<Record<string, string>> = {
    name: `${quote}${name}${quote}`,
    address: `"127.0.0.1:${port}"`,
    weight: String(weight),
    admin: `${quote}${admin}${quote}`,
    maxConnections: '0x10',
    backup: 'false',
  };
  const keys = order.filter((key) => !without.includes(key));
  const pairs = keys.map((key) => `${key}:${space}${values[key]}`);
  if (!flow) return `      - ${pairs.map((pair, at) => `${pair}${comments[at]}`).join('\n        ')}\n`;
  if (!broken) return `      -${space}{${space}${pairs.join(`,${space}`)} }${comments[0]}\n`;
  return `      - { ${pairs.map((pair, at) => `${pair}${at + 1 < pairs.length ? ',' : ''}${comments[at]}`).join('\n          ')}\n        }\n`;
}

it('gives the plan with just those values changed, and every octet outside of those servers stays', () => {
  const wish = fc.record(
    { admin: fc.constantFrom('ready' as const, 'drain' as const, 'maint' as const), weight: fc.nat(256) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(layout, fc.option(wish, { nil: undefined })), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.constantFrom('', '\ufeff'),
      (servers, eol, endless, mark) => {
        const parts = servers.map(([how], at) => laidOut(how, `app${at}`, 8_000 + at));
        const start = `${mark}${head}# all of them\nbackends:\n  - name: web # the shop\n    servers:\n`;
        const end = '\n  - name: other\n    servers: [{ name: app0, address: "127.0.0.1:1", weight: 9 }] #';
        const whole = [start, ...parts, endless ? '' : end].join('').replaceAll('\n', eol);
        const text = endless ? whole.replace(/\r?\n$/, '') : whole;
        const values = servers.flatMap(([, wished], at): ServerValues[] =>
          wished ? [{ backend: 'web', server: `app${at}`, ...wished }] : [],
        );
        const written = writeBack(text, values);
        if (!written.ok) throw new Error(written.problem);
        const plan = planOf(written.text);
        expect(plan).toEqual(changed(planOf(text), values, plan.hash));
        const kept = (part: string) => part.replaceAll('\n', eol);
        expect(written.text.startsWith(kept(start))).toBe(true);
        if (!endless) expect(written.text.endsWith(kept(end))).toBe(true);
        for (const [at, part] of parts.entries())
          if (servers[at]![1] === undefined) expect(written.text).toContain(kept(part).trimEnd());
        expect(bare(written.text)).toBe(bare(text));
      },
    ),
    { numRuns: 300 },
  );
});

it('answers, whatever the text', () => {
  const piece = fc.constantFrom(
    '',
    '-',
    '[]',
    '{}',
    '? ',
    ': ',
    '"',
    '\n',
    '&a ',
    '*a',
    '<<: ',
    '!!int ',
    '|\n',
    '# ',
  );
  const whole = `${head}backends:\n  - name: web\n    servers:\n      - { name: app1, weight: 5 }\n      - name: app2\n        weight: 5\n`;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length), fc.nat(3), piece), { minLength: 1, maxLength: 4 }),
      (edits) => {
        let text = whole;
        for (const [at, remove, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
        const values = ['app1', 'app2'].map((server) => ({
          backend: 'web',
          server,
          weight: 7,
          admin: 'maint',
        }));
        const written = writeBack(text, values as ServerValues[]);
        expect(written.ok ? written.text : written.problem).not.toBe('');
      },
    ),
    { numRuns: 500 },
  );
});

/** Without what a write-back may touch: the keys `weight` and `admin` with their values, and lines left empty by that. */
function bare(text: string): string {
  return text
    .replace(/,?[ \t]*\b(weight|admin):[ \t]*["']?\w+["']?/g, '')
    .replace(/\{\s*,/g, '{')
    .replace(/\s+/g, ' ')
    .replace(/(- |\{) *,? */g, '$1')
    .trim();
}

describe('the TLS mode of a route', () => {
  const routes = (tls: string): string =>
    `routes:\n  - { name: api, host: a.example.com, to: [{ backend: web }] }\n  - name: shop\n    host: shop.example.com\n    ${tls}\n    to: [{ backend: web }]\n`;
  const put = (text: string) => writeBack(text, [{ route: 'shop', termination: 'reencrypt' }]);

  it.each([
    [
      'in braces',
      'tls: { termination: edge, hsts: { maxAge: 1d } }',
      'tls: { termination: reencrypt, hsts: { maxAge: 1d } }',
    ],
    ['quoted', 'tls: { termination: "edge" }', 'tls: { termination: "reencrypt" }'],
    [
      'on a line of its own',
      'tls:\n      termination: edge # now',
      'tls:\n      termination: reencrypt # now',
    ],
    ['already so', 'tls: { termination: reencrypt }', 'tls: { termination: reencrypt }'],
  ])('is changed alone, %s', (_, before, after) => {
    expect(put(routes(before))).toEqual({ ok: true, text: routes(after) });
  });

  it.each([
    ['there is no such route', 'routes: []\n', /the route shop is not in the file/],
    ['it has no tls', routes('path: /'), /tls of the route shop is not in the file/],
    [
      'it is shared',
      routes('tls: &t { termination: edge }').replace('name: api,', 'name: api, tls: *t,'),
      /tls/,
    ],
  ])('is refused where %s', (_, text, problem) => {
    const result = put(text);
    expect(result.ok ? 'done' : result.problem).toMatch(problem);
  });
});
