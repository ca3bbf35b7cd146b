// Draws the charts of a frame: loads contrib on the first one, keeps a panel for each place, draws again only what changed.

import type { Chart, ChartSlot, Line } from '../../console/frame.ts';
import type { DrawChart } from '../paint/compose-rows.ts';
import { createBarPanel } from './bar-panel.ts';
import type { Contrib } from './contrib.ts';
import { type ChartPanel, createLinePanel } from './line-panel.ts';

export interface ChartPainter {
  readonly draw: DrawChart;
  dispose(): void;
}

export interface ChartPainterOptions {
  readonly load: () => Promise<Contrib>;
  /** Charts can be drawn now that could not be before. */
  readonly onReady: () => void;
  readonly now: () => number;
  /** A chart is drawn again at most this often: most of the bytes of a screen with charts are theirs. */
  readonly refreshMs: number;
}

interface Place {
  readonly shape: string;
  readonly panel: ChartPanel<Chart>;
  content: string;
  drawnAt: number;
  lines: readonly Line[];
}

const smallest = { width: 16, height: 4 };

export function createChartPainter({ load, onReady, now, refreshMs }: ChartPainterOptions): ChartPainter {
  let contrib: Contrib | 'loading' | { readonly failed: string } | undefined;
  const places = new Map<number, Place>();

  function begin(): void {
    contrib = 'loading';
    load().then(
      (loaded) => {
        contrib = loaded;
        onReady();
      },
      (error: unknown) => {
        contrib = { failed: error instanceof Error ? error.message : String(error) };
        onReady();
      },
    );
  }

  function draw(slot: ChartSlot, index: number): readonly Line[] | undefined {
    const { chart, width, height } = slot;
    if (width < smallest.width || height < smallest.height) return undefined;
    if (contrib === undefined) begin();
    if (contrib === undefined || contrib === 'loading') return undefined;
    if ('failed' in contrib) return notice(chart, contrib.failed);
    const shape = `${chart.kind} ${width}x${height}`;
    let place = places.get(index);
    if (place?.shape !== shape) {
      // Panels cannot change their size.
      place?.panel.dispose();
      place = {
        shape,
        panel: panelFor(contrib, slot),
        content: '',
        drawnAt: Number.NEGATIVE_INFINITY,
        lines: [],
      };
      places.set(index, place);
    }
    const content = JSON.stringify(chart);
    // Another title is another chart: it must not show the old one's picture until the refresh is due.
    const due = now() - place.drawnAt >= refreshMs || !place.content.startsWith(titleOf(chart));
    if (`${titleOf(chart)}${content}` === place.content || !due) return place.lines;
    place.content = `${titleOf(chart)}${content}`;
    place.drawnAt = now();
    try {
      place.lines = place.panel.draw(chart);
    } catch (error) {
      // A chart that cannot be drawn must not take the console away from an operator.
      place.lines = notice(chart, error instanceof Error ? error.message : String(error));
    }
    return place.lines;
  }

  return {
    draw,
    dispose() {
      for (const { panel } of places.values()) panel.dispose();
      places.clear();
    },
  };
}

/** A panel is only ever given charts of the kind it was made for: the kind is part of its place's shape. */
function panelFor(contrib: Contrib, { chart, width, height }: ChartSlot): ChartPanel<Chart> {
  switch (chart.kind) {
    case 'line':
      return createLinePanel(contrib, width, height) as ChartPanel<Chart>;
    case 'bar':
      return createBarPanel(contrib, width, height) as ChartPanel<Chart>;
  }
}

function titleOf(chart: Chart): string {
  return `${chart.title}\n`;
}

function notice(chart: Chart, reason: string): readonly Line[] {
  return [
    { spans: [{ text: chart.title, tone: 'title' }] },
    { spans: [{ text: `chart not drawn: ${reason.replaceAll(/\p{Cc}/gu, ' ')}`, tone: 'muted' }] },
  ];
}
