// The way operators come: over ssh, with a terminal that the far end only knows through sshd.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { descendants, isAlive, until } from '../support/processes.ts';
import { program } from '../support/sluice.ts';
import { hasSshdWithTerminals, type RunningSshd, startSshd } from '../support/sshd.ts';
import { keys, openTerminal, type TestTerminal } from '../support/terminal.ts';

describe.skipIf(!hasSshdWithTerminals())('over ssh', () => {
  let sshd: RunningSshd;
  let terminal: TestTerminal;

  beforeEach(async () => {
    sshd = await startSshd();
    terminal = openTerminal({
      command: 'ssh',
      args: [...sshd.args, `${process.execPath} ${program} demo`],
      columns: 100,
      rows: 30,
    });
    await terminal.shows('live');
  });
  afterEach(async () => {
    await terminal.close();
    await sshd.stop();
  });

  it('shows the demo, follows the window, drains a server, and gives the terminal back', async () => {
    const { shows, resize, write, ends } = terminal;
    expect(terminal.text()).toContain('DEMO');
    resize(120, 40);
    await terminal.until('120 columns', () => (terminal.lines().at(-1) ?? '').trimEnd().length > 110);
    write('3');
    await shows('leastconn');
    write('jd');
    await shows('new clients go to');
    write('y');
    await terminal.until('the server drains', () => /app1 +drain/.test(terminal.text()));
    write(keys.escape);
    write('q');
    expect((await ends()).code).toBe(0);
    expect([terminal.alternateScreen, terminal.cursorHidden]).toEqual([false, false]);
    await until('no process is left', () => descendants(sshd.process.pid).length === 0);
  });

  it('leaves no process behind when the connection breaks', async () => {
    const there = descendants(sshd.process.pid);
    expect(there.length).toBeGreaterThan(4);
    process.kill(terminal.pid, 'SIGKILL');
    await until('no process is left', () => there.every((pid) => !isAlive(pid)));
  });
});
