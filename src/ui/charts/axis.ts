// The numbers beside a chart: a top that gives round steps, and a scale that keeps the labels short.

export interface Axis {
  /** Top of the axis, in scaled values. */
  readonly top: number;
  readonly steps: number;
  /** What values are divided by: 1, 1,000, 1,000,000 … */
  readonly scale: number;
  /** "k", "M" …; "" for 1. */
  readonly prefix: string;
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Steps are 1, 2 or 5 times a power of ten; below one they are hundredths, which is what contrib prints. */
export function axisFor(largest: number, rows: number): Axis {
  const steps = Math.max(1, Math.min(5, Math.floor((rows - 2) / 2)));
  const peak = Number.isFinite(largest) && largest > 0 ? largest : 1;
  const power = Math.max(0, Math.min(prefixes.length - 1, Math.floor(Math.log10(peak) / 3)));
  const scale = 1000 ** power;
  const rough = Math.max(peak / scale / steps, 0.01);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * magnitude >= rough * (1 - 1e-9)) ?? 10;
  return { top: round(factor * magnitude * steps), steps, scale, prefix: prefixes[power] ?? '' };
}

/** Away with 0.30000000000000004: contrib counts up to the top in steps and would draw one label too many. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
