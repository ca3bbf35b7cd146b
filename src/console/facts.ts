// Details as "word   what is so": the second column stands in one line, and long text wraps under itself.

import { safe } from '../domain/safe.ts';
import type { Line, Span } from './frame.ts';
import { line, muted, span } from './spans.ts';
import { padEnd, wrap } from './text.ts';

export const wordWidth = 11;

export function fact(word: string, ...what: readonly Span[]): Line {
  return line(muted(` ${padEnd(word, wordWidth)}`), ...what);
}

/** Text of any length, over as many lines as it takes. */
export function longFact(word: string, text: string, width: number, tone: Span['tone'] = 'text'): Line[] {
  // Escaped before it is measured: an escape is longer than what it stands for.
  const lines = wrap(safe(text, 4_000), Math.max(10, width - wordWidth - 2));
  return lines.map((part, index) => fact(index === 0 ? word : '', span(part, tone)));
}

export function heading(text: string): Line {
  return line(span(` ${text}`, 'title', true));
}
