// `sluice nft block` on a real terminal: what it would do is shown before, and whether it is to stay is asked after.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createStar, nftablesFault, type Star } from '../support/namespaces.ts';
import { until } from '../support/processes.ts';
import { program, type RunningSluice, startSluice } from '../support/sluice.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';

const fault = nftablesFault('nft');
const peer = (name: string): string => join(import.meta.dirname, '../support', name);

describe.skipIf(fault !== undefined)(`the question${fault === undefined ? '' : ` (${fault})`}`, () => {
  let star: Star;
  let running: RunningSluice;
  let terminal: TestTerminal | undefined;
  beforeAll(async () => {
    star = await createStar({ label: 'ask', containers: 0 });
    running = await startSluice({
      yaml: `runtime:
  name: here
  grace: 1s
shards:
  - name: default
    binds: [{ name: db, listen: "10.1.0.1:5432", mode: tcp, backend: db }]
backends:
  - name: db
    mode: tcp
    servers: [{ name: app1, address: "10.2.1.2:8080" }]
`,
      under: star.proxy.prefix,
    });
  });
  afterEach(async () => {
    await terminal?.close();
    terminal = undefined;
  });
  afterAll(async () => {
    await running?.stop();
    await star?.remove();
  });

  const listed = () => star.proxy.ask('nft', ['list', 'ruleset']);
  function type(...args: string[]): TestTerminal {
    terminal = openTerminal({
      command: process.execPath,
      args: [program, 'nft', ...args, '--attach', running.url],
      columns: 120,
      rows: 30,
      env: { SSH_CONNECTION: undefined },
    });
    return terminal;
  }

  it('BL4: without a yes before it nothing is done; with one after it, it stays', async () => {
    const first = type('block', '192.0.2.7', '--why', 'scan');
    await first.shows('Do it?');
    expect(first.text()).toContain('block 192.0.2.7');
    expect(first.text()).toContain('0 client connections of the proxy come from there');
    first.write('\r');
    expect((await first.ends()).code).toBe(1);
    expect(listed()).toBe('');
    await first.close();

    const second = type('block', '192.0.2.7', '--why', 'scan', '--for', '1h');
    await second.shows('Do it?');
    second.write('y\r');
    await second.shows('Keep it?');
    expect(listed()).toMatch(/192\.0\.2\.7 .*timeout 30s/);
    second.write('y\r');
    expect((await second.ends()).code).toBe(0);
    expect(second.text()).toContain('192.0.2.7 is blocked for 1 h');
    expect(listed()).toMatch(/192\.0\.2\.7 .*timeout (1h|59m)/);
    await second.close();

    // It stands already: nothing more is asked than whether to change it.
    const third = type('block', '192.0.2.7', '--why', 'worse');
    await third.shows('Do it?');
    expect(third.text()).toContain('scan');
    third.write('y\r');
    expect((await third.ends()).code).toBe(0);
    await third.close();
    expect(await running.verb('nft', 'unblock', '192.0.2.7')).toMatchObject({ code: 0 });
    expect(listed()).toBe('');
  });

  it('BL4: a no lets it through at once; no answer, when its time is over', async () => {
    const first = type('block', '192.0.2.8');
    await first.shows('Do it?');
    first.write('y\r');
    await first.shows('Keep it?');
    first.write('n\r');
    expect((await first.ends()).code).toBe(1);
    expect(first.text()).toContain('it was not to be kept');
    expect(listed()).toBe('');
    await first.close();

    const second = type('block', '192.0.2.8', '--confirm', '5s');
    await second.shows('Do it?');
    second.write('y\r');
    await second.shows('Keep it?');
    const { code } = await second.ends();
    expect(code).toBe(1);
    expect(second.text()).toContain('nobody confirmed it in time');
    await until('the kernel let it go', () => listed() === '');
  });

  it('BL4: who hangs up, and who confirms elsewhere', async () => {
    const first = type('block', '192.0.2.9', '--confirm', '1m');
    await first.shows('Do it?');
    first.write('y\r');
    await first.shows('Keep it?');
    expect(await running.verb('nft', 'confirm', '192.0.2.9')).toMatchObject({ code: 0 });
    expect((await first.ends()).code).toBe(0);
    expect(first.text()).toContain('somebody else confirmed it');
    await first.close();
    await running.verb('nft', 'unblock', '192.0.2.9');

    const second = type('block', '192.0.2.9', '--confirm', '5s');
    await second.shows('Do it?');
    second.write('y\r');
    await second.shows('Keep it?');
    second.hangUp();
    await second.ends();
    await until('it took itself back', () => listed() === '');
  });

  it('BL3: sessions that this machine has on the port of ssh are not locked out', async () => {
    await star.proxy.start(process.execPath, [peer('named-server.ts'), 'sshd', '22'], { ready: /ready/ });
    const sessions = await star.clients.start(process.execPath, [peer('named-client.ts'), 'hold'], {
      stdin: 'pipe',
    });
    sessions.child.stdin!.write('10.1.0.2 10.1.0.1 22\nfd00:1::2 fd00:1::1 22\n');
    await until('both are there', () => sessions.output().match(/sshd/g)?.length === 2);
    for (const address of ['10.1.0.2', '10.1.0.0/30', 'fd00:1::/120']) {
      const refused = await running.verb('nft', 'block', address, '--keep');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.output).toMatch(/an ssh session to this machine \((10\.1\.0\.2|fd00:1::2)\)/);
    }
    expect(await running.verb('nft', 'block', '10.1.0.9', '--keep')).toMatchObject({ code: 0 });
    await running.verb('nft', 'unblock', '10.1.0.9');
    expect(listed()).toBe('');
    await sessions.stop();
  });
});
