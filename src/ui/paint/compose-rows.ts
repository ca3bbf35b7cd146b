// A frame to the strings the terminal gets: each row painted, charts laid into the places left for them.

import type { Size } from '../../console/console.ts';
import type { ChartSlot, Frame, Line, Span } from '../../console/frame.ts';
import { cutSpans, type PlacedSpan, paintSpans, placeSpans, widthOfSpans } from './paint-line.ts';
import type { Palette } from './palette.ts';

/** The rows of a chart, each exactly as wide as its slot; undefined while it cannot be drawn yet. */
export type DrawChart = (slot: ChartSlot, index: number) => readonly Line[] | undefined;

/** Exactly `size.rows` strings, none wider than `size.columns`. */
export function composeRows(frame: Frame, size: Size, palette: Palette, drawChart: DrawChart): string[] {
  const rows = Array.from({ length: size.rows }, (_, row) =>
    placeSpans(frame.lines[row] ?? { spans: [] }, size.columns),
  );
  frame.charts.forEach((slot, index) => {
    const chart = drawChart(slot, index);
    if (chart === undefined) return;
    for (let row = 0; row < slot.height; row++) {
      const under = rows[slot.top + row];
      const over = chart[row];
      if (under !== undefined && over !== undefined) rows[slot.top + row] = layOver(under, over.spans, slot);
    }
  });
  return rows.map((spans) => paintSpans(cutSpans(spans, 0, size.columns), palette));
}

function layOver(
  under: readonly PlacedSpan[],
  over: readonly Span[],
  { left, width }: ChartSlot,
): PlacedSpan[] {
  const right = left + width;
  const chart = cutSpans(over, 0, width).map((span) => ({ ...span, selected: false }));
  return [
    ...padSpans(cutSpans(under, 0, left), left),
    ...padSpans(chart, width),
    ...cutSpans(under, right, Number.POSITIVE_INFINITY),
  ];
}

function padSpans(spans: readonly PlacedSpan[], width: number): readonly PlacedSpan[] {
  const missing = width - widthOfSpans(spans);
  return missing > 0 ? [...spans, { text: ' '.repeat(missing), tone: 'text', selected: false }] : spans;
}
