// The line above a chart: its title, what the colours mean, and the newest value of each.

import type { Chart, Line, Span } from '../../console/frame.ts';
import { cutSpans, widthOfSpans } from '../paint/paint-line.ts';

type LineChart = Extract<Chart, { kind: 'line' }>;

/** As many names of series as fit; the title always. */
export function legendLine(chart: LineChart, prefix: string, width: number): Line {
  const unit = `${prefix}${chart.unit}`;
  const spans: Span[] = [{ text: chart.title, tone: 'title' }];
  if (unit !== '') spans.push({ text: ` ${unit}`, tone: 'muted' });
  for (const series of chart.series) {
    const entry: Span[] = [
      { text: '  ━ ', tone: series.tone },
      { text: series.name, tone: 'muted' },
    ];
    if (widthOfSpans(spans) + widthOfSpans(entry) > width) break;
    spans.push(...entry);
  }
  return { spans: cutSpans(spans, 0, width) };
}
