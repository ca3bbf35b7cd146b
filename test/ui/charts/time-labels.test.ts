import { describe, expect, it } from 'vitest';
import { leftPadding, timeLabels } from '../../../src/ui/charts/time-labels.ts';

const ago = (seconds: number) =>
  Array.from({ length: seconds }, (_, index) => (index === seconds - 1 ? 'now' : `-${seconds - 1 - index}s`));
const row = (labels: readonly string[], width: number) =>
  timeLabels(labels, width, 5)
    .spans.map(({ text }) => text)
    .join('');

describe('the times under a chart', () => {
  it.each([
    [60, 40, '     -50s  -40s  -30s  -20s   -10s now'],
    [60, 100, /-55s +-50s +.*-5s +now$/],
    [180, 60, /^ +-150s +-120s +-90s +-60s +-30s +now$/],
    [60, 12, /^ *(-30s +)?now$/],
  ])('%d seconds in %d columns count from now', (seconds, width, expected) => {
    const shown = row(ago(seconds), width);
    expect(shown).toHaveLength(width);
    if (typeof expected === 'string') expect(shown.trim()).toBe(expected.trim());
    else expect(shown).toMatch(expected);
  });

  it.each([[[]], [['']], [['', '', 'x']]])('takes %j', (labels) => {
    expect(row(labels, 10)).toHaveLength(10);
  });

  it('leaves the room that contrib leaves for the numbers of the axis', () => {
    expect(leftPadding({ top: 80, steps: 4, scale: 1, prefix: '' }, 5)).toBe(5);
    expect(leftPadding({ top: 2_000, steps: 4, scale: 1, prefix: '' }, 5)).toBe(8);
    expect(leftPadding({ top: 0.3, steps: 3, scale: 1, prefix: '' }, 5)).toBe(8);
  });
});
