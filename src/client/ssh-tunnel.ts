// From ssh://USER@HOST:PORT/PATH to an open channel: the system's own ssh forwards the control socket of the far machine.
// One ssh for each channel, which ends with it; whom to trust and how to log in is what the operator's ssh says.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { safe } from '../domain/safe.ts';
import type { Channel } from '../protocol/channel.ts';
import { type Dial, type DialTarget, dial } from './dial.ts';
import { AttachError } from './runtime-client.ts';

export interface SshTarget {
  readonly user?: string;
  readonly host: string;
  readonly port?: string;
  /** Of the control socket, on the far machine. */
  readonly path: string;
}

const forms = 'write ssh://USER@HOST or ssh://USER@HOST:PORT/PATH/OF/control.sock';

/** What ssh would take for an option, a command or a pattern of its own is refused. @throws AttachError */
export function parseSshUrl(text: string, defaultPath: string): SshTarget {
  const wrong = (what: string): AttachError => new AttachError('incompatible', `${safe(text)}: ${what}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'ssh:' || url.hostname === '') throw wrong(forms);
  if (url.password !== '')
    throw new AttachError('incompatible', 'a control URL holds no password: ssh asks for it');
  const user = url.username;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const path = url.pathname === '' || url.pathname === '/' ? defaultPath : url.pathname;
  if (!/^(?!-)[\w.@+-]*$/.test(user)) throw wrong('the name of the user has signs that are not allowed here');
  if (!/^(?!-)[\w.:-]+$/.test(host)) throw wrong('the name of the host has signs that are not allowed here');
  if (!/^\/[\w./@+,=-]*[^/]$/.test(path) || url.search !== '' || url.hash !== '')
    throw wrong('the path of the control socket there may hold letters, digits and . _ - @ + , = only');
  return { host, path, ...(user && { user }), ...(url.port && { port: url.port }) };
}

const socketName = 'control.sock';
const lookMs = 25;
/** ssh tells on its standard error why a socket was closed: that comes another way, and may come a little later. */
const lastWordsMs = 150;
/** Ours is gone at once; one that hangs is noticed as soon as a silent attachment would be. */
const options = [
  '-NT',
  // Quieter, it would not tell why the far side opens no socket.
  '-oLogLevel=INFO',
  '-oExitOnForwardFailure=yes',
  '-oServerAliveInterval=5',
  '-oServerAliveCountMax=3',
  '-oConnectTimeout=10',
  // Through a connection shared with others, the forwarding would outlive us.
  '-oControlMaster=no',
  '-oControlPath=none',
];

/**
 * ssh dies with us however we end, kill -9 included: then the shell's `read` meets the end of file 3.
 * Ctrl-C and Ctrl-\ are for us alone: a verb that says last words needs its connection for a moment.
 */
const underLifeline = `trap '' INT QUIT
{ trap '' HUP TERM; read -r _ <&3 || kill "$$"; rm -f "$0/${socketName}"; rmdir "$0"; } >/dev/null 2>&1 &
exec ssh "$@" 3<&-`;

interface Tunnel {
  readonly socket: string;
  /** Undefined while ssh runs. */
  readonly exitCode: number | undefined;
  /** What ssh wrote to standard error. */
  said(): string;
  /** From now on it does not keep this process alive. */
  unref(): void;
  readonly unreferenced: boolean;
  close(): void;
}

/**
 * Of the dials it makes, the first may ask on the terminal: for a password, or whether a new host is the right one.
 * @throws AttachError where `url` is wrong
 */
export function createSshDial(url: string, defaultPath: string): Dial {
  const far = parseSshUrl(url, defaultPath);
  let mayAsk = true;
  return async (target) => {
    const tunnel = openTunnel(far, mayAsk);
    // Later a screen is there, which a question would spoil; and leaving must not wait for an attempt.
    if (!mayAsk) tunnel.unref();
    mayAsk = false;
    try {
      const channel = await channelThrough(tunnel, target, far);
      tunnel.unref();
      channel.ended(tunnel.close);
      return channel;
    } catch (error) {
      tunnel.close();
      throw error;
    }
  };
}

async function channelThrough(tunnel: Tunnel, target: DialTarget, far: SshTarget): Promise<Channel> {
  for (;;) {
    if (tunnel.exitCode !== undefined) throw sshEnded(target.url, tunnel.exitCode, tunnel.said());
    if (existsSync(tunnel.socket)) {
      try {
        return await dial({ ...target, url: `unix:${tunnel.socket}` });
      } catch (error) {
        if (!isNotListeningYet(error)) {
          await pause(lastWordsMs, undefined, { ref: !tunnel.unreferenced });
          throw nobodyBehind(target.url, far, tunnel.said(), error);
        }
      }
    }
    await pause(lookMs, undefined, { ref: !tunnel.unreferenced });
  }
}

function openTunnel({ user, host, port, path }: SshTarget, mayAsk: boolean): Tunnel {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  const words = [
    ...options,
    ...(mayAsk ? [] : ['-oBatchMode=yes']),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', port]),
    // Relative to its working directory: ssh would see signs of its own in the name of a folder.
    '-L',
    `./${socketName}:${path}`,
    '--',
    host,
  ];
  const child = spawn('/bin/sh', ['-c', underLifeline, folder, ...words], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const errors = child.stderr!;
  const lifeline = child.stdio[3] as Duplex;
  let said = '';
  let exitCode: number | undefined;
  let unreferenced = false;
  errors.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  lifeline.on('error', () => {});
  child.once('error', (error) => {
    said += error.message;
    exitCode = 127;
  });
  child.once('exit', (code) => {
    // With a line instead of an end, so that nobody is killed whose number was ssh's.
    lifeline.end('\n', () => lifeline.destroy());
    // What it started to get there may outlive it, and hold its standard error open.
    setTimeout(() => {
      exitCode ??= code ?? 255;
    }, lastWordsMs).unref();
  });
  // All it wrote is read by then.
  child.once('close', (code) => {
    exitCode ??= code ?? 255;
  });
  return {
    socket: join(folder, socketName),
    get exitCode() {
      return exitCode;
    },
    said: () => said,
    get unreferenced() {
      return unreferenced;
    },
    unref() {
      unreferenced = true;
      child.unref();
      (errors as unknown as { unref(): void }).unref();
      (lifeline as unknown as { unref(): void }).unref();
    },
    close: () => void lifeline.destroy(),
  };
}

/** ssh names its socket before it listens on it. */
function isNotListeningYet(error: unknown): boolean {
  const { cause } = error as AttachError;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function sshEnded(url: string, exitCode: number, said: string): AttachError {
  if (exitCode === 127) return new AttachError('no-runtime', `${url}: ssh is not installed on this machine`);
  return new AttachError(
    /permission denied|host key verification failed/i.test(said) ? 'not-permitted' : 'no-runtime',
    `${url}: ssh: ${inOneLine(said) || `ended with exit code ${exitCode}`}`,
  );
}

function nobodyBehind(url: string, { path }: SshTarget, said: string, cause: unknown): AttachError {
  // ssh says the same of all three.
  const why = `no runtime listens on ${path} there, this user may not open it, or the ssh server there forwards no sockets`;
  const words = inOneLine(said);
  return new AttachError('no-runtime', `${url}: ${why}${words && ` (ssh: ${words})`}`, { cause });
}

function inOneLine(said: string): string {
  const lines = said.split(/\r?\n|\r/).map((line) => line.trim());
  return safe(lines.filter((line) => line !== '').join('; ')).slice(-400);
}
