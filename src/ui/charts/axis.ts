// The numbers beside a chart: a top that gives round steps, and a scale that keeps the labels short.

export interface Axis {
  /** Top of the axis, in scaled values. */
  readonly top: number;
  readonly steps: number;
  /** What values are divided by, so that a label has four digits at most: 1, 1,000, 1,000,000 … */
  readonly scale: number;
  /** "k", "M" …; "" for 1. */
  readonly prefix: string;
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** The lowest top that holds the largest value in round steps; contrib prints whole numbers, below a step of one hundredths. */
export function axisFor(largest: number, rows: number): Axis {
  const peak = Number.isFinite(largest) && largest > 0 ? largest : 1;
  const power = Math.max(0, Math.min(prefixes.length - 1, Math.floor(Math.log10(peak / 10) / 3)));
  const scale = 1000 ** power;
  const mostSteps = Math.max(1, Math.min(5, Math.floor(rows / 2) - 1));
  let best = { top: Number.POSITIVE_INFINITY, steps: 1 };
  for (let steps = Math.min(2, mostSteps); steps <= mostSteps; steps++) {
    const top = roundStep(peak / scale / steps) * steps;
    // Of two equally low ones the finer.
    if (top <= best.top * (1 + 1e-9)) best = { top, steps };
  }
  return { top: Number(best.top.toPrecision(12)), steps: best.steps, scale, prefix: prefixes[power] ?? '' };
}

/** The next number up that is easy to read and printed exactly: 0.05, 0.25, 2, 25, 400 … */
function roundStep(least: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(least, 0.01)));
  const quarters = magnitude >= 10 || magnitude === 0.1 ? [2.5] : [];
  const factors = [1, 2, ...quarters, 3, 4, 5, 10];
  return magnitude * (factors.find((factor) => factor * magnitude >= least * (1 - 1e-9)) ?? 10);
}
