import { describe, expect, it } from 'vitest';
import { fromKubernetes } from '../../../src/config/kubernetes/from-kubernetes.ts';
import { ReadCache } from '../../../src/config/kubernetes/read-cache.ts';
import { readValues } from '../../../src/config/kubernetes/read-values.ts';
import { json, route, slice, told } from './objects.ts';

const read = (text: string) => {
  const result = readValues(text, 'a.yaml');
  return result.ok
    ? result.values.map(({ value, line }) => [line, value])
    : `${result.line} ${result.message}`;
};

describe('YAML as people have it', () => {
  it.each([
    ['one document', 'a: 1\n', [[1, { a: 1 }]]],
    [
      'several',
      '---\na: 1\n---\n\nb: 2\n...\n',
      [
        [2, { a: 1 }],
        [5, { b: 2 }],
      ],
    ],
    ['none', '---\n# nothing\n---\n', []],
    ['nothing at all', '', []],
    ['JSON', '{"a": [1, null]}', [[1, { a: [1, null] }]]],
    [
      'a list of another indentation',
      'items:\n  - a: 1\nkind: List\n',
      [[1, { items: [{ a: 1 }], kind: 'List' }]],
    ],
    [
      'a List, entry by entry',
      'apiVersion: v1\nitems:\n- a: 1\n  b: 2\n# more\n-\n  c: 3\nkind: List\n',
      [
        [3, { a: 1, b: 2 }],
        [7, { c: 3 }],
      ],
    ],
    ['a List of nothing', 'items: []\nkind: List\n', [[1, { items: [], kind: 'List' }]]],
    [
      'a block of text with marks in it',
      'items:\n- a: |\n    - x\n    kind: y\nkind: List\n',
      [[2, { a: '- x\nkind: y\n' }]],
    ],
    [
      'anchors',
      'a: &x { b: 1 }\nc: *x\nd: { <<: *x, e: 2 }\n',
      [[1, { a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } }]],
    ],
    [
      'an anchor of another entry',
      'items:\n- &x { a: 1 }\n- *x\nkind: List\n',
      [[1, { items: [{ a: 1 }, { a: 1 }], kind: 'List' }]],
    ],
    [
      'what Kubernetes writes for itself',
      'metadata: { managedFields: [{ a: 1 }], name: b }\n',
      [[1, { metadata: { name: 'b' } }]],
    ],
    [
      'line ends of Windows',
      'items:\r\n- a: 1\r\n- b: 2\r\nkind: List\r\n',
      [
        [2, { a: 1 }],
        [3, { b: 2 }],
      ],
    ],
  ])('reads %s', (_, text, values) => {
    expect(read(text)).toEqual(values);
  });

  it.each([
    ['a: [1', '1 this is not right YAML'],
    ['x: 1\n---\na: b: c\n', '3 this is not right YAML'],
    ['a: 1\na: 2\n', '2 this key is there twice'],
    ['a: 1\nb: *x\n', '2 '],
    ['__proto__: 1\n', '1 the key __proto__ is not allowed'],
    [`${'[\n'.repeat(80)}${']'.repeat(80)}`, 'values are nested more than 64 deep'],
  ])('refuses %j', (text, message) => {
    expect(read(text)).toContain(message);
  });

  it('is not blown up by aliases of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expect(read(lines.join('\n'))).toMatch(/more than 10000 aliases/);
  });

  it('never repeats what may be a key', () => {
    const text = 'kind: Secret\ndata: -----BEGIN PRIVATE KEY-----\n  bad: [SECRET\n';
    expect(read(text)).not.toMatch(/SECRET|BEGIN/);
  });
});

describe('what was read before', () => {
  const list = (...objects: readonly unknown[]) =>
    `kind: List\nitems:\n${objects.map((object) => `- ${JSON.stringify(object)}\n`).join('')}`;

  it('stands where it stands now', () => {
    const cache = new ReadCache();
    const first = fromKubernetes([{ file: 'a.yaml', text: list(route(), slice()) }], { cache });
    const text = `# moved down\n${list(route({}, { name: 'new' }), slice(), route())}`;
    const second = fromKubernetes([{ file: 'a.yaml', text }], { cache });
    expect(second).toEqual(fromKubernetes([{ file: 'a.yaml', text }]));
    expect([first, second].map(({ places }) => places.get('store:shop')?.line)).toEqual([3, 6]);
  });

  it('is forgotten when it is no longer there', () => {
    const cache = new ReadCache();
    let parses = 0;
    const read = (text: string) =>
      cache.read(text, () => ({ roots: [{ value: ++parses, line: 1 }], lines: new WeakMap() }));
    for (const texts of [['a', 'b'], ['a'], ['a', 'b']]) {
      for (const text of texts) read(text);
      cache.turn();
    }
    expect(parses).toBe(3);
  });
});

describe('objects of several files', () => {
  const of = (...texts: string[]) =>
    fromKubernetes(texts.map((text, index) => ({ file: `${index}.yaml`, text })));

  it('are found in lists of any kind', () => {
    const { metadata, spec } = route();
    const typed = { apiVersion: 'route.openshift.io/v1', kind: 'RouteList', items: [{ metadata, spec }] };
    expect(of(json(typed)).configuration.routes).toHaveLength(1);
    const nested = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'List', items: [route()] }],
    };
    expect(of(json(nested)).configuration.routes).toHaveLength(1);
  });

  it('are taken from what can be read, and nothing of a file that is broken', () => {
    const result = of(json(route()), `${json(slice())}\n---\n{`);
    expect(result.broken).toEqual(['1.yaml']);
    expect(result.configuration.backends[0]?.servers).toEqual([]);
    expect(told(result).join('\n')).toMatch(
      /1.yaml:3 error: this is not right YAML: .*nothing of the file is used/,
    );
  });

  it('are there once: the first is used', () => {
    const result = of(json(route()), json(route({ host: 'other.example.com' })));
    expect(result.configuration.routes.map(({ host }) => host)).toEqual(['shop.example.com']);
    expect(told(result)).toContain(
      '1.yaml:1 warning: Route store/shop is there already, and that one is used: 0.yaml:1',
    );
  });

  it.each([
    [
      { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1' },
      'warning: 1 Ingress of networking.k8s.io: not served. OpenShift makes Routes of them',
    ],
    [
      { kind: 'Route', apiVersion: 'serving.knative.dev/v1' },
      'note: 1 Route of serving.knative.dev: not used',
    ],
    [{ kind: 'constructor', apiVersion: 'v1' }, 'note: 1 constructor: not used'],
    [{ hello: 'world' }, 'error: this is no object of Kubernetes: it has no kind'],
    [[1, 2], 'error: this is no object of Kubernetes: it has no kind'],
    ['text', 'error: this is no object of Kubernetes: it has no kind'],
    [{ kind: 'Route', apiVersion: 'v1', metadata: {} }, 'error: this Route has no name: left out'],
    [
      { kind: 'Route', apiVersion: 'v1', metadata: { name: 'a/b' } },
      'error: this Route is called "a/b", which is not a name: left out',
    ],
    [route({}, { namespace: 'No Such' }), 'is in "No Such", which is not the name of a namespace: left out'],
    [{ ...route(), spec: null }, 'error: Route shop has no spec: left out'],
  ])('that are %j are told of', (object, note) => {
    const result = of(json(object));
    expect(result.configuration.routes).toEqual([]);
    expect(told(result).join('\n')).toContain(note);
  });

  it('of kinds that are not used are counted, not listed', () => {
    const pods = Array.from({ length: 3 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${index}` },
    }));
    expect(told(of(json(...pods)))).toEqual(['0.yaml:1 note: 3 objects of kind Pod: not used']);
  });
});
