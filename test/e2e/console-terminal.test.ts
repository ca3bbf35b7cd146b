import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleProgram } from '../support/bundle-program.ts';
import { keys, openTerminal, type TerminalOptions, type TestTerminal } from '../support/terminal.ts';

const themes = resolve(import.meta.dirname, '../../themes');
let program: string;
let terminal: TestTerminal;

beforeAll(async () => {
  program = await bundleProgram('fake-console-program');
});
afterAll(() => rm(dirname(program), { recursive: true }));
afterEach(() => terminal.close());

function open(args: readonly string[] = [], options: Partial<TerminalOptions> = {}): TestTerminal {
  terminal = openTerminal({ command: process.execPath, args: [program, themes, ...args], ...options });
  return terminal;
}

/** A shell with job control above the console, as in a login. */
async function openInShell(): Promise<TestTerminal> {
  terminal = openTerminal({
    command: 'bash',
    args: ['--norc', '--noprofile', '-i'],
    env: { PS1: 'shell> ', HISTFILE: undefined },
  });
  await terminal.shows('shell>');
  terminal.write(`${process.execPath} ${program} ${themes}\r`);
  await terminal.shows('the last row');
  return terminal;
}

function isRestored({ alternateScreen, cursorHidden, bracketedPaste }: TestTerminal): boolean {
  return !alternateScreen && !cursorHidden && !bracketedPaste;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a console on a terminal', () => {
  it('fills the screen, takes keys, and gives the terminal back on q', async () => {
    const { shows, write, ends } = open();
    await shows('the last row');
    expect(terminal.lines()[0]).toBe('fake 80x24');
    expect(terminal.lines()[23]).toBe('the last row');
    expect([terminal.alternateScreen, terminal.cursorHidden, terminal.bracketedPaste]).toEqual([
      true,
      true,
      true,
    ]);
    write('jjj');
    await shows('keys 3');
    expect(terminal.cell(79, 6).background).toBeDefined();
    expect(terminal.cell(79, 5).background).toBeUndefined();
    write('q');
    expect(await ends()).toEqual({ code: 0, signal: 0 });
    expect(isRestored(terminal)).toBe(true);
  });

  it('tells the Esc key from a sequence that comes in pieces', async () => {
    const { shows, write } = open();
    await shows('the last row');
    write('\u001b');
    await shows('keys 1');
    write('\u001b[');
    write('B');
    await shows('keys 2');
    write('\u001b[200~j\nq\u001b[201~');
    await shows('pasted j');
  });

  it('draws charts once their library is there', async () => {
    const { shows, until } = open(['--chart']);
    await shows('a chart /s');
    await until('braille', () => /[\u2801-\u28ff]/.test(terminal.text()));
    terminal.resize(100, 30);
    await shows('fake 100x30');
    await until('braille', () => /[\u2801-\u28ff]/.test(terminal.text()));
  });

  it('follows the size of the terminal both ways', async () => {
    const { shows, resize, until } = open();
    await shows('fake 80x24');
    for (const [columns, rows] of [
      [120, 40],
      [60, 15],
      [200, 60],
      [80, 24],
    ] as const) {
      resize(columns, rows);
      await shows(`fake ${columns}x${rows}`);
      await until('the last row is last', () => terminal.lines().at(-1) === 'the last row');
      expect(terminal.lines().filter((line) => line.startsWith('fake'))).toHaveLength(1);
    }
  });

  it('shows states without colours where NO_COLOR asks for it', async () => {
    const { shows } = open([], { env: { NO_COLOR: '1' } });
    await shows('the last row');
    const [good, warning, bad, drain] = [3, 4, 5, 6].map((row) => terminal.cell(8, row));
    expect(good).toMatchObject({ foreground: undefined, inverse: true });
    expect(warning).toMatchObject({ foreground: undefined, bold: true });
    expect(bad).toMatchObject({ foreground: undefined, inverse: true, bold: true });
    expect(drain).toMatchObject({ foreground: undefined, underline: true });
  });

  it('refuses to draw where there is no terminal, and says what to use', async () => {
    terminal = openTerminal({
      command: 'bash',
      args: ['-c', `${process.execPath} ${program} ${themes} | cat; exit \${PIPESTATUS[0]}`],
      columns: 300,
    });
    await terminal.shows('ended: refused: the console cannot be shown: its output is not a terminal');
    expect((await terminal.ends()).code).toBe(2);
  });
});

describe('the terminal is restored', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('after %s', async (signal, code) => {
    const { shows, ends, pid } = open();
    await shows('the last row');
    process.kill(pid, signal);
    await shows(`ended: signal`);
    expect(await ends()).toEqual({ code, signal: 0 });
    expect(isRestored(terminal)).toBe(true);
  });

  it('after ^C', async () => {
    const { shows, ends, write } = open();
    await shows('the last row');
    write(keys.ctrlC);
    expect(await ends()).toEqual({ code: 0, signal: 0 });
    expect(isRestored(terminal)).toBe(true);
  });

  it('after a frame that throws, with the reason on stderr', async () => {
    const { shows, ends, write } = open();
    await shows('the last row');
    write('!');
    await shows('ended: crashed: the console failed: Error: the frame broke');
    expect(await ends()).toEqual({ code: 1, signal: 0 });
    expect(isRestored(terminal)).toBe(true);
  });

  it('after an error that nobody caught', async () => {
    const { shows, ends } = open(['--throw']);
    await shows('the last row');
    await shows('Error: thrown elsewhere');
    expect((await ends()).code).toBe(1);
    expect(isRestored(terminal)).toBe(true);
  });

  it('by ^Z, and taken again by fg with the size it then has', async () => {
    const { shows, showsNot, write, resize, ends } = await openInShell();
    write(keys.ctrlZ);
    await shows('Stopped');
    // The shell itself switches bracketed paste on.
    expect([terminal.alternateScreen, terminal.cursorHidden]).toEqual([false, false]);
    write('echo still $((40 + 2))\r');
    await shows('still 42');
    resize(100, 30);
    write('fg\r');
    await shows('fake 100x30');
    await showsNot('still 42');
    expect(terminal.alternateScreen).toBe(true);
    write('j');
    await shows('keys 1');
    write(keys.ctrlZ);
    await shows('Stopped');
    write('fg\r');
    await shows('keys 1');
    write('q');
    await shows('ended: left');
    write('exit\r');
    await ends();
  });

  it('goes on after ^Z where nobody could continue it', async () => {
    const { shows, write } = open();
    await shows('the last row');
    write(keys.ctrlZ);
    write('j');
    await shows('keys 1');
    expect(terminal.alternateScreen).toBe(true);
  });

  it('draws everything again on ^L', async () => {
    const { shows, until, write } = open();
    await shows('the last row');
    const before = terminal.bytes;
    write(keys.ctrlL);
    await until('a whole screen was sent', () => terminal.raw.split('the last row').length > 2);
    expect(terminal.bytes).toBeGreaterThan(before);
    expect(terminal.lines()[23]).toBe('the last row');
  });
});

describe('a terminal that goes away or does not read', () => {
  it('leaves no process behind when it is closed', async () => {
    const { shows, pid, hangUp } = open();
    await shows('the last row');
    hangUp();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it('does not queue up pictures, and shows the present once it reads again', async () => {
    const { shows, stall, unstall, write, until } = open(['--busy'], { columns: 200, rows: 60 });
    await shows('the last row');
    stall();
    for (let turn = 0; turn < 100; turn++) write('jk');
    // Some twenty pictures' time: more than the pseudo-terminal holds.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = terminal.bytes;
    unstall();
    await until('the present', () => /keys 200 /.test(terminal.text()));
    expect(terminal.bytes - before).toBeLessThan(300_000);
    write('q');
    expect((await terminal.ends()).code).toBe(0);
  });

  it('does not hold up the process, which ends on SIGTERM while nobody reads', async () => {
    const { shows, stall, write, pid } = open(['--busy', '--quiet'], { columns: 200, rows: 60 });
    await shows('the last row');
    stall();
    for (let turn = 0; turn < 100; turn++) write('jk');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});
