// `sluice demo` as an operator sees it, in a real terminal: what is shown is served by a real runtime over real sockets.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { descendants, isAlive, until } from '../support/processes.ts';
import { program } from '../support/sluice.ts';
import { keys, openTerminal, type TestTerminal } from '../support/terminal.ts';

let terminal: TestTerminal;
let pids: readonly number[];

beforeEach(async () => {
  terminal = openTerminal({ command: process.execPath, args: [program, 'demo'], columns: 100, rows: 30 });
  await terminal.shows('1 Overview');
  await terminal.shows('live');
  pids = descendants(terminal.pid);
});
afterEach(() => terminal.close());

async function nothingLeft(): Promise<void> {
  await until('no process is left', () => [terminal.pid, ...pids].every((pid) => !isAlive(pid)));
}

it('shows live traffic, drains a server and takes it back, and leaves nothing behind', async () => {
  const { shows, showsNot, write, ends } = terminal;
  expect(terminal.text()).toContain('DEMO');
  await terminal.until('requests per second', () => /requests\/s +[\d,]+[1-9]/.test(terminal.text()));
  write('2');
  await terminal.until('connections', () => /\d+ connections/.test(terminal.text()));
  await shows('web/app1');
  write('3');
  await shows('leastconn');
  write('jd');
  await shows('Drain web/app1');
  await shows('new clients go to');
  write(keys.escape);
  await showsNot('Drain web/app1');
  write('d');
  await shows('new clients go to');
  write('y');
  await terminal.until('the server drains', () => /app1 +drain/.test(terminal.text()));
  await shows('gone');
  write('r');
  await terminal.until('the server is ready', () => /app1 +ready/.test(terminal.text()));
  write('7');
  await shows('drain');
  write('q');
  expect(await ends()).toEqual({ code: 0, signal: 0 });
  expect([terminal.alternateScreen, terminal.cursorHidden, terminal.bracketedPaste]).toEqual([
    false,
    false,
    false,
  ]);
  await nothingLeft();
});

it('fills every size', async () => {
  const { until: untilShown, resize } = terminal;
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
    [40, 10],
    [120, 40],
  ] as const) {
    resize(columns, rows);
    await untilShown(`${columns}x${rows}`, () => {
      const lines = terminal.lines();
      return columns < 60
        ? /60|small/.test(terminal.text())
        : (lines.at(-1) ?? '').includes('quit') && lines[0]?.includes('sluice') === true;
    });
  }
});

it.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('restores the terminal and leaves nothing behind after %s', async (signal, code) => {
  process.kill(terminal.pid, signal);
  expect((await terminal.ends()).code).toBe(code);
  expect([terminal.alternateScreen, terminal.cursorHidden]).toEqual([false, false]);
  await nothingLeft();
});

it('leaves nothing behind when the terminal is closed', async () => {
  terminal.hangUp();
  await nothingLeft();
});
