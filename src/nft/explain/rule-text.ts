// A rule as nft writes it, on one line: "ip saddr @blocked drop".

import { safe } from '../../domain/safe.ts';
import type { Expression } from '../json.ts';
import type { Rule } from '../ruleset/ruleset.ts';
import { quotedText, unknownText, type Writing } from './expression-text.ts';
import { statementText } from './statement-text.ts';

const longest = 2_000;

export interface TextOptions {
  /** Elements of an anonymous set or map; default 8. */
  readonly most?: number;
}

/** Safe. What nobody here knows is JSON in ⟨ ⟩. */
export function ruleText(
  { expressions, comment }: Pick<Rule, 'expressions' | 'comment'>,
  options: TextOptions = {},
): string {
  const writing: Writing = { known: true, most: options.most ?? 8, room: roomFor(options.most) };
  const words = expressions.map((expression) => wordsOf(expression, writing));
  if (comment !== undefined) words.push(`comment ${quotedText(comment)}`);
  return safe(words.join(' '), options.most === undefined ? longest : undefined);
}

/** Of a rule, all of whose elements are wanted, more. */
const roomFor = (most = 8): number => 500 + most * 4;

/** One statement alone, and whether it is of a known form. Safe. */
export function oneStatementText(expression: Expression): { readonly text: string; readonly known: boolean } {
  const writing: Writing = { known: true, most: 8, room: roomFor(8) };
  return { text: safe(wordsOf(expression, writing), 300), known: writing.known };
}

function wordsOf(expression: Expression, writing: Writing): string {
  return statementText(expression, writing) ?? unknownText(expression, writing);
}
