// The labels under a line chart: contrib takes every n-th from the left, which gives "-59s"; these count from the newest.

import type { Line, Span } from '../../console/frame.ts';
import { widthOfSpans } from '../paint/paint-line.ts';
import type { Axis } from './axis.ts';

const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1_200, 3_600];

/** What contrib sets aside at the left for the numbers of the axis, in dots; two dots are a cell. */
export function leftPadding({ top, steps: count }: Axis, least: number): number {
  const digits = top.toFixed(top / count < 1 ? 2 : 0).length;
  return Math.max(least, digits * 2);
}

/** One row: labels under their points, as many as stand apart. */
export function timeLabels(labels: readonly string[], width: number, padding: number): Line {
  const columnOf = (index: number) =>
    Math.floor((((2 * width - padding) / labels.length) * index + padding + 2) / 2);
  const widest = Math.max(1, ...labels.map((label) => widthOf(label)));
  const apart = (step: number) => columnOf(step) - columnOf(0) >= widest + 2;
  const step = steps.find(apart);
  const spans: Span[] = [];
  // Placed from the right, where the newest is: what does not fit is the oldest.
  let free = width;
  for (let index = labels.length - 1; step !== undefined && index >= 0; index -= step) {
    const label = labels[index] ?? '';
    const size = widthOf(label);
    const start = Math.min(columnOf(index) - Math.floor(size / 2), free - size);
    if (size === 0 || start < padding / 2) continue;
    spans.unshift({ text: label, tone: 'muted' }, { text: ' '.repeat(free - start - size), tone: 'text' });
    free = start;
  }
  return { spans: [{ text: ' '.repeat(free), tone: 'text' }, ...spans] };
}

function widthOf(text: string): number {
  return widthOfSpans([{ text, tone: 'text' }]);
}
