// The line of a filter that is just words, while it is typed: for tables that are wholly here.

import type { Block } from '../block.ts';
import { line, muted, span } from '../spans.ts';
import { shownPart, type TypedText } from '../typed-text.ts';

export function wordFilterLine(typing: TypedText, example: string, width: number): Block {
  const help = muted(typing.text === '' ? `  ${example}` : '  Enter filters, Esc leaves it');
  const { text, column } = shownPart(typing, Math.max(20, width - 36));
  return {
    lines: [line(span(' / ', 'key', true), span(text, 'accent'), help)],
    cursor: { row: 0, column: 3 + column },
  };
}
