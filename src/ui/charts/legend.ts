// The line above a chart: its title, what the colours mean, and the newest value of each.

import type { Chart, Line, Span } from '../../console/frame.ts';
import { cutSpans, widthOfSpans } from '../paint/paint-line.ts';

type LineChart = Extract<Chart, { kind: 'line' }>;

/** What the colours mean is more than the whole of the title; the names of series that do not fit are left out. */
export function legendLine(chart: LineChart, prefix: string, width: number): Line {
  const unit = `${prefix}${chart.unit}`;
  const spans: Span[] = [{ text: chart.title, tone: 'title' }];
  if (unit !== '') spans.push({ text: ` ${unit}`, tone: 'muted' });
  const entries = chart.series.flatMap<Span>((series) => [
    { text: '  ━ ', tone: series.tone },
    { text: series.name, tone: 'muted' },
  ]);
  const room = Math.max(width - widthOfSpans(entries), Math.min(width, leastTitle));
  const title = widthOfSpans(spans) <= room ? spans : [...cutSpans(spans, 0, room - 1), ellipsis];
  return { spans: cutSpans([...title, ...entries], 0, width) };
}

const leastTitle = 12;
const ellipsis: Span = { text: '…', tone: 'muted' };
