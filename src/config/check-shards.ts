// What shards need of each other, and a selector's expressions of their values. Works on raw values, like all of what is
// in references.ts. Which routes a shard serves is told by shard-warnings.ts, from the plan.

import { defaults } from './defaults.ts';
import { at, duplicates, type Found, isThere, items, textOf } from './found.ts';
import type { Finding } from './problem.ts';

export function checkShards(shards: readonly Found[], namespaces: readonly Found[]): Finding[] {
  return [
    ...duplicates(
      'shard',
      shards.map((shard) => at(shard, 'name')),
    ),
    ...duplicates(
      'namespace',
      namespaces.map((namespace) => at(namespace, 'name')),
      () => 'put its labels together',
    ),
    ...secondDefault(shards),
    ...shards.flatMap((shard) =>
      ['routeSelector', 'namespaceSelector'].flatMap((key) =>
        items(at(shard, key, 'matchExpressions')).flatMap(checkExpression),
      ),
    ),
  ];
}

export function shardFigureWarnings(shards: readonly Found[]): Finding[] {
  return shards.flatMap((shard): Finding[] => {
    const [instances, size] = [at(shard, 'instances').value, at(shard, 'tableSize')];
    const count = typeof instances === 'number' ? instances : defaults.instances;
    return typeof size.value === 'number' && size.value < 100 * count
      ? [
          {
            path: size.path,
            message: `with less than 100 slots for each of ${count} instances, some have noticeably more clients than others`,
            remedy: `write ${defaults.tableSize}, or remove it`,
          },
        ]
      : [];
  });
}

function secondDefault(shards: readonly Found[]): Finding[] {
  const [first, ...further] = shards.filter((shard) => at(shard, 'default').value === true);
  const name = first && (textOf(at(first, 'name')) ?? 'an earlier one');
  return further.map((shard) => ({
    path: at(shard, 'default').path,
    message: `the shard "${name}" is the default already: what no other selects can go to one only`,
    remedy: 'remove it from one of them',
  }));
}

function checkExpression(expression: Found): Finding[] {
  const operator = textOf(at(expression, 'operator'));
  const values = at(expression, 'values');
  const count = items(values).length;
  if ((operator === 'In' || operator === 'NotIn') && count === 0 && (!isThere(values) || isList(values)))
    return [
      {
        path: isThere(values) ? values.path : expression.path,
        message: `${operator} needs values`,
        remedy: 'add values: [ … ], or write operator: Exists or DoesNotExist',
      },
    ];
  if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0)
    return [
      {
        path: values.path,
        atKey: true,
        message: `${operator} asks for the key alone, and has no values`,
        remedy: `remove them, or write operator: ${operator === 'Exists' ? 'In' : 'NotIn'}`,
      },
    ];
  return [];
}

function isList({ value }: Found): boolean {
  return Array.isArray(value);
}
