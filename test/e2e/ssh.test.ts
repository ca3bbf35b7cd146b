// Operators far away: `sluice` in a login over a real sshd, and `--attach ssh://…` through one, on a runtime that serves.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { descendants, isAlive, run, start, until } from '../support/processes.ts';
import { type Scratch, scratch } from '../support/scratch.ts';
import { program, type RunningSluice, startSluice } from '../support/sluice.ts';
import { hasSshd, hasSshdWithTerminals, type RunningSshd, startSshd } from '../support/sshd.ts';
import { keys, openTerminal, type TerminalOptions, type TestTerminal } from '../support/terminal.ts';

interface ShownServer {
  readonly key: string;
  readonly admin: string;
  readonly drain?: { readonly phase: string };
}

const withTerminals = it.skipIf(!hasSshdWithTerminals());

describe.skipIf(!hasSshd())('over ssh', () => {
  const main = resolve(program);
  let place: Scratch;
  let origins: readonly Origin[];
  let running: RunningSluice;
  let sshd: RunningSshd;
  let port: number;
  let viewerUrl: string;
  let held: Duplex[] = [];
  let terminals: TestTerminal[] = [];

  beforeAll(async () => {
    place = scratch();
    mkdirSync(place.path('tmp'));
    origins = await Promise.all(['app1', 'app2'].map((name) => startOrigin(name, place.path('posts'))));
    sshd = await startSshd();
    const token = randomBytes(32).toString('hex');
    writeFileSync(place.path('token'), `${token}\n`, { mode: 0o600 });
    const hash = createHash('sha256').update(token).digest('hex');
    writeFileSync(place.path('tokens'), `vera viewer ${hash}\n`, { mode: 0o600 });
  });
  afterAll(async () => {
    await sshd?.stop();
    for (const origin of origins ?? []) await origin.process.stop();
    place?.remove();
  });

  beforeEach(async () => {
    running = await startSluice({
      yaml: `runtime:
  name: far
  control: { listen: ["CONTROL", "ws://127.0.0.1:0"], tokens: ${place.path('tokens')} }
  grace: 1s
shards:
  - name: default
    binds: [{ name: http, listen: "127.0.0.1:0", mode: http, defaultBackend: web }]
backends:
  - name: web
    balance: { algorithm: roundrobin }
    servers:
${origins.map(({ name, port: at }) => `      - { name: ${name}, address: "127.0.0.1:${at}" }`).join('\n')}
`,
    });
    const { binds } = (await running.json('show', 'binds')) as { binds: { address: string }[] };
    port = Number(binds[0]!.address.split(':')[1]);
    viewerUrl = /ws:\/\/127\.0\.0\.1:\d+/.exec(running.process.stdout())![0];
  });
  afterEach(async () => {
    for (const terminal of terminals) await terminal.close();
    terminals = [];
    letGo();
    await running.stop();
  });

  function open(options: TerminalOptions): TestTerminal {
    const terminal = openTerminal(options);
    terminals.push(terminal);
    return terminal;
  }

  const remotely = (args: readonly string[]) => [process.execPath, main, ...args].join(' ');

  /** As from a desk: ssh on this side of a terminal, sluice on the other. */
  function login(args: readonly string[], env: TerminalOptions['env'] = {}): TestTerminal {
    return open({ command: 'ssh', args: [...sshd.args, remotely(args)], env });
  }

  /** `sluice` here, whose `ssh` is known to the server. */
  const here = (far = sshd) => ({
    PATH: `${far.clientFolder}:${process.env.PATH}`,
    TMPDIR: place.path('tmp'),
  });
  const urlOf = (far = sshd, path = running.place.path('control.sock')) =>
    `ssh://${far.user}@127.0.0.1:${far.port}${path}`;
  const attachedVerb = (args: readonly string[], far = sshd, url = urlOf(far)) =>
    run(process.execPath, [main, ...args, '--attach', url], { env: { ...process.env, ...here(far) } });

  async function app1(): Promise<ShownServer> {
    const { servers } = (await running.json('show', 'servers')) as { servers: ShownServer[] };
    return servers.find(({ key }) => key === 'web/app1')!;
  }

  const status = () =>
    new Promise<number | undefined>((done, failed) => {
      request({ port, agent: false }, (answer) => {
        answer.resume();
        done(answer.statusCode);
      })
        .on('error', failed)
        .end();
    });

  /** Three tunnels on each server, until they are let go. */
  async function holdSome(): Promise<void> {
    const headers = { connection: 'upgrade', upgrade: 'echo' };
    held = await Promise.all(
      Array.from(
        { length: 6 },
        () =>
          new Promise<Duplex>((open, failed) => {
            request({ port, agent: false, headers })
              .on('upgrade', (_, socket) => open(socket.on('error', () => {})))
              .on('error', failed)
              .end();
          }),
      ),
    );
    await until('the tunnels are with the servers', async () => {
      const { matched } = (await running.json('show', 'connections', '--filter', 'server=app1')) as {
        matched: number;
      };
      return matched === 3;
    });
  }

  function letGo(): void {
    for (const tunnel of held) tunnel.destroy();
    held = [];
  }

  const isRestored = ({ alternateScreen, cursorHidden, bracketedPaste }: TestTerminal) =>
    !alternateScreen && !cursorHidden && !bracketedPaste;

  withTerminals('launches, follows the window, drains a server, and hands the terminal back', async () => {
    await holdSome();
    const terminal = login(['--attach', running.url]);
    const { shows, write, resize, ends } = terminal;
    await shows('1 Overview');
    await shows('● live');
    await terminal.until('the footer', () => terminal.lines().at(-1)!.includes('quit'));
    expect(terminal.lines()[0]).toMatch(/sluice +far/);
    expect(terminal.lines()).toHaveLength(24);
    resize(120, 40);
    await terminal.until('all of 120×40', () => {
      const lines = terminal.lines();
      return lines.at(-1)!.includes('quit') && lines[0]!.trimEnd().length > 100;
    });
    expect(terminal.lines().filter((line) => line.includes('1 Overview'))).toHaveLength(1);
    write('3');
    await terminal.until('the servers', () => /app1 +ready/.test(terminal.text()));
    write('j');
    write('d');
    await shows('Drain web/app1');
    await shows('new clients go to');
    write('y');
    await terminal.until('the server drains', () => /app1 +drain/.test(terminal.text()));
    await shows('0 of 3 gone');
    expect(await app1()).toMatchObject({ admin: 'drain', drain: { phase: 'draining' } });
    write('q');
    expect(await ends()).toEqual({ code: 0, signal: 0 });
    expect(isRestored(terminal)).toBe(true);
    await until('nothing is left of the login', () => descendants(sshd.process.pid).length === 0);
    expect(await app1()).toMatchObject({ drain: { phase: 'draining' } });
  });

  withTerminals(
    'ends on the far side when ssh is killed, and neither the proxy nor the drain minds',
    async () => {
      await holdSome();
      const terminal = login(['--attach', running.url]);
      const { shows, write } = terminal;
      await shows('● live');
      write('3');
      await terminal.until('the servers', () => /app1 +ready/.test(terminal.text()));
      write('jd');
      await shows('new clients go to');
      write('y');
      await shows('0 of 3 gone');
      const there = descendants(sshd.process.pid);
      expect(there.some((pid) => commandLine(pid).includes(main))).toBe(true);
      process.kill(terminal.pid, 'SIGKILL');
      await until('no process is left', () => there.every((pid) => !isAlive(pid)), 10_000);
      expect(await status()).toBe(200);
      expect(await app1()).toMatchObject({ admin: 'drain', drain: { phase: 'draining' } });
      letGo();
      await until('it runs empty', async () => (await app1()).drain?.phase === 'drained');
    },
  );

  withTerminals('shows a viewer all in the 16 colours of an xterm, and lets nothing be changed', async () => {
    const terminal = login(['--attach', viewerUrl, '--token-file', place.path('token')], { TERM: 'xterm' });
    const { shows, write, ends } = terminal;
    await shows('viewer ● live');
    write('3');
    await terminal.until('the servers', () => /app1 +ready/.test(terminal.text()));
    write('jd');
    await terminal.until('a refusal', () => /viewer.*(only|not|may)|operator/i.test(terminal.text()));
    write('y');
    write('\u001b');
    write('q');
    expect((await ends()).code).toBe(0);
    expect(terminal.raw).toMatch(/\u001b\[(\d+;)*(3[0-7]|9[0-7])m/);
    expect(terminal.raw).not.toMatch(/[34]8;[25];/);
    expect((await app1()).admin).toBe('ready');
  });

  withTerminals.each([
    ['on a dumb terminal', (): readonly string[] => sshd.args, 'TERM=dumb'],
    ['without a terminal', () => sshd.args.filter((word) => word !== '-tt'), 'ssh -t'],
  ])('%s says what to use, with exit code 2', async (_, args, word) => {
    const terminal = open({
      command: 'ssh',
      args: [...args(), remotely(['--attach', running.url])],
      env: { TERM: 'dumb' },
      columns: 300,
    });
    await terminal.shows(word);
    await terminal.shows('sluice show servers');
    expect((await terminal.ends()).code).toBe(2);
    expect(terminal.raw).not.toContain('\u001b[');
  });

  describe('--attach ssh://', () => {
    /** Node keeps its compiled code beside them. */
    const folders = () => readdirSync(place.path('tmp')).filter((name) => name.startsWith('sluice-'));
    const nothingLeft = () =>
      until('no login, no folder', () => {
        return descendants(sshd.process.pid).length === 0 && folders().length === 0;
      });

    it('serves a verb, and leaves nothing behind', async () => {
      const { code, stdout, output } = await attachedVerb(['show', 'servers', '--json']);
      expect(output).not.toMatch(/ssh/i);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).servers).toHaveLength(2);
      expect((await attachedVerb(['maint', 'web/app1'])).code).toBe(0);
      expect(await app1()).toMatchObject({ admin: 'maint' });
      await nothingLeft();
    });

    it('serves a console, which attaches again when the connection breaks', async () => {
      const terminal = open({ command: process.execPath, args: [main, '--attach', urlOf()], env: here() });
      await terminal.shows('operator ● live');
      // Of a login there may be two processes: one that watches, and one that serves.
      for (const session of descendants(sshd.process.pid)) process.kill(session, 'SIGKILL');
      await terminal.shows('reconnecting');
      await terminal.shows('operator ● live');
      terminal.write('q');
      expect((await terminal.ends()).code).toBe(0);
      expect(isRestored(terminal)).toBe(true);
      await nothingLeft();
    });

    it('takes ssh along when it is killed', async () => {
      const started = await start(process.execPath, [main, 'tail', '--attach', urlOf()], {
        env: { ...process.env, ...here() },
        ready: async () => descendants(sshd.process.pid).length > 0 && folders().length > 0,
      });
      const children = descendants(started.pid);
      expect(children.some((pid) => commandLine(pid).includes('ServerAliveInterval'))).toBe(true);
      started.signal('SIGKILL');
      await until('all are gone', () => children.every((pid) => !isAlive(pid)));
      await nothingLeft();
    });

    it('leaves at once while it tries in vain to attach again', async () => {
      const other = await startSshd();
      const terminal = open({
        command: process.execPath,
        args: [main, '--attach', urlOf(other)],
        env: here(other),
      });
      await terminal.shows('● live');
      const sessions = descendants(other.process.pid);
      await other.stop();
      for (const pid of sessions) process.kill(pid, 'SIGKILL');
      await terminal.shows('reconnecting');
      terminal.write('q');
      expect((await terminal.ends()).code).toBe(0);
      await nothingLeft();
    });

    it('lets ssh ask for a password before the screen is there, and Ctrl-C end it', async () => {
      const other = await startSshd(['PasswordAuthentication yes', 'KbdInteractiveAuthentication no']);
      other.forgetKey();
      const terminal = open({
        command: process.execPath,
        args: [main, '--attach', urlOf(other)],
        env: here(other),
      });
      await terminal.shows('password:');
      expect(terminal.alternateScreen).toBe(false);
      const children = descendants(terminal.pid);
      terminal.write(keys.ctrlC);
      expect(await terminal.ends()).toMatchObject({ signal: 2 });
      await until('all are gone', () => children.every((pid) => !isAlive(pid)));
      await nothingLeft();
      await other.stop();
    });

    it('says what ssh says where nobody is let in, with exit code 4', async () => {
      const other = await startSshd();
      other.forgetKey();
      const { code, output } = await attachedVerb(['show', 'servers'], other);
      await other.stop();
      expect(output).toMatch(/ssh:.*Permission denied/);
      expect(output).toMatch(/works by itself/);
      expect(code).toBe(4);
    });

    it('says it where the server does not forward sockets, with exit code 3', async () => {
      const other = await startSshd(['AllowStreamLocalForwarding no']);
      const { code, output } = await attachedVerb(['show', 'servers'], other);
      await other.stop();
      expect(output).toMatch(/the ssh server there forwards no sockets/);
      expect(code).toBe(3);
    });

    it.each([
      [
        'no runtime is there',
        () => urlOf(sshd, '/nowhere/control.sock'),
        3,
        /no runtime listens on \/nowhere/,
      ],
      ['no machine is there', () => 'ssh://127.0.0.1:1', 3, /ssh:.*refused/],
      ['the host would be an option', () => 'ssh://-oProxyCommand=true', 2, /not allowed/],
    ])('says so where %s', async (_, url, exit, message) => {
      const { code, output } = await attachedVerb(['show', 'servers'], sshd, url());
      expect(output).toMatch(message);
      expect(code).toBe(exit);
      await nothingLeft();
    });
  });
});

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
