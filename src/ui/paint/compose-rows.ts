// A frame to the strings the terminal gets: each row painted, charts laid into the places left for them.

import type { Size } from '../../console/console.ts';
import type { ChartSlot, Frame, Line, Span } from '../../console/frame.ts';
import { cutSpans, paintLine, widthOfSpans } from './paint-line.ts';
import type { Palette } from './palette.ts';

/** The rows of a chart, each exactly as wide as its slot; undefined while it cannot be drawn yet. */
export type DrawChart = (slot: ChartSlot, index: number) => readonly Line[] | undefined;

/** Exactly `size.rows` strings, none wider than `size.columns`. */
export function composeRows(frame: Frame, size: Size, palette: Palette, drawChart: DrawChart): string[] {
  const lines: Line[] = Array.from({ length: size.rows }, (_, row) => frame.lines[row] ?? { spans: [] });
  frame.charts.forEach((slot, index) => {
    const chart = drawChart(slot, index);
    if (chart === undefined) return;
    for (let row = 0; row < slot.height; row++) {
      const under = lines[slot.top + row];
      const over = chart[row];
      if (under !== undefined && over !== undefined) lines[slot.top + row] = layOver(under, over.spans, slot);
    }
  });
  return lines.map((line) => paintLine(line, size.columns, palette));
}

function layOver(under: Line, over: readonly Span[], { left, width }: ChartSlot): Line {
  const right = left + width;
  return {
    ...under,
    spans: [
      ...padSpans(cutSpans(under.spans, 0, left), left),
      ...padSpans(cutSpans(over, 0, width), width),
      ...cutSpans(under.spans, right, Number.POSITIVE_INFINITY),
    ],
  };
}

function padSpans(spans: readonly Span[], width: number): readonly Span[] {
  const missing = width - widthOfSpans(spans);
  return missing > 0 ? [...spans, { text: ' '.repeat(missing), tone: 'text' }] : spans;
}
