import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';
import { writeBack } from '../../src/config/write-back.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { LabelExpression } from '../../src/domain/selector.ts';
import { reshaped, type ShapeChange } from '../../src/domain/shape.ts';

function planOf(text: string): Plan {
  const result = planFromText(text, { file: 'sluice.yaml', folder: '/etc/sluice' });
  if (!result.ok) throw new Error(`${result.errors[0]?.line}: ${result.errors[0]?.message}\n${text}`);
  return result.plan;
}

const backends = 'backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]\n';
const binds = 'binds: [{ listen: ":80", mode: http, defaultBackend: web }]';
const to = 'to: [{ backend: web }]';
const scale = (instances: number): ShapeChange => ({ kind: 'scale', shard: 'default', instances });
const relabel = (labels: Readonly<Record<string, string | null>>): ShapeChange => ({
  kind: 'relabel',
  route: 'shop',
  labels,
});
const select = (routeSelector: (ShapeChange & { kind: 'select' })['routeSelector']): ShapeChange => ({
  kind: 'select',
  shard: 'default',
  routeSelector,
});
const exists = (key: string): LabelExpression => ({ key, operator: 'Exists' });

/** `«…»` is what the edit puts in, `‹…›` what it takes out; all else stays. */
function texts(marked: string): { readonly before: string; readonly after: string } {
  return {
    before: marked.replace(/«[^»]*»/gs, '').replace(/[‹›]/g, ''),
    after: marked.replace(/‹[^›]*›/gs, '').replace(/[«»]/g, ''),
  };
}

/** A shard and a route of this text, indented as they stand. */
const shard = (text: string) => `${backends}shards:\n${text}`;
const route = (text: string) => `${backends}shards: [{ name: default, ${binds} }]\nroutes:\n${text}`;

describe('the smallest edit', () => {
  it.each<readonly [string, ShapeChange, string]>([
    [
      'instances',
      scale(3),
      shard(`  - name: default # the first\n    instances: ‹2›«3» # since May\n    ${binds}\n`),
    ],
    ['instances in braces', scale(3), shard(`  - { name: default, instances: ‹2›«3», ${binds} }\n`)],
    ['no instances yet', scale(3), shard(`  - name: default\n    ${binds}\n«    instances: 3\n»# end\n`)],
    [
      'no instances yet, behind a list',
      scale(3),
      shard(
        `  - name: default\n    binds:\n      - listen: ":80"\n        mode: http # web\n«    instances: 3\n»    # no more\n`,
      ),
    ],
    ['no instances yet, in braces', scale(3), shard(`  - { name: default, ${binds}«, instances: 3» }\n`)],
    [
      'no instances yet, and no end of the line',
      scale(3),
      shard(`  - name: default\n    ${binds}«\n    instances: 3»`),
    ],

    [
      'a label',
      relabel({ tier: 'gold' }),
      route(`  - name: shop\n    labels:\n      tier: ‹tin›«gold» # mine\n      x: y\n    ${to}\n`),
    ],
    [
      'a label in quotes',
      relabel({ tier: 'gold' }),
      route(`  - name: shop\n    labels: { tier: '‹tin›«gold»' }\n    ${to}\n`),
    ],
    [
      'a label that must be quoted',
      relabel({ sharded: 'true' }),
      route(`  - name: shop\n    labels: { sharded: ‹maybe›«"true"» }\n    ${to}\n`),
    ],
    [
      'one more label',
      relabel({ 'example.com/tier': '1' }),
      route(`  - name: shop\n    labels:\n      a: b # c\n«      example.com/tier: "1"\n»    ${to}\n`),
    ],
    [
      'one more label in braces',
      relabel({ 'example.com/tier': '' }),
      route(`  - { name: shop, labels: { a: b«, example.com/tier: ""» }, ${to} }\n`),
    ],
    [
      'the first label',
      relabel({ sharded: 'true', no: 'on' }),
      route(`  - name: shop\n    ${to}\n«    labels: { sharded: "true", "no": "on" }\n»`),
    ],
    [
      'the first label in empty braces',
      relabel({ a: 'b' }),
      route(`  - { name: shop, labels: ‹{}›«{ a: b }», ${to} }\n`),
    ],
    [
      'a label less',
      relabel({ a: null }),
      route(`  - name: shop\n    labels:\n      # of a\n‹      a: b # why\n›      c: d\n    ${to}\n`),
    ],
    [
      'a label less, the last',
      relabel({ c: null }),
      route(`  - name: shop\n    labels:\n      a: b\n‹      c: d\n›    ${to}\n`),
    ],
    [
      'a label less in braces',
      relabel({ a: null }),
      route(`  - { name: shop, labels: { ‹a: b, ›c: d }, ${to} }\n`),
    ],
    [
      'a label less in braces, the last',
      relabel({ c: null }),
      route(`  - { name: shop, labels: { a: b‹, c: d› }, ${to} }\n`),
    ],
    [
      'no label any more',
      relabel({ a: null }),
      route(`  - name: shop\n‹    labels:\n      a: b\n›    ${to}\n`),
    ],
    [
      'no label any more in braces',
      relabel({ a: null, c: null }),
      route(`  - { name: shop, ‹labels: { a: b, c: d }, ›${to} }\n`),
    ],
    [
      'no label any more, the first key',
      relabel({ a: null }),
      route(`  - ‹labels: { a: b }\n    ›name: shop\n    ${to}\n`),
    ],
    [
      'one comes, one goes',
      relabel({ a: null, b: 'x' }),
      route(`  - name: shop\n    labels:\n‹      a: b\n›«      b: x\n»    ${to}\n`),
    ],
    ['what was not there anyway', relabel({ a: null }), route(`  - name: shop\n    ${to}\n`)],

    [
      'a selector',
      select({ matchLabels: { sharded: 'true' } }),
      shard(`  - name: default\n    ${binds}\n«    routeSelector: { matchLabels: { sharded: "true" } }\n»`),
    ],
    [
      'a selector in braces',
      select({ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', '1'] }] }),
      shard(
        `  - { name: default, ${binds}«, routeSelector: { matchExpressions: [{ key: a, operator: In, values: [b, "1"] }] }» }\n`,
      ),
    ],
    [
      'no selector',
      select(null),
      shard(`  - name: default\n‹    routeSelector:\n      matchLabels:\n        a: b\n›    ${binds}\n`),
    ],
    [
      'no selector, at the end',
      select(null),
      shard(
        `  - name: default\n    ${binds}\n‹    routeSelector:\n      matchLabels:\n        a: b\n›    # of the next\n`,
      ),
    ],
    [
      'no selector, in braces',
      select(null),
      shard(`  - { name: default, ‹routeSelector: { matchLabels: { a: b } }, ›${binds} }\n`),
    ],
    [
      'an empty selector is none',
      select({}),
      shard(`  - { name: default, ${binds}‹, routeSelector: { matchLabels: { a: b } }› }\n`),
    ],
    [
      'another value in a selector',
      select({ matchLabels: { a: 'c' } }),
      shard(
        `  - name: default\n    routeSelector: # which\n      matchLabels:\n        a: ‹b›«c» # why\n    ${binds}\n`,
      ),
    ],
    [
      'other labels in a selector',
      select({ matchLabels: { c: 'd' } }),
      shard(
        `  - name: default\n    routeSelector:\n      matchLabels:\n‹        a: b\n›«        c: d\n»    ${binds}\n`,
      ),
    ],
    [
      'conditions instead of labels',
      select({ matchExpressions: [exists('a')] }),
      shard(
        `  - name: default\n    routeSelector:\n‹      matchLabels:\n        a: b\n›«      matchExpressions: [{ key: a, operator: Exists }]\n»    ${binds}\n`,
      ),
    ],
    [
      'one more condition',
      select({ matchExpressions: [exists('a'), exists('b')] }),
      shard(
        `  - name: default\n    routeSelector:\n      matchExpressions:\n        - key: a # one\n          operator: Exists\n«        - { key: b, operator: Exists }\n»    ${binds}\n`,
      ),
    ],
    [
      'a condition less',
      select({ matchExpressions: [exists('b')] }),
      shard(
        `  - name: default\n    routeSelector:\n      matchExpressions:\n        # first\n‹        - { key: a, operator: Exists } # one\n›        - { key: b, operator: Exists } # two\n    ${binds}\n`,
      ),
    ],
    [
      'another condition between',
      select({ matchExpressions: [exists('a'), exists('x'), exists('c')] }),
      shard(
        `  - name: default\n    routeSelector:\n      matchExpressions:\n      - { key: a, operator: Exists } # one\n‹      - { key: b, operator: Exists }\n›«      - { key: x, operator: Exists }\n»      - { key: c, operator: Exists } # three\n    ${binds}\n`,
      ),
    ],
    [
      'other conditions in brackets',
      select({ matchExpressions: [exists('b')] }),
      shard(
        `  - { name: default, routeSelector: { matchExpressions: ‹[{ key: a, operator: Exists }]›«[{ key: b, operator: Exists }]» }, ${binds} }\n`,
      ),
    ],
    [
      'no condition any more',
      select({ matchLabels: { a: 'b' } }),
      shard(
        `  - { name: default, routeSelector: { matchLabels: { a: b }‹, matchExpressions: [{ key: a, operator: Exists }]› }, ${binds} }\n`,
      ),
    ],
  ])('%s', (_, change, marked) => {
    const { before, after } = texts(marked);
    expect(writeBack(before, [change])).toEqual({ ok: true, text: after });
    const plan = planOf(after);
    expect({ ...reshaped(planOf(before), [change]), hash: plan.hash }).toEqual(
      withoutEmptySelector(plan, change),
    );
    // Lines that end as on Windows stay so.
    expect(writeBack(before.replaceAll('\n', '\r\n'), [change])).toEqual({
      ok: true,
      text: after.replaceAll('\n', '\r\n'),
    });
  });

  it('as JSON, where all is', () => {
    const json = JSON.stringify({
      shards: [{ name: 'default', binds: [{ listen: ':80', mode: 'http', defaultBackend: 'web' }] }],
      routes: [{ name: 'shop', labels: {}, to: [{ backend: 'web' }] }],
      backends: [{ name: 'web', servers: [] }],
    });
    const written = writeBack(json, [
      select({ matchLabels: { a: 'b' } }),
      relabel({ sharded: 'true' }),
      scale(2),
    ]);
    expect(written.ok && JSON.parse(written.text)).toMatchObject({
      shards: [{ instances: 2, routeSelector: { matchLabels: { a: 'b' } } }],
      routes: [{ labels: { sharded: 'true' } }],
    });
  });
});

/** A plan has no selector that asks for nothing. */
function withoutEmptySelector(plan: Plan, change: ShapeChange): unknown {
  return change.kind === 'select' && change.routeSelector && Object.keys(change.routeSelector).length === 0
    ? { ...plan, shards: plan.shards.map((each) => ({ ...each, routeSelector: {} })) }
    : plan;
}

describe('what is not edited', () => {
  it.each<readonly [string, ShapeChange, string, string, number | undefined]>([
    ['no such shard', scale(2), 'shards: []\n', 'the shard default is not in the file', undefined],
    [
      'no such route, as of one that is imported',
      relabel({ a: 'b' }),
      'routes: []\n',
      'the route shop is not in the file',
      undefined,
    ],
    ['no routes', relabel({ a: 'b' }), 'shards: []\n', 'the list of routes is not in the file', undefined],
    [
      'labels that others have too',
      relabel({ a: 'b' }),
      'routes:\n- name: shop\n  labels: &l { a: x }\n- { name: b, labels: *l }\n',
      'labels of the route shop is used in other places too, as *l: edit it by hand',
      3,
    ],
    [
      'labels that stand elsewhere',
      relabel({ a: 'b' }),
      'routes:\n- { name: b, labels: &l { a: x } }\n- { name: shop, labels: *l }\n',
      'labels of the route shop stands for what &l marks elsewhere: edit it by hand',
      3,
    ],
    [
      'a selector that others need',
      select(null),
      'shards:\n- name: default\n  routeSelector: { matchLabels: &l { a: b } }\nroutes: [{ name: r, labels: *l }]\n',
      'routeSelector of the shard default is used in other places too, as *l: edit it by hand',
      3,
    ],
    [
      'a merge',
      relabel({ a: 'b' }),
      'routes:\n- name: shop\n  labels: { <<: { a: x } }\n',
      'labels of the route shop takes over other values by <<: edit it by hand',
      3,
    ],
    [
      'what is not behind a dash alone',
      relabel({ a: null }),
      'routes:\n- labels: { a: b }\n  # of the name\n  name: shop\n',
      'labels of the route shop stands where it cannot be taken out: edit it by hand',
      2,
    ],
  ])('%s', (_, change, text, problem, line) => {
    expect(writeBack(text, [change])).toEqual({ ok: false, problem, ...(line !== undefined && { line }) });
  });
});

const label = fc.constantFrom('a', 'sharded', 'example.com/tier', 'x.y');
const value = fc.constantFrom('', 'true', 'gold', '1.0', 'no', 'B_c-d');
const labels = fc.dictionary(label, value, { maxKeys: 4 });
const expression = fc.oneof(
  label.map((key): LabelExpression => ({ key, operator: 'Exists' })),
  fc
    .tuple(label, fc.uniqueArray(value, { minLength: 1, maxLength: 2 }))
    .map(([key, values]): LabelExpression => ({ key, operator: 'NotIn', values })),
);
const selector = fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 4 }) });
const quoted = (text: string) => JSON.stringify(text);

function selectorBlock(
  {
    matchLabels,
    matchExpressions,
  }: { matchLabels: Readonly<Record<string, string>>; matchExpressions: readonly LabelExpression[] },
  flow: boolean,
): string {
  const pairs = Object.entries(matchLabels);
  if (flow)
    return `{ matchLabels: ${JSON.stringify(matchLabels)}, matchExpressions: ${JSON.stringify(matchExpressions)} }`;
  const lines = [
    ...(pairs.length > 0
      ? ['      matchLabels:', ...pairs.map(([key, each]) => `        ${key}: ${quoted(each)} # ${key}`)]
      : []),
    ...(matchExpressions.length > 0
      ? [
          '      matchExpressions:',
          ...matchExpressions.map((each) => `      - ${JSON.stringify(each)} # one`),
        ]
      : []),
  ];
  return lines.length === 0 ? '{}' : `\n${lines.join('\n')}`;
}

it('comes to the plan that runs, whatever it was, and however it is laid out', () => {
  fc.assert(
    fc.property(
      selector,
      selector,
      labels,
      fc.dictionary(label, fc.option(value), { maxKeys: 4 }),
      fc.boolean(),
      (before, after, own, next, flow) => {
        const text = `shards:
  - name: default # first
    routeSelector: ${selectorBlock(before, flow)}
    ${binds}
routes:
  - name: shop
    labels: ${JSON.stringify(own)}
    ${to}
${backends}`;
        const changes = [select(after), relabel(next), scale(7)];
        const written = writeBack(text, changes);
        if (!written.ok) throw new Error(written.problem);
        const { hash: _, ...plan } = planOf(written.text);
        const { hash: _old, ...expected } = reshaped(planOf(text), changes);
        expect(plan.routes).toEqual(expected.routes);
        const [shardNow, shardThen] = [plan.shards[0]!, expected.shards[0]!];
        expect({ ...shardNow, routeSelector: undefined }).toEqual({ ...shardThen, routeSelector: undefined });
        expect(shardNow.routeSelector?.matchLabels ?? {}).toEqual(after.matchLabels);
        expect(shardNow.routeSelector?.matchExpressions ?? []).toEqual(after.matchExpressions);
        expect(written.text).toContain('# first');
      },
    ),
    { numRuns: 200 },
  );
});
