// What a screen looks like, without knowing what draws it: lines of toned spans, and places for charts.
// A theme turns a tone into a colour; a tone is a meaning, never a colour.

export const tones = [
  'text',
  'muted',
  'title',
  'accent',
  'key',
  'good',
  'warning',
  'bad',
  'drain',
  'maint',
  'unknown',
  'stale',
  'bar',
  'border',
] as const;

export type Tone = (typeof tones)[number];

export interface Span {
  /** Already safe: no control characters, width as string-width measures it. */
  readonly text: string;
  readonly tone: Tone;
  readonly bold?: boolean;
}

export interface Line {
  readonly spans: readonly Span[];
  /** The row under the cursor: drawn across the whole width. */
  readonly selected?: boolean;
  /** … or as far as the pane it is in: columns from the left. */
  readonly selectedTo?: number;
}

/** A rectangle of the frame that a chart fills; lines leave it blank. Cells, zero-based. */
export interface ChartSlot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly chart: Chart;
}

export type Chart =
  | {
      readonly kind: 'line';
      readonly title: string;
      readonly series: readonly {
        readonly name: string;
        readonly tone: Tone;
        readonly values: readonly (number | null)[];
      }[];
      /** Labels of the x axis, as many as each series has values; thinned by the chart. */
      readonly labels: readonly string[];
      readonly unit: string;
    }
  | {
      readonly kind: 'bar';
      readonly title: string;
      readonly bars: readonly { readonly name: string; readonly value: number }[];
    };

export interface Frame {
  /** Exactly as many as the terminal has rows; none wider than its columns. */
  readonly lines: readonly Line[];
  readonly charts: readonly ChartSlot[];
  /** Where the text cursor blinks, while something is typed. */
  readonly cursor?: { readonly column: number; readonly row: number };
}
