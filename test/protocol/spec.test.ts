// Every rule of SPEC.md stands in the title of a test, and every number in a title is a rule.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { rpcErrors } from '../../src/protocol/rpc.ts';

const root = resolve(import.meta.dirname, '../..');
const spec = readFileSync(join(root, 'src/protocol/SPEC.md'), 'utf8');
const rules = [...spec.matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, rule]) => rule!);

const tested = new Set<string>();
for (const folder of ['protocol', 'client', 'runtime']) {
  for (const file of readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(root, 'test', folder, file), 'utf8');
    for (const [, title] of text.matchAll(/['"`]((?:[A-Z]{2}\d+(?:, )?)+): /g))
      for (const rule of title!.split(', ')) tested.add(rule);
  }
}

it('numbers each rule once', () => {
  expect(rules).toEqual([...new Set(rules)]);
  expect(rules.length).toBeGreaterThan(40);
});

it('has a test for every rule', () => {
  expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
});

it('has a rule for every number in a title', () => {
  expect([...tested].filter((rule) => !rules.includes(rule))).toEqual([]);
});

it('lists every error code', () => {
  const listed = [...spec.matchAll(/^\|\s+(-\d+)\s+\|\s+(\w+)\s+\|/gm)].map(([, code, name]) => [
    name,
    Number(code),
  ]);
  expect(Object.fromEntries(listed)).toEqual(rpcErrors);
});
