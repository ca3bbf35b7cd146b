// What a view function gives: lines for its area, places for charts (relative to it), and the text cursor.

import type { ChartSlot, Line } from './frame.ts';
import { blank, fill, span } from './spans.ts';

export interface Block {
  readonly lines: readonly Line[];
  readonly charts?: readonly ChartSlot[];
  readonly cursor?: { readonly column: number; readonly row: number };
}

/** Exactly `height` lines. */
export function toHeight(lines: readonly Line[], height: number): Line[] {
  const kept = lines.slice(0, Math.max(0, height));
  while (kept.length < height) kept.push(blank);
  return kept;
}

/** Two panes side by side with a border; a selected row is highlighted in its own pane only. */
export function besides(
  left: readonly Line[],
  leftWidth: number,
  right: readonly Line[],
  height: number,
): Line[] {
  const lefts = toHeight(left, height);
  const rights = toHeight(right, height);
  return lefts.map((item, row) => ({
    ...item,
    ...(item.selected === true ? { selectedTo: leftWidth } : {}),
    spans: [...fill(item.spans, leftWidth), { text: '│', tone: 'border' }, ...rights[row]!.spans],
  }));
}

/** Text that may be longer than its place: the part from `top` on, with a word about what is below. */
export function scrolledPart(lines: readonly Line[], top: number, height: number): Line[] {
  const below = lines.length - top - height;
  if (below <= 0) return lines.slice(top, top + height);
  const more = span(` ▾ ${below + 1} more lines, j or PgDn`, 'muted');
  return [...lines.slice(top, top + height - 1), { spans: [more] }];
}
