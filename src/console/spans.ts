// Lines built from toned spans. `span` is the only gate through which text reaches a frame, so it makes all text safe.

import { safe } from '../domain/safe.ts';
import type { ChartSlot, Line, Span, Tone } from './frame.ts';
import { cut, widthOf } from './text.ts';

/** No screen is as wide; what is longer was not meant to be read. */
const longestText = 2_000;

export function span(text: string, tone: Tone = 'text', bold = false): Span {
  const shown = safe(text, longestText);
  return bold ? { text: shown, tone, bold } : { text: shown, tone };
}

export const muted = (text: string): Span => span(text, 'muted');

export const blank: Line = { spans: [] };

export function line(...spans: readonly Span[]): Line {
  return { spans };
}

export function spansWidth(spans: readonly Span[]): number {
  let width = 0;
  for (const { text } of spans) width += widthOf(text);
  return width;
}

/** At most `width` cells; the span that crosses the edge is cut with "…", those behind it are left out. */
export function within(spans: readonly Span[], width: number): Span[] {
  if (spansWidth(spans) <= width) return [...spans];
  const kept: Span[] = [];
  let left = width;
  for (const [index, item] of spans.entries()) {
    const size = widthOf(item.text);
    if (size < left || (size === left && index === spans.length - 1)) {
      kept.push(item);
      left -= size;
      continue;
    }
    // One cell more than fits, so that `cut` knows that something is missing.
    const text = size === left ? cut(`${item.text} `, left) : cut(item.text, left);
    if (text !== '') kept.push({ ...item, text });
    break;
  }
  return kept;
}

/** Exactly `width` cells. */
export function fill(spans: readonly Span[], width: number, align: 'left' | 'right' = 'left'): Span[] {
  const kept = within(spans, width);
  const room = width - spansWidth(kept);
  if (room <= 0) return kept;
  const gap: Span = { text: ' '.repeat(room), tone: 'text' };
  return align === 'left' ? [...kept, gap] : [gap, ...kept];
}

/** `left` from the left edge, `right` up to the right edge; where both do not fit, the left one is cut. */
export function apart(left: readonly Span[], right: readonly Span[], width: number): Line {
  const tail = within(right, width);
  const room = width - spansWidth(tail);
  return {
    spans: [
      ...fill(left, Math.max(0, tail.length > 0 ? room - 1 : room)),
      ...(tail.length > 0 && room > 0 ? [{ text: ' ', tone: 'text' } as const] : []),
      ...tail,
    ],
  };
}

/** The same words, greyed: what is shown is not the present. Signs keep their shapes, so that nothing is lost. */
export function staled(item: Line): Line {
  return { ...item, spans: item.spans.map(({ text }) => ({ text, tone: 'stale' })) };
}

/** A chart of what was last seen: its shape stays, its colours go. */
export function staledChart(slot: ChartSlot): ChartSlot {
  const { chart } = slot;
  if (chart.kind !== 'line') return slot;
  return {
    ...slot,
    chart: { ...chart, series: chart.series.map((series) => ({ ...series, tone: 'stale' })) },
  };
}

export function selectedWhen(selected: boolean, item: Line): Line {
  return selected ? { ...item, selected: true } : item;
}
