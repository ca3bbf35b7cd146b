// The charts of the Overview: traffic by class of answer, latency percentiles, connections; each over the same time.

import type { HistoryPoint } from '../../domain/sample.ts';
import type { Chart, ChartSlot } from '../frame.ts';
import { type Area, stacked } from '../layout.ts';
import { secondly } from '../traffic.ts';
import type { View } from '../view.ts';

const leastHeight = 7;
const leastWidth = 24;

/** As many charts as there is room for, the most telling first. */
export function chartSlots(view: View, area: Area): ChartSlot[] {
  if (area.width < leastWidth || area.height < leastHeight) return [];
  const seconds = area.width >= 90 ? 180 : area.width >= 50 ? 120 : 60;
  const charts = [requestsChart(view, seconds), latencyChart(view, seconds), connectionsChart(view, seconds)];
  const shown = charts.slice(0, Math.max(1, Math.min(charts.length, Math.floor(area.height / leastHeight))));
  return stacked(area, shown.length).map((place, index) => ({ ...place, chart: shown[index]! }));
}

function requestsChart(view: View, seconds: number): Chart {
  const byClass = (...classes: number[]) =>
    past(
      view,
      seconds,
      ({ totals }) => totals.status && classes.reduce((sum, index) => sum + totals.status![index]!, 0),
    );
  return {
    kind: 'line',
    title: 'requests',
    unit: '/s',
    labels: labels(seconds),
    series: [
      { name: '2xx 3xx', tone: 'good', values: byClass(1, 2) },
      { name: '4xx', tone: 'warning', values: byClass(3) },
      { name: '5xx', tone: 'bad', values: byClass(4) },
    ],
  };
}

function latencyChart(view: View, seconds: number): Chart {
  const of = (which: 'p50' | 'p99') =>
    past(view, seconds, ({ totals }) => (totals.latency === null ? null : totals.latency[which] / 1000));
  return {
    kind: 'line',
    title: 'latency',
    unit: 'ms',
    labels: labels(seconds),
    series: [
      { name: 'p50', tone: 'accent', values: of('p50') },
      { name: 'p99', tone: 'warning', values: of('p99') },
    ],
  };
}

function connectionsChart(view: View, seconds: number): Chart {
  return {
    kind: 'line',
    title: 'connections',
    unit: '',
    labels: labels(seconds),
    series: [
      { name: 'open', tone: 'accent', values: past(view, seconds, ({ totals }) => totals.connections) },
      { name: 'idle', tone: 'muted', values: past(view, seconds, ({ totals }) => totals.idle) },
    ],
  };
}

function past(view: View, seconds: number, value: (point: HistoryPoint) => number | null) {
  return secondly(view.traffic.past, view.now, seconds, value);
}

/** "-60s" … "now". */
function labels(seconds: number): string[] {
  return Array.from({ length: seconds }, (_, index) => {
    const ago = seconds - 1 - index;
    return ago === 0 ? 'now' : `-${ago}s`;
  });
}
