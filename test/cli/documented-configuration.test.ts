import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { demoConfiguration } from '../../src/cli/demo/configuration.ts';
import { formatProblems } from '../../src/config/format-problems.ts';
import { planFromText } from '../../src/config/load-plan.ts';
import { configSchema } from '../../src/config/schema.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [example = '', ...others] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
/** What stands alone is a whole configuration; the rest is a part of the first one. */
const whole = (text: string) =>
  text.includes('shards:') ? text : `${text}${example.slice(example.indexOf('timeouts:'))}`;

const demoPorts = {
  web: [
    { plain: 1, tls: 2 },
    { plain: 3, tls: 4 },
  ],
  api: [{ plain: 5, tls: 6 }],
  pay: [{ plain: 7, tls: 8 }],
  tickets: [
    { plain: 11, tls: 12 },
    { plain: 13, tls: 14 },
  ],
  media: [{ plain: 15 }],
  legacy: [{ plain: 9 }],
  db: [{ plain: 10 }],
};

it.each([
  ["the README's example", example],
  ...others.map((text): [string, string] => [`the README's part "${text.slice(0, 40)}"`, whole(text)]),
  ["the demo's", demoConfiguration('/tmp/sluice-demo-x', demoPorts)],
])('%s is a right configuration', (_, text) => {
  const result = planFromText(text, { file: 'sluice.yaml', folder: '/', runtimeFolder: undefined });
  expect(formatProblems(result, { color: false })).toBe('');
  expect(result.ok).toBe(true);
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
}
const rows = [...readme.matchAll(/^\| `([\w.[\]]+)` +\| (?:`(.+?)`)? +\|/gm)].filter(([, key]) =>
  key!.includes('.'),
);

it('the README has a table of keys', () => expect(rows.length).toBeGreaterThan(5));

it.each(rows.map(([, key, value]) => [key!, value] as const))(
  'the README tells the default of %s',
  (key, value) => {
    const steps = key.replaceAll('[]', '.items').split('.');
    const found = steps.reduce<Schema | undefined>(
      (schema, step) => (step === 'items' ? schema?.items : schema?.properties?.[step]),
      configSchema() as Schema,
    );
    expect(found).toBeDefined();
    expect(found?.default).toEqual(value === undefined ? undefined : JSON.parse(value));
  },
);
