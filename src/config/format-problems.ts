// Problems as a good compiler prints them: where, what, the line with a caret under it, and what would be right.

import { safe } from '../domain/safe.ts';
import { isPem } from './pem-text.ts';
import type { LoadResult, Problem } from './problem.ts';

const widest = 100;
const most = 100;

/** One text with a newline at its end; "" where there is nothing to say. `color`: ANSI colours for a terminal. */
export function formatProblems(result: LoadResult, { color }: { readonly color: boolean }): string {
  const problems = result.ok ? result.warnings : result.errors;
  if (problems.length === 0) return '';
  const lines = result.source.split(/\r?\n/);
  const blocks = problems
    .slice(0, most)
    .map((problem) =>
      formatOne(problem, result.ok, problem.imported ? undefined : lines[(problem.line ?? 0) - 1], color),
    );
  const kind = result.ok ? 'warning' : 'error';
  const count = `${problems.length} ${kind}${problems.length === 1 ? '' : 's'}`;
  return `${blocks.join('\n\n')}\n\n${count}${problems.length > most ? `, the first ${most} shown` : ''}\n`;
}

function formatOne(problem: Problem, warning: boolean, line: string | undefined, color: boolean): string {
  const paint = (code: string, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { file, line: row, column = 1 } = problem;
  const at = row === undefined ? '' : problem.imported ? `:${row}` : `:${row}:${column}`;
  const place = paint('1', `${safe(file)}${at}:`);
  const kind = warning ? paint('33', 'warning:') : paint('31', 'error:');
  const path = problem.path === '' ? '' : paint('2', ` (${safe(problem.path, 120)})`);
  const rows = [`${place} ${kind} ${problem.message}${path}`];
  if (line !== undefined && line.trim() !== '' && !isPem(line)) {
    const gutter = String(row);
    const { text, caret } = excerpt(line.replaceAll('\t', ' '), column);
    rows.push(
      paint('2', ` ${gutter} | `) + text,
      paint('2', ` ${' '.repeat(gutter.length)} | `) + ' '.repeat(caret) + paint(warning ? '33' : '31', '^'),
    );
  }
  if (problem.remedy !== undefined) rows.push(`   ${paint('36', 'help:')} ${problem.remedy}`);
  return rows.join('\n');
}

/** The part of a long line that has the caret in it. Escapes widen what stands before the caret, so it is measured. */
function excerpt(line: string, column: number): { text: string; caret: number } {
  const from = column - 1 > widest - 20 ? column - 1 - Math.floor(widest / 2) : 0;
  const lead = from > 0 ? '…' : '';
  const before = lead + safe(line.slice(from, column - 1));
  const after = safe(line.slice(column - 1), Math.max(20, widest - before.length));
  return { text: before + after, caret: before.length };
}
