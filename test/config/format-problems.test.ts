import { expect, it } from 'vitest';
import { formatProblems } from '../../src/config/format-problems.ts';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'conf/sluice.yaml', folder: '/' };

it('prints where, what, the line with a caret, and the remedy', () => {
  const text = 'shards:\n  - name: default\n    binds: [{ listen: ":0", mode: htp }]\n';
  expect(formatProblems(planFromText(text, place), { color: false })).toBe(`\
conf/sluice.yaml:3:35: error: "htp" is none of http, tcp, tls (shards[0].binds[0].mode)
 3 |     binds: [{ listen: ":0", mode: htp }]
   |                                   ^
   help: did you mean http?

1 error
`);
});

it('prints warnings of a right one, and nothing where there are none', () => {
  const text = 'shards: [{ name: default, binds: [{ listen: ":0", mode: http }] }]\n';
  const result = planFromText(text, place);
  expect(formatProblems(result, { color: false })).toContain(
    'conf/sluice.yaml:1:35: warning: there is no route',
  );
  expect(formatProblems({ ...result, ok: true, warnings: [] } as typeof result, { color: false })).toBe('');
});

it('never prints what a terminal would obey, and keeps the caret under its place', () => {
  const text = `\t# \x1b[2J\nshards: "\x1b\u202e", zzz\n`;
  const printed = formatProblems(planFromText(text, { file: 'a\x1bb', folder: '/' }), { color: false });
  expect(printed).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  expect(printed).toContain('a\\x1bb:');
});

it('shows the part of a long line that matters', () => {
  const text = `runtime: { name: ${'x'.repeat(300)}, naem: y }`;
  const printed = formatProblems(planFromText(text, place), { color: false });
  const rows = printed.split('\n');
  const caretRow = rows.findIndex(
    (row) => row.endsWith('^') && rows[rows.indexOf(row) - 1]!.includes('naem'),
  );
  expect(rows[caretRow - 1]!.indexOf('naem')).toBe(rows[caretRow]!.indexOf('^'));
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThan(140);
});

it('colours only where asked', () => {
  const result = planFromText('', place);
  expect(formatProblems(result, { color: true })).toContain('\x1b[31merror:\x1b[0m');
  expect(formatProblems(result, { color: false })).not.toContain('\x1b');
});

it('does not flood the screen', () => {
  const text = `{${Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join()}}`;
  const printed = formatProblems(planFromText(text, place), { color: false });
  expect(printed).toContain(
    '502 errors, the first 100 shown'.replace('502', printed.match(/(\d+) errors/)![1]!),
  );
  expect(printed.match(/error:/g)).toHaveLength(100);
});

it('never repeats a key that was pasted', () => {
  const pasted = '-----BEGIN PRIVATE KEY-----\\nSECRETSECRET\\n-----END PRIVATE KEY-----';
  for (const text of [
    `certificates: [{ cert: a.pem, key: "${pasted}" }]`,
    `runtime: { name: "${pasted}" }`,
    `shards: [{ name: default, binds: [{ listen: "${pasted}", mode: "${pasted}" }] }]`,
    `certificates:\n- cert: a.pem\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    SECRETSECRET\n`,
  ]) {
    const result = planFromText(text, place);
    expect(result.ok).toBe(false);
    const { source: _, ...told } = result;
    expect(formatProblems(result, { color: false }) + JSON.stringify(told)).not.toContain('SECRET');
  }
});
