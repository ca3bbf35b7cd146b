import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { demoConfiguration } from '../../src/cli/demo/configuration.ts';
import { formatProblems } from '../../src/config/format-problems.ts';
import { planFromText } from '../../src/config/load-plan.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [example = '', access = ''] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);

it.each([
  ["the README's example", example],
  ["the README's control port", `${access}${example.slice(example.indexOf('timeouts:'))}`],
  ["the demo's", demoConfiguration('/tmp/sluice-demo-x', { web: [1, 2, 3], api: [4, 5], db: [6, 7] })],
])('%s is a right configuration', (_, text) => {
  const result = planFromText(text, { file: 'sluice.yaml', folder: '/', runtimeFolder: undefined });
  expect(formatProblems(result, { color: false })).toBe('');
  expect(result.ok).toBe(true);
});
