import stringWidth from 'string-width';
import { afterEach, describe, expect, it } from 'vitest';
import type { Chart, ChartSlot, Line } from '../../../src/console/frame.ts';
import { createBarPanel } from '../../../src/ui/charts/bar-panel.ts';
import { createChartPainter } from '../../../src/ui/charts/chart-painter.ts';
import { loadContrib } from '../../../src/ui/charts/contrib.ts';
import { createLinePanel } from '../../../src/ui/charts/line-panel.ts';

const listenersBefore = listenerCounts();
const contrib = await loadContrib();
const disposers: (() => void)[] = [];
afterEach(() => {
  for (const dispose of disposers.splice(0)) dispose();
});

/** Listeners on the process (signals, exit, exceptions) and its streams. */
function listenerCounts(): Record<string, number> {
  const names = [
    'exit',
    'beforeExit',
    'uncaughtException',
    'SIGTERM',
    'SIGINT',
    'SIGQUIT',
    'SIGWINCH',
    'SIGCONT',
  ];
  return Object.fromEntries([
    ...names.map((name) => [name, process.listenerCount(name)]),
    ...['data', 'readable', 'end'].map((name) => [`stdin ${name}`, process.stdin.listenerCount(name)]),
    ...['resize', 'drain', 'error'].map((name) => [`stdout ${name}`, process.stdout.listenerCount(name)]),
  ]);
}

const textOf = (lines: readonly Line[]) => lines.map(({ spans }) => spans.map(({ text }) => text).join(''));

type LineChart = Extract<Chart, { kind: 'line' }>;
const wave = (values: readonly (number | null)[], unit = '/s'): LineChart => ({
  kind: 'line',
  title: 'requests',
  unit,
  labels: values.map((_, index) => `${index}`),
  series: [{ name: '2xx', tone: 'good', values }],
});

function drawLine(chart: LineChart, width: number, height: number): readonly Line[] {
  const panel = createLinePanel(contrib, width, height);
  disposers.push(panel.dispose);
  return panel.draw(chart);
}

describe('a line chart', () => {
  it('draws title, legend, axis and line, as a picture', () => {
    expect(textOf(drawLine(wave([0, 10, 20, 30, 40, 30, 20, 10, 0]), 32, 9))).toMatchInlineSnapshot(`
      [
        "requests /s  ━ 2xx",
        "  ⢸          ⢀⡠⠔⠊⠒⢄⡀            ",
        "  ⢸        ⢀⠔⠁     ⠈⠢⣀          ",
        "20⢸      ⢀⠔⠁          ⠑⢄        ",
        "  ⢸    ⡠⠒⠁              ⠑⢄      ",
        "  ⢸  ⡠⠊                   ⠑⢄    ",
        "0 ⢸⢀⠔⠁                      ⠑⢄  ",
        "  ⠘⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒",
        "   0  1   2  3  4  5   6  7  8  ",
      ]
    `);
  });

  it('draws each series in its tone', () => {
    const chart: LineChart = {
      ...wave([1, 2, 3, 4]),
      series: [
        { name: 'low', tone: 'good', values: [1, 1, 1, 1] },
        { name: 'high', tone: 'bad', values: [9, 9, 9, 9] },
      ],
    };
    const spans = drawLine(chart, 40, 12).flatMap((line) => line.spans);
    const braille = (tone: string) =>
      spans.some((span) => span.tone === tone && /[\u2801-\u28ff]/.test(span.text));
    expect([braille('good'), braille('bad'), braille('border')]).toEqual([true, true, true]);
  });

  it('leaves a gap where a value is not known, instead of falling to zero', () => {
    const whole = textOf(drawLine(wave([8, 8, 8, 8, 8, 8, 8, 8]), 40, 9)).join('\n');
    const torn = textOf(drawLine(wave([8, 8, 8, null, null, 8, 8, 8]), 40, 9)).join('\n');
    const gaps = (picture: string) =>
      picture.split('\n').filter((row) => /[\u2801-\u28ff]{3} {6,}[\u2801-\u28ff]{3}/.test(row)).length;
    expect([gaps(whole), gaps(torn)]).toEqual([0, 1]);
  });

  it.each<[string, LineChart]>([
    ['no series', { ...wave([]), series: [] }],
    ['no values', wave([])],
    ['one value', wave([3])],
    ['only unknown', wave([null, null, null])],
    ['only zero', wave([0, 0, 0])],
    ['tiny', wave([0.001, 0.002])],
    ['huge', wave([9e15, 8e15])],
    ['infinite', wave([Number.POSITIVE_INFINITY, Number.NaN, 1])],
    ['negative', wave([-5, -1])],
    ['fewer labels than values', { ...wave([1, 2, 3]), labels: ['a'] }],
    ['a long title', { ...wave([1, 2]), title: 'x'.repeat(300) }],
  ])('is exactly as large as its place with %s', (_, chart) => {
    for (const [width, height] of [
      [16, 4],
      [40, 10],
      [97, 33],
    ] as const) {
      const rows = textOf(drawLine(chart, width, height));
      expect(rows).toHaveLength(height);
      for (const row of rows) expect(stringWidth(row)).toBeLessThanOrEqual(width);
    }
  });

  it('says the scale of large values once, in the title', () => {
    const rows = textOf(drawLine(wave([12_000_000, 48_000_000], 'B/s'), 40, 10));
    expect(rows[0]).toBe('requests MB/s  ━ 2xx');
    expect(rows.join('\n')).toMatch(/\n25 *\S/);
  });
});

describe('a bar chart', () => {
  const chart: Chart = {
    kind: 'bar',
    title: 'by server',
    bars: [
      { name: 'app1', value: 10 },
      { name: 'application-two', value: 1_234 },
      { name: 'z', value: 0 },
    ],
  };

  it('draws bars with their names and values', () => {
    const panel = createBarPanel(contrib, 36, 9);
    disposers.push(panel.dispose);
    expect(textOf(panel.draw(chart as never))).toMatchInlineSnapshot(`
      [
        "by server",
        "            ██████████              ",
        "            ██████████              ",
        "            ██████████              ",
        "            ██████████              ",
        "            ██████████              ",
        "██████████  ██████████              ",
        "10          1.23K       0           ",
        "app1        applicatio… z           ",
      ]
    `);
  });

  it.each([
    [7, 5, chart],
    [3, 9, chart],
    [40, 3, chart],
    [40, 9, { ...chart, bars: [] }],
    [40, 9, { ...chart, bars: [{ name: '', value: Number.NaN }] }],
  ] as const)('fits into %d x %d', (width, height, shown) => {
    const panel = createBarPanel(contrib, width, height);
    disposers.push(panel.dispose);
    const rows = textOf(panel.draw(shown as never));
    expect(rows.length).toBeLessThanOrEqual(height);
    for (const row of rows) expect(stringWidth(row)).toBeLessThanOrEqual(width);
  });
});

describe('the charts of a frame', () => {
  const slot = (chart: Chart, width = 40): ChartSlot => ({ left: 0, top: 0, width, height: 10, chart });
  let now = 0;

  function painter(load = loadContrib) {
    const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
    const made = createChartPainter({ load, onReady, now: () => now, refreshMs: 1_000 });
    disposers.push(made.dispose);
    return { ...made, ready };
  }

  it('are not there until their library is', async () => {
    const { draw, ready } = painter();
    expect(draw(slot(wave([1, 2])), 0)).toBeUndefined();
    await ready;
    expect(draw(slot(wave([1, 2])), 0)).toHaveLength(10);
  });

  it('are drawn again when they changed, but not more often than they may', async () => {
    const { draw, ready } = painter();
    draw(slot(wave([1, 2])), 0);
    await ready;
    const first = draw(slot(wave([1, 2])), 0);
    expect(draw(slot(wave([2, 1])), 0)).toBe(first);
    now += 1_000;
    expect(draw(slot(wave([1, 2])), 0)).toBe(first);
    expect(draw(slot(wave([2, 1])), 0)).not.toBe(first);
  });

  it('are drawn at once for another size or another chart', async () => {
    const { draw, ready } = painter();
    draw(slot(wave([1, 2])), 0);
    await ready;
    draw(slot(wave([1, 2])), 0);
    expect(textOf(draw(slot(wave([1, 2]), 60), 0) ?? [])[5]).toHaveLength(60);
    const other = { ...wave([1, 2]), title: 'latency' };
    expect(textOf(draw(slot(other, 60), 0) ?? [])[0]).toMatch(/^latency/);
  });

  it('say why, when the library cannot be loaded', async () => {
    const { draw, ready } = painter(() => Promise.reject(new Error('no such\nmodule')));
    draw(slot(wave([1])), 0);
    await ready;
    expect(textOf(draw(slot(wave([1])), 0) ?? [])).toEqual(['requests', 'chart not drawn: no such module']);
  });

  it('leave nothing on the process', async () => {
    const { draw, ready } = painter();
    draw(slot(wave([1, 2])), 0);
    await ready;
    draw(slot(wave([1, 2])), 0);
    expect(listenerCounts()).toEqual(listenersBefore);
    for (const dispose of disposers.splice(0)) dispose();
    expect(contrib.blessed.Screen.instances).toEqual([]);
    expect(contrib.blessed.Screen.global).toBeNull();
  });
});
