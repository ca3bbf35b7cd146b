// A line chart of blessed-contrib as toned lines. What is not known is a gap in the line, not a zero.

import type { Chart, Line } from '../../console/frame.ts';
import { axisFor } from './axis.ts';
import type { Contrib } from './contrib.ts';
import { legendLine } from './legend.ts';
import { createPanel, numberOfTone, type OffScreenPanel } from './off-screen-panel.ts';
import { leftPadding, timeLabels } from './time-labels.ts';

type LineChart = Extract<Chart, { kind: 'line' }>;
type LineWidget = ReturnType<Contrib['line']>;

export interface ChartPanel<C> {
  draw(chart: C): Line[];
  dispose(): void;
}

/** What contrib's line widget keeps free at the right and at the bottom, for a border we do not draw. */
const margin = { right: 6, bottom: 3 };
/** At the left, in dots. */
const leastPadding = 5;

export function createLinePanel(contrib: Contrib, width: number, height: number): ChartPanel<LineChart> {
  let panel: OffScreenPanel<LineWidget> | undefined;
  let shape = '';
  return {
    draw(chart) {
      const values = chart.series.flatMap((series) => series.values.filter((value) => value !== null));
      const axis = axisFor(Math.max(0, ...values.filter(Number.isFinite)), height - 1);
      // The axis is an option of the widget, which reads it as it is made.
      if (panel === undefined || shape !== `${axis.top}/${axis.steps}`) {
        panel?.dispose();
        shape = `${axis.top}/${axis.steps}`;
        panel = createPanel(contrib, width, height - 1, margin, (size) =>
          contrib.line({
            ...size,
            left: 0,
            top: 0,
            minY: 0,
            maxY: axis.top,
            numYLabels: axis.steps,
            xPadding: leastPadding,
            xLabelPadding: 3,
            showLegend: false,
            style: {
              line: numberOfTone('accent'),
              text: numberOfTone('muted'),
              baseline: numberOfTone('border'),
            },
          }),
        );
        keepToThePicture(panel.widget);
      }
      const points = Math.max(2, chart.labels.length, ...chart.series.map((series) => series.values.length));
      const labels = Array.from({ length: points }, (_, index) => chart.labels[index] ?? '');
      const blank = labels.map(() => '');
      const series = chart.series.length > 0 ? chart.series : [emptySeries];
      panel.widget.setData(
        series.map(({ name, tone, values }) => ({
          title: name,
          x: blank,
          y: labels.map((_, index) => {
            const value = values[index];
            return typeof value === 'number' && Number.isFinite(value) ? value / axis.scale : Number.NaN;
          }),
          style: { line: numberOfTone(tone) },
        })),
      );
      return [
        legendLine(chart, axis.prefix, width),
        ...panel.lines().slice(0, -1),
        timeLabels(labels, width, leftPadding(axis, leastPadding)),
      ];
    },
    dispose() {
      panel?.dispose();
      panel = undefined;
    },
  };
}

const emptySeries: LineChart['series'][number] = { name: '', tone: 'muted', values: [] };

/**
 * Contrib draws one unbroken line through all values: a NaN is made to lift the pen. And it draws everything two dots too
 * high, to keep the line apart from the axis: what would leave the picture at the top is kept inside.
 */
function keepToThePicture({ ctx }: LineWidget): void {
  const lineTo = ctx.lineTo.bind(ctx);
  let lifted = false;
  ctx.lineTo = (x, y) => {
    if (Number.isNaN(y)) {
      lifted = true;
      return;
    }
    // A point between two gaps is still a point.
    const inside = Math.max(0, y);
    if (lifted) ctx.moveTo(x, inside);
    lifted = false;
    lineTo(x, inside);
  };
}
