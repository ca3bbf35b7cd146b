// A console that draws what a test needs to see, without a runtime: a list with a cursor, a clock of changes, a chart.

import type { Console, KeyPress, Size } from '../../src/console/console.ts';
import type { Frame, Line, Tone } from '../../src/console/frame.ts';
import { createEmitter } from '../../src/domain/event.ts';

export interface FakeConsole extends Console {
  change(): void;
  readonly presses: readonly KeyPress[];
  readonly pastes: readonly string[];
}

const tones: readonly Tone[] = ['good', 'warning', 'bad', 'drain', 'maint', 'unknown', 'stale'];

export interface FakeConsoleOptions {
  readonly chart?: boolean;
  /** Every row of every picture is new. */
  readonly busy?: boolean;
}

export function createFakeConsole(options: FakeConsoleOptions = {}): FakeConsole {
  const changes = createEmitter<void>();
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const presses: KeyPress[] = [];
  const pastes: string[] = [];
  let cursor = 0;
  let count = 0;
  let broken = false;

  return {
    presses,
    pastes,
    left,
    subscribe: changes.event,
    change() {
      count += 1;
      changes.emit();
    },
    dispose() {},
    paste(text) {
      pastes.push(text);
    },
    press(key) {
      presses.push(key);
      if (key.key === 'q') leave();
      if (key.key === '!') broken = true;
      if (key.key === 'j' || key.key === 'down') cursor += 1;
      if (key.key === 'k' || key.key === 'up') cursor -= 1;
      changes.emit();
    },
    frame(size) {
      if (broken) throw new Error('the frame broke');
      return frameOf(size, cursor, count, presses.length, pastes.at(-1), options);
    },
  };
}

function frameOf(
  { columns, rows }: Size,
  cursor: number,
  count: number,
  pressed: number,
  pasted: string | undefined,
  { chart = false, busy = false }: FakeConsoleOptions,
): Frame {
  const top: Line[] = [
    { spans: [{ text: `fake ${columns}x${rows}`, tone: 'title' }] },
    { spans: [{ text: `keys ${pressed} changes ${count}`, tone: 'muted' }] },
    { spans: pasted === undefined ? [] : [{ text: `pasted ${pasted}`, tone: 'text' }] },
    ...tones.map(
      (tone, row): Line => ({
        spans: [
          { text: `row ${row} `, tone: 'text' },
          { text: `● ${tone}`, tone },
        ],
        ...(row === cursor ? { selected: true } : {}),
      }),
    ),
  ];
  const lines = top.slice(0, rows);
  while (lines.length < rows - 1) {
    lines.push({
      spans: busy ? [{ text: `${count} `.repeat(columns).slice(0, columns), tone: 'muted' }] : [],
    });
  }
  if (lines.length < rows) lines.push({ spans: [{ text: 'the last row', tone: 'key' }] });
  const slot = {
    left: 20,
    top: 3,
    width: Math.min(50, columns - 20),
    height: 10,
    chart: {
      kind: 'line' as const,
      title: 'a chart',
      unit: '/s',
      labels: Array.from({ length: 30 }, (_, index) => `${index}s`),
      series: [
        {
          name: 'waves',
          tone: 'good' as const,
          values: Array.from({ length: 30 }, (_, index) => 50 + 40 * Math.sin(index / 4)),
        },
      ],
    },
  };
  return { lines, charts: chart ? [slot] : [] };
}
