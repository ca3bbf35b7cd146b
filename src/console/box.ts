// A box around lines, and one picture laid over another: for what lies over a screen for a moment.

import type { ChartSlot, Line, Span } from './frame.ts';
import { graphemesOf } from './graphemes.ts';
import type { Area } from './layout.ts';
import { fill, span, within } from './spans.ts';
import { widthOf } from './text.ts';

/** Lines of exactly `width` cells; the content is set one cell off the border. */
export function boxed(title: string, content: readonly Line[], width: number): Line[] {
  const head = within([span(`┌ `, 'border'), span(title, 'title', true), span(' ', 'border')], width - 1);
  const used = head.reduce((sum, { text }) => sum + widthOf(text), 0);
  return [
    { spans: [...head, span(`${'─'.repeat(Math.max(0, width - used - 1))}┐`, 'border')] },
    ...content.map((item) => ({
      ...item,
      spans: [span('│ ', 'border'), ...fill(item.spans, Math.max(0, width - 4)), span(' │', 'border')],
    })),
    { spans: [span(`└${'─'.repeat(Math.max(0, width - 2))}┘`, 'border')] },
  ];
}

/** What is left of a line behind its first `cells` cells; a wide glyph on the edge becomes a blank. */
export function skipCells(spans: readonly Span[], cells: number): Span[] {
  const kept: Span[] = [];
  let left = cells;
  for (const item of spans) {
    const width = widthOf(item.text);
    if (left >= width) {
      left -= width;
      continue;
    }
    if (left === 0) {
      kept.push(item);
      continue;
    }
    let rest = '';
    for (const { segment } of graphemesOf(item.text)) {
      const size = widthOf(segment);
      if (left <= 0) rest += segment;
      else if (size > left) rest += ' '.repeat(size - left);
      left -= Math.min(left, size);
    }
    kept.push({ ...item, text: rest });
  }
  return kept;
}

/** `over` on top of `under`, its first line at `top`, `left` cells in. The rows it touches lose their highlight. */
export function overlaid(under: readonly Line[], over: readonly Line[], { left, top, width }: Area): Line[] {
  return under.map((item, row) => {
    const cover = over[row - top];
    if (cover === undefined) return item;
    return {
      spans: [...fill(item.spans, left), ...fill(cover.spans, width), ...skipCells(item.spans, left + width)],
    };
  });
}

/** A chart cannot be drawn beneath something: those that are touched are left out. */
export function chartsBeside(charts: readonly ChartSlot[], { left, top, width, height }: Area): ChartSlot[] {
  return charts.filter(
    (slot) =>
      slot.left >= left + width ||
      slot.left + slot.width <= left ||
      slot.top >= top + height ||
      slot.top + slot.height <= top,
  );
}
