// A program in a real pseudo-terminal whose screen a headless emulator keeps: press keys, wait for what is shown, look at cells.

import { createRequire } from 'node:module';
import { StringDecoder } from 'node:string_decoder';
import { spawn } from '@lydell/node-pty';
import type { Terminal as TerminalType } from '@xterm/headless';

// CommonJS without names that an ES module could import.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof TerminalType };

export interface TerminalOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Cell {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly foreground: number | undefined;
  readonly background: number | undefined;
}

/** What a key sends. */
export const keys = {
  enter: '\r',
  escape: '\u001b',
  up: '\u001b[A',
  down: '\u001b[B',
  tab: '\t',
  ctrlC: '\u0003',
  ctrlL: '\u000c',
  ctrlZ: '\u001a',
} as const;

const limitMs = 15_000;
/** They describe the terminal we run in, or tell programs that there is none. */
const misleading = ['CI', 'NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'TMUX', 'COLORFGBG'];

export type TestTerminal = ReturnType<typeof openTerminal>;

export function openTerminal(options: TerminalOptions) {
  const { columns = 80, rows = 24, cwd = process.cwd() } = options;
  const environment: Record<string, string | undefined> = {
    ...process.env,
    ...Object.fromEntries(misleading.map((name) => [name, undefined])),
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    ...options.env,
  };
  const env = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const screen = new Terminal({ cols: columns, rows, allowProposedApi: true });
  const pty = spawn(options.command, [...(options.args ?? [])], {
    name: env.TERM ?? 'xterm',
    cols: columns,
    rows,
    cwd,
    env,
    encoding: null,
  });
  // By itself the emulator loses one that is split behind a byte 0x80, as "…" and many box characters are.
  const characters = new StringDecoder('utf8');
  let bytes = 0;
  let raw = '';
  let cursorHidden = false;
  let ended: { readonly code: number; readonly signal: number } | undefined;
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const watch of [...watchers]) watch();
  };

  const onCursor = (hidden: boolean) => (params: readonly (number | number[])[]) => {
    if (params.includes(25)) cursorHidden = hidden;
    return false;
  };
  screen.parser.registerCsiHandler({ prefix: '?', final: 'h' }, onCursor(false));
  screen.parser.registerCsiHandler({ prefix: '?', final: 'l' }, onCursor(true));
  screen.onData((reply) => pty.write(reply));
  // `encoding: null` gives Buffers, which the types do not say.
  pty.onData((chunk: string | Uint8Array) => {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += part.length;
    raw = (raw + Buffer.from(part).toString('latin1')).slice(-200_000);
    screen.write(characters.write(part), notify);
  });
  pty.onExit(({ exitCode, signal }) => {
    // The last output may still be on its way through the emulator.
    setTimeout(() => {
      screen.write('', () => {
        ended = { code: exitCode, signal: signal ?? 0 };
        notify();
      });
    }, 30);
  });

  const lines = () =>
    Array.from(
      { length: screen.rows },
      (_, row) =>
        screen.buffer.active.getLine(screen.buffer.active.viewportY + row)?.translateToString(true) ?? '',
    );

  /** Tried again after each output. @throws with the screen, when it stays false too long */
  function until(what: string, check: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new Error(`not within ${limitMs} ms: ${what}\n${lines().join('\n')}`)),
        limitMs,
      );
      const watch = () => {
        if (check()) finish();
        else if (ended !== undefined) {
          finish(new Error(`ended (${JSON.stringify(ended)}) before: ${what}\n${lines().join('\n')}`));
        }
      };
      const finish = (error?: Error) => {
        clearTimeout(timer);
        watchers.delete(watch);
        if (error === undefined) resolve();
        else reject(error);
      };
      watchers.add(watch);
      watch();
    });
  }

  return {
    pid: pty.pid,
    get bytes() {
      return bytes;
    },
    /** The newest output as it came. */
    get raw() {
      return raw;
    },
    get cursorHidden() {
      return cursorHidden;
    },
    get alternateScreen() {
      return screen.buffer.active.type === 'alternate';
    },
    get bracketedPaste() {
      return screen.modes.bracketedPasteMode;
    },
    lines,
    text: () => lines().join('\n'),
    cell(column: number, row: number): Cell {
      const cell = screen.buffer.active.getLine(screen.buffer.active.viewportY + row)?.getCell(column);
      if (cell === undefined) throw new Error(`no cell at ${column}, ${row}`);
      return {
        text: cell.getChars(),
        bold: cell.isBold() !== 0,
        dim: cell.isDim() !== 0,
        underline: cell.isUnderline() !== 0,
        inverse: cell.isInverse() !== 0,
        foreground: cell.isFgDefault() ? undefined : cell.getFgColor(),
        background: cell.isBgDefault() ? undefined : cell.getBgColor(),
      };
    },
    write(text: string): void {
      pty.write(text);
    },
    resize(newColumns: number, newRows: number): void {
      screen.resize(newColumns, newRows);
      pty.resize(newColumns, newRows);
    },
    /** The terminal stops reading, like a stalled ssh client; and reads again. */
    stall: () => pty.pause(),
    unstall: () => pty.resume(),
    until,
    shows: (text: string) =>
      until(`shows ${JSON.stringify(text)}`, () => lines().some((line) => line.includes(text))),
    showsNot: (text: string) =>
      until(`does not show ${JSON.stringify(text)}`, () => !lines().some((line) => line.includes(text))),
    async ends(): Promise<{ readonly code: number; readonly signal: number }> {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`did not end\n${lines().join('\n')}`)), limitMs);
        const watch = () => {
          if (ended === undefined) return;
          clearTimeout(timer);
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      });
      return ended ?? { code: -1, signal: 0 };
    },
    /** The window is closed: the program's terminal is gone, which the kernel tells it with SIGHUP, EIO and an end of input. */
    hangUp(): void {
      // Closes the master; the types do not have it.
      (pty as unknown as { destroy(): void }).destroy();
    },
    async close(): Promise<void> {
      if (ended === undefined) {
        try {
          process.kill(pty.pid, 'SIGKILL');
        } catch {
          // It went away by itself.
        }
      }
      screen.dispose();
    },
  };
}
