// Where the system's Node is too old, bin/sluice.js stands between the operator and the runtime: each signal must get through.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('passes every signal that `sluice run` knows on to the Node that runs it', () => {
  const known = [...text('src/cli/run.ts').matchAll(/process\.on\('(SIG\w+)'/g)].map(([, signal]) => signal);
  const forwarded = /for \(const signal of \[([^\]]*)\]/.exec(text('bin/sluice.js'))?.[1] ?? '';
  expect(known).toContain('SIGUSR2');
  expect(known.filter((signal) => !forwarded.includes(`'${signal}'`))).toEqual([]);
});
