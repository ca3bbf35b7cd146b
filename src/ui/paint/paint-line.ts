// Toned spans to one ANSI string a row, exactly as wide as it should be, and cutting spans at a column.

import type { Line, Span } from '../../console/frame.ts';
import { graphemesOf, isOneCellEach } from '../../console/graphemes.ts';
import { widthOf } from '../../console/text.ts';
import type { Palette } from './palette.ts';
import { plain, type Style, transition } from './sgr.ts';

/** The spans between two columns. A wide glyph that a cut goes through becomes blanks. */
export function cutSpans<S extends Span>(spans: readonly S[], from: number, to: number): S[] {
  const result: S[] = [];
  let column = 0;
  for (const span of spans) {
    if (column >= to) break;
    const width = widthOf(span.text);
    if (column >= from && column + width <= to) result.push(span);
    else if (column + width > from)
      result.push({ ...span, text: cutText(span.text, from - column, to - column) });
    column += width;
  }
  return result.filter((span) => span.text !== '');
}

export function widthOfSpans(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + widthOf(span.text), 0);
}

/** A span that knows whether it lies in the row under the cursor. */
export interface PlacedSpan extends Span {
  readonly selected: boolean;
}

/** The spans of a line; those of a selected one fill all columns, or the pane it is in. */
export function placeSpans(line: Line, columns: number): PlacedSpan[] {
  const selectedTo = line.selected === true ? Math.min(line.selectedTo ?? columns, columns) : 0;
  const part = (from: number, to: number, selected: boolean) =>
    cutSpans(line.spans, from, to).map((span) => ({ ...span, selected }));
  const inside = part(0, selectedTo, true);
  const missing = selectedTo - widthOfSpans(inside);
  if (missing > 0) inside.push({ text: ' '.repeat(missing), tone: 'text', selected: true });
  return [...inside, ...part(selectedTo, columns, false)];
}

/** One row: never wider than `columns`; a selected one fills them. */
export function paintLine(line: Line, columns: number, palette: Palette): string {
  return paintSpans(placeSpans(line, columns), palette);
}

export function paintSpans(spans: readonly PlacedSpan[], palette: Palette): string {
  let text = '';
  let style = plain;
  let active = plain;
  const change = (next: Style) => {
    if (next === style) return;
    const { sequence, active: now } = transition(active, next);
    text += sequence;
    style = next;
    active = now;
  };
  for (const span of spans) {
    change(palette.style(span.tone, span.selected, span.bold === true));
    text += span.text;
  }
  change(plain);
  return text;
}

function cutText(text: string, from: number, to: number): string {
  if (isOneCellEach(text)) return text.slice(Math.max(0, from), Math.max(0, to));
  let result = '';
  let column = 0;
  for (const { segment } of graphemesOf(text)) {
    const end = column + widthOf(segment);
    if (column >= to) break;
    if (column >= from && end <= to) result += segment;
    else result += ' '.repeat(Math.max(0, Math.min(end, to) - Math.max(column, from)));
    column = end;
  }
  return result;
}
