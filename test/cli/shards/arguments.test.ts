import { describe, expect, it } from 'vitest';
import { overriddenArgument } from '../../../src/cli/options.ts';
import {
  instancesArgument,
  labelArgument,
  relabelOption,
  removeOption,
  scaleOption,
  selectOption,
  selectorArgument,
  shardArgument,
  weightOption,
} from '../../../src/cli/shards/arguments.ts';

describe('labels', () => {
  it('are set, and taken away, one after another', () => {
    const first = labelArgument('sharded=true');
    expect(labelArgument('legacy-', first)).toEqual({ sharded: 'true', legacy: null });
    expect(labelArgument('example.com/tier=')).toEqual({ 'example.com/tier': '' });
  });

  it.each([
    ['sharded', 'Write KEY=VALUE to set a label, KEY- to take it away.'],
    ['=true', 'The key, before "=": a label needs a name.'],
    ['-', 'The key, before the last "-": a label needs a name.'],
    ['a b=c', 'The key, before "=": '],
    ['Example.com/a=c', 'The key, before "=": the prefix of a label is a DNS name in lower case.'],
    ['a=b c', 'The value, behind "=": '],
    [`a=${'x'.repeat(64)}`, 'The value, behind "=": a label\'s value has at most 63 characters.'],
    ['a=b=c', 'The value, behind "=": '],
  ])('"%s" is none', (text, message) => expect(() => labelArgument(text)).toThrow(message));

  it('are named once', () => {
    expect(() => labelArgument('a-', { a: 'b' })).toThrow('a is named twice.');
  });
});

describe('selectors', () => {
  it('are written as kubectl has them; nothing is all routes', () => {
    expect(selectorArgument('sharded=true')).toEqual({ matchLabels: { sharded: 'true' } });
    expect(selectorArgument('tier in (a, b),!legacy')).toEqual({
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'legacy', operator: 'DoesNotExist' },
      ],
    });
    expect(selectorArgument('')).toBeNull();
    expect(selectorArgument('  ')).toBeNull();
  });

  it('what is wrong is told with its place', () => {
    expect(() => selectorArgument('sharded=true,tier in a')).toThrow(/^At character 22: .*kubectl/);
  });
});

describe('changes of a plan', () => {
  it('come one after another', () => {
    const one = scaleOption('default=3');
    expect(scaleOption('sharded=1', one)).toEqual([
      { kind: 'scale', shard: 'default', instances: 3 },
      { kind: 'scale', shard: 'sharded', instances: 1 },
    ]);
  });

  it('names may hold a colon, labels and selectors do not', () => {
    expect(relabelOption('bank:shop:sharded=true,legacy-')).toEqual([
      { kind: 'relabel', route: 'bank:shop', labels: { sharded: 'true', legacy: null } },
    ]);
    expect(selectOption('a:b:tier notin (gold)')).toEqual([
      {
        kind: 'select',
        shard: 'a:b',
        routeSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold'] }] },
      },
    ]);
    expect(selectOption('sharded:')).toEqual([{ kind: 'select', shard: 'sharded', routeSelector: null }]);
  });

  it('servers', () => {
    expect(weightOption('web/app1=50')).toEqual([{ kind: 'weight', server: 'web/app1', weight: 50 }]);
    expect(removeOption('web/app1')).toEqual([{ kind: 'remove', server: 'web/app1' }]);
  });

  it.each([
    [scaleOption, 'default', 'Write it as SHARD=INSTANCES, such as default=3.'],
    [scaleOption, '=3', 'Write it as SHARD=INSTANCES'],
    [scaleOption, 'default=0', 'Give a whole number from 1 to 64.'],
    [scaleOption, 'default=65', 'Give a whole number from 1 to 64.'],
    [relabelOption, 'shop', 'Write it as ROUTE:KEY=VALUE,KEY-'],
    [relabelOption, 'shop:', 'Write KEY=VALUE'],
    [relabelOption, 'shop:a=b,a-', 'a is named twice.'],
    [relabelOption, 'a b:a=b', 'Give the name of a route'],
    [selectOption, 'sharded', 'Write it as SHARD:SELECTOR'],
    [selectOption, 'sharded:a in b', 'At character 6'],
    [weightOption, 'web/app1', 'Write it as BACKEND/SERVER=WEIGHT'],
    [weightOption, 'web/app1=257', 'Give a whole number from 0 to 256.'],
    [weightOption, 'app1=1', 'Write it as BACKEND/SERVER'],
    [removeOption, 'app1', 'Write it as BACKEND/SERVER'],
  ] as const)('%o does not take "%s"', (option, text, message) =>
    expect(() => option(text)).toThrow(message),
  );
});

it('a shard has a name, and instances in number', () => {
  expect(shardArgument('default')).toBe('default');
  expect(instancesArgument('64')).toBe(64);
  for (const wrong of ['', 'a/1', 'a b', '\u001b[2J', 'x'.repeat(201)])
    expect(() => shardArgument(wrong)).toThrow('Give the name of a shard');
});

it('what was overridden may be a drift of shape', () => {
  expect(overriddenArgument('default:instances')).toEqual({ drift: 'default:instances' });
  expect(overriddenArgument('a:b:labels')).toEqual({ drift: 'a:b:labels' });
  expect(overriddenArgument('sharded:routeSelector')).toEqual({ drift: 'sharded:routeSelector' });
  expect(overriddenArgument('instances')).toEqual({ route: 'instances' });
});
