import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatProblems } from '../../src/config/format-problems.ts';
import { planFromText } from '../../src/config/load-plan.ts';

const examples = ['sluice.yaml', 'tls.yaml'].map((name) =>
  readFileSync(join(import.meta.dirname, name), 'utf8'),
);
const pieces = fc.oneof(
  fc.constantFrom(
    '',
    '-1',
    '[]',
    '{}',
    'null',
    '"',
    ':',
    ' ',
    '\n',
    '&a',
    '*a',
    'x: y',
    '99999999999',
    '\x1b',
    '\u202e',
    '😀',
  ),
  fc.string({ maxLength: 5 }),
);

it.each(examples)(
  'whatever is written, the loader answers: a plan, or errors within the text that are safe to print',
  (example) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(example.length), fc.nat(12), pieces), { minLength: 1, maxLength: 4 }),
        (edits) => {
          let text = example;
          for (const [at, remove, insert] of edits)
            text = text.slice(0, at) + insert + text.slice(at + remove);
          const result = planFromText(text, { file: 'sluice.yaml', folder: '/etc/sluice' });
          const printed = formatProblems(result, { color: false });
          expect(printed).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
          if (result.ok) return;
          expect(result.errors.length).toBeGreaterThan(0);
          const lines = text.split('\n');
          for (const { line = 0, column = 0, message } of result.errors) {
            expect(message).not.toBe('');
            expect(line >= 1 && line <= lines.length).toBe(true);
            expect(column >= 1 && column <= lines[line - 1]!.length + 1).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  },
);
