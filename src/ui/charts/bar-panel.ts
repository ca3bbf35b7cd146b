// A bar chart of blessed-contrib as toned lines: as many bars as fit, each with its name and value under it.

import type { Chart, Line, Span } from '../../console/frame.ts';
import { cutSpans, widthOfSpans } from '../paint/paint-line.ts';
import type { Contrib } from './contrib.ts';
import type { ChartPanel } from './line-panel.ts';
import { createPanel, numberOfTone, type OffScreenPanel } from './off-screen-panel.ts';

type BarChart = Extract<Chart, { kind: 'bar' }>;
type BarWidget = ReturnType<Contrib['bar']>;

/** What contrib's bar widget keeps free: a border at the right, and its own texts, which run into the bars, at the bottom. */
const margin = { right: 2, bottom: 3 };
const pitches = { narrowest: 7, widest: 14 };
/** Title, values, names. */
const textRows = 3;

export function createBarPanel(contrib: Contrib, width: number, height: number): ChartPanel<BarChart> {
  let panel: OffScreenPanel<BarWidget> | undefined;
  let shape = 0;
  return {
    draw(chart) {
      const title: Line = { spans: cutSpans([{ text: chart.title, tone: 'title' }], 0, width) };
      const bars = chart.bars.slice(0, Math.floor(width / pitches.narrowest));
      if (bars.length === 0 || height < textRows + 2) return [title];
      const pitch = Math.min(pitches.widest, Math.floor(width / bars.length));
      if (panel === undefined || shape !== pitch) {
        panel?.dispose();
        shape = pitch;
        // One row more: contrib never fills the first.
        panel = createPanel(contrib, width, height - textRows + 1, margin, (size) =>
          contrib.bar({
            ...size,
            left: 0,
            top: 0,
            // Contrib wants three cells between bars.
            barWidth: pitch - 3,
            barSpacing: pitch,
            xOffset: 0,
            maxHeight: 1,
            showText: false,
            barBgColor: numberOfTone('bar'),
          }),
        );
      }
      panel.widget.setData({
        titles: bars.map(({ name }) => name),
        data: bars.map(({ value }) => (Number.isFinite(value) && value > 0 ? value : 0)),
      });
      return [
        title,
        ...panel.lines().slice(1),
        { spans: bars.flatMap(({ value }) => cell(shortNumber(value), 'text', pitch)) },
        { spans: bars.flatMap(({ name }) => cell(name, 'muted', pitch)) },
      ];
    },
    dispose() {
      panel?.dispose();
      panel = undefined;
    },
  };
}

let numberText: Intl.NumberFormat | undefined;

/** Made with the first bar: that takes Node longer than a whole frame, which a start should not wait for. */
function shortNumber(value: number): string {
  numberText ??= new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, notation: 'compact' });
  return numberText.format(value);
}

function cell(text: string, tone: Span['tone'], pitch: number): Span[] {
  const width = pitch - 1;
  const fits = widthOfSpans([{ text, tone }]) <= width;
  const spans = fits ? [{ text, tone }] : [...cutSpans([{ text, tone }], 0, width - 1), { text: '…', tone }];
  return [...spans, { text: ' '.repeat(pitch - widthOfSpans(spans)), tone: 'text' }];
}
