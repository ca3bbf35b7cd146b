// Frames as text, to be compared with drawn pictures; and a console in a scripted world.

import type { KeyPress, Size } from '../../src/console/console.ts';
import { createConsole } from '../../src/console/create-console.ts';
import type { Frame } from '../../src/console/frame.ts';
import type { MutableModel } from '../../src/domain/model.ts';
import { kernelSample } from './kernel-worlds.ts';
import { createScriptedClient, createScriptedClock, settled } from './scripted-client.ts';
import { instanceRatesOf } from './shard-worlds.ts';
import { routeRatesOf } from './tls-worlds.ts';
import { noon, pastOf, sampleOf } from './worlds.ts';

export const small: Size = { columns: 80, rows: 24 };
export const middle: Size = { columns: 120, rows: 40 };
export const large: Size = { columns: 200, rows: 60 };

/** What a terminal without colours shows; chart slots as boxes of dots with their titles. */
export function picture(frame: Frame): string {
  const rows = frame.lines.map(({ spans }) => spans.map(({ text }) => text).join(''));
  for (const { left, top, width, height, chart } of frame.charts)
    for (let row = top; row < top + height; row += 1) {
      const fill = (row === top ? ` ${chart.title} ` : '').padEnd(
        width,
        row === top || row === top + height - 1 ? '.' : ' ',
      );
      rows[row] = (rows[row] ?? '').padEnd(left).slice(0, left) + fill.slice(0, width);
    }
  return rows.map((row) => row.trimEnd()).join('\n');
}

export function utcTimeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

export async function consoleIn(model: MutableModel, size: Size = small, withTraffic = true) {
  const clock = createScriptedClock(noon);
  const client = createScriptedClient(clock, model);
  if (withTraffic) client.points = pastOf(model);
  const console = createConsole({ client, clock, version: '0.1.0', timeOfDay: utcTimeOfDay });
  console.frame(size);
  await settled();
  const feed = () =>
    client.send({
      ...sampleOf(model, clock.now()),
      routes: routeRatesOf(model),
      instances: instanceRatesOf(model),
      kernel: kernelSample(model),
    });
  if (withTraffic) feed();
  return {
    clock,
    client,
    console,
    feed,
    /** "j", "enter", "ctrl+r"; each word one key. */
    press(...keys: readonly string[]) {
      for (const key of keys) console.press(keyOf(key));
    },
    type(text: string) {
      for (const key of text) console.press({ key });
    },
    show: () => picture(console.frame(size)),
  };
}

function keyOf(name: string): KeyPress {
  const [key, ...modifiers] = name.split('+').reverse();
  return {
    key: key === undefined || key === '' ? '+' : key,
    ...(modifiers.includes('ctrl') ? { ctrl: true } : {}),
    ...(modifiers.includes('shift') ? { shift: true } : {}),
  };
}
