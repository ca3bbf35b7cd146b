// Shapes made of block characters: a sparkline for "how did it go", a bar for "how much of the whole".

/** Without the full block: it would touch the shape on the line above. */
const steps = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * The newest `width` values, newest at the right edge; a gap (null) stays blank. The scale starts at zero, so that
 * a small wobble of a big number does not look like an event, and `least` keeps a quiet line flat.
 */
export function sparkline(values: readonly (number | null)[], width: number, least = 1): string {
  const shown = values.slice(-width);
  const top = shown.reduce<number>((most, value) => Math.max(most, value ?? 0), least);
  const text = shown
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return ' ';
      return steps[Math.min(steps.length - 1, Math.max(0, Math.round((value / top) * (steps.length - 1))))]!;
    })
    .join('');
  return text.padStart(width);
}

/** A bar of exactly `width` cells, filled to the eighth of a cell. */
export function bar(portion: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, Number.isFinite(portion) ? portion : 0)) * width * 8);
  const whole = '█'.repeat(Math.floor(filled / 8)) + eighths[filled % 8]!;
  return whole.padEnd(width);
}
