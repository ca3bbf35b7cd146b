// Shows a console on a terminal until the operator leaves or something ends it, and leaves the terminal as it was.

import type { ReadStream, WriteStream } from 'node:tty';
import { render } from 'ink';
import type { Console, KeyPress, Size } from '../console/console.ts';
import type { Clock } from '../domain/clock.ts';
import { createChartPainter } from './charts/chart-painter.ts';
import { loadContrib } from './charts/contrib.ts';
import { type ConsoleEnd, crash, refusal } from './console-end.ts';
import type { InputEvent } from './input/input-parser.ts';
import { readInput } from './input/read-input.ts';
import type { ColorDepth } from './paint/color-depth.ts';
import { composeRows } from './paint/compose-rows.ts';
import { createPalette } from './paint/palette.ts';
import type { Theme } from './paint/theme.ts';
import { Screen, type SuspendTerminal } from './screen.tsx';
import { compactStream } from './terminal/compact-output.ts';
import { ignoreHangUp, watchEnds } from './terminal/end-watch.ts';
import { createPace } from './terminal/pace.ts';
import { createStopControl } from './terminal/stop.ts';
import { abandon, createTerminalModes, setBlocking } from './terminal/terminal-modes.ts';

export interface RunConsoleOptions {
  readonly console: Console;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly theme: Theme;
  readonly depth: ColorDepth;
  /** One picture a second, charts every five: for a slow line. */
  readonly slow: boolean;
  /** TERM */
  readonly term: string | undefined;
}

/** How long a terminal that does not read may hold up the end. */
const lastWordsMs = 500;
const chartRefreshMs = { normal: 1_000, slow: 5_000 };

const clock: Clock = {
  // Monotonic: the screen must not stand still when the wall clock is set back.
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves when the terminal is restored. The console is the caller's: it disposes of it. */
export async function runConsole(options: RunConsoleOptions): Promise<ConsoleEnd> {
  const { console, stdin, stdout, theme, depth, slow } = options;
  const refused = refusal(stdin, stdout, options.term);
  if (refused !== undefined) return refused;

  const { promise: ended, resolve: end } = Promise.withResolvers<ConsoleEnd>();
  const palette = createPalette(theme, depth);
  const charts = createChartPainter({
    load: loadContrib,
    onReady: () => pace.changed(),
    now: clock.now,
    refreshMs: slow ? chartRefreshMs.slow : chartRefreshMs.normal,
  });
  const modes = createTerminalModes(stdin, stdout);
  let suspendTerminal: SuspendTerminal | undefined;
  let released = false;

  let shown = '';
  /** Undefined where nothing would change: Ink takes the whole screen apart for every picture. */
  const screen = () => {
    const size = sizeOf(stdout);
    const frame = console.frame(size);
    const rows = composeRows(frame, size, palette, charts.draw);
    const picture = `${rows.join('\n')}\n${JSON.stringify([size, frame.cursor])}`;
    if (picture === shown) return undefined;
    shown = picture;
    return <Screen rows={rows} size={size} cursor={frame.cursor} onMounted={mounted} />;
  };
  const mounted = (suspend: SuspendTerminal) => {
    suspendTerminal = suspend;
  };
  const pace = createPace({
    clock,
    slow,
    isBehind: () => released || stdout.writableNeedDrain,
    draw() {
      try {
        const next = screen();
        if (next !== undefined) ink.rerender(next);
      } catch (error) {
        end(crash(error));
      }
    },
  });

  // Before Ink's own listener: the picture it lays out again is then already of the new size.
  const resized = () => pace.acted();
  const drained = () => pace.caughtUp();
  const exiting = () => restoreAtExit(stdout, modes);
  stdout.on('resize', resized).on('drain', drained);
  process.on('exit', exiting);
  const stopWatching = watchEnds(stdin, stdout, end);
  setBlocking(stdout, false);

  let first = <Screen rows={[]} size={sizeOf(stdout)} cursor={undefined} onMounted={mounted} />;
  try {
    first = screen() ?? first;
  } catch (error) {
    end(crash(error));
  }
  // Before the first picture: a key pressed on seeing it must not be echoed.
  modes.enter();
  const ink = render(first, {
    stdout: compactStream(stdout),
    stdin,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 15,
    // Ink draws nothing where the variable CI is set, even on a terminal.
    interactive: true,
    exitOnCtrlC: false,
  });
  ink.waitUntilExit().catch((error: unknown) => end(crash(error)));

  const stopControl = createStopControl({
    onError: (error) => end(crash(error)),
    async release() {
      modes.leave();
      released = true;
      setBlocking(stdout, true);
      const suspension = await suspendTerminal?.();
      return async () => {
        setBlocking(stdout, false);
        modes.enter();
        released = false;
        await suspension?.resume();
        pace.acted();
      };
    },
  });
  const stopReading = readInput(stdin, clock, (events) => {
    for (const event of events) take(event);
    pace.acted();
  });
  const unsubscribe = console.subscribe(pace.changed);
  pace.changed();
  console.left.then(
    () => end({ how: 'left', exitCode: 0 }),
    (error: unknown) => end(crash(error)),
  );

  function take(event: InputEvent): void {
    try {
      if (event.kind === 'paste') console.paste(event.text);
      else if (!takeOurs(event.key)) console.press(event.key);
    } catch (error) {
      end(crash(error));
    }
  }

  /** The keys that are the terminal's, not the console's. */
  function takeOurs({ key, ctrl }: KeyPress): boolean {
    if (ctrl !== true) return false;
    if (key === 'c') end({ how: 'left', exitCode: 0 });
    else if (key === 'z') stopControl.stop();
    else if (key === 'l') stopControl.redraw();
    else return false;
    return true;
  }

  const result = await ended;
  unsubscribe();
  stopReading();
  pace.stop();
  stopControl.dispose();
  if (result.how === 'hang-up' || (result.how === 'signal' && result.signal === 'SIGHUP')) {
    ignoreHangUp(stdin, stdout);
  }
  modes.leave();
  ink.unmount();
  await settled(ink.waitUntilExit(), lastWordsMs);
  stopWatching();
  stdout.off('resize', resized).off('drain', drained);
  process.off('exit', exiting);
  if (stdout.writableLength === 0) setBlocking(stdout, true);
  else abandon(stdout, process.stderr);
  charts.dispose();
  stdin.unref();
  return result;
}

/** Waits for a promise, whatever becomes of it, but not for ever. */
async function settled(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise.catch(() => {}), late]);
  clearTimeout(timer);
}

function sizeOf({ columns, rows }: WriteStream): Size {
  // A pseudo-terminal that was never told its size says 0.
  return { columns: columns || 80, rows: rows || 24 };
}

/** The process ends without us: what is written now must be out before it is gone, unless nobody reads it. */
function restoreAtExit(stdout: WriteStream, modes: ReturnType<typeof createTerminalModes>): void {
  if (stdout.writableLength === 0) setBlocking(stdout, true);
  modes.leave();
}
