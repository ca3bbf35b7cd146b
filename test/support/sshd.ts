// A real sshd on a loopback port of its own, with keys made for the test, and the arguments that reach it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { accepts, freePort, type Started, start } from './processes.ts';
import { scratch } from './scratch.ts';

export interface RunningSshd {
  readonly process: Started;
  /** For `ssh`: a terminal for the command that follows. */
  readonly args: readonly string[];
  readonly port: number;
  readonly user: string;
  /** First in PATH, its `ssh` knows the key and the host, as an operator's own configuration would. */
  readonly clientFolder: string;
  /** From now on nobody is let in. */
  forgetKey(): void;
  stop(): Promise<void>;
}

const binary = '/usr/sbin/sshd';

export function hasSshd(): boolean {
  return spawnSync(binary, ['-V']).error === undefined && spawnSync('ssh', ['-V']).error === undefined;
}

/** Only root may hand a terminal over to who logged in: another user's sshd has none for `ssh -t`. */
export function hasSshdWithTerminals(): boolean {
  return hasSshd() && process.getuid?.() === 0;
}

/** `extra`: lines for its configuration; they come first, and therefore win. */
export async function startSshd(extra: readonly string[] = []): Promise<RunningSshd> {
  const place = scratch();
  const { path } = place;
  for (const name of ['host', 'user']) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)]);
  }
  writeFileSync(path('authorized'), readFileSync(path('user.pub')), { mode: 0o600 });
  // Where sshd, started as root, insists on a folder for its unprivileged half.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  writeFileSync(
    path('config'),
    [
      ...extra,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${path('host')}`,
      `AuthorizedKeysFile ${path('authorized')}`,
      `PidFile ${path('pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin yes',
      '',
    ].join('\n'),
  );
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const identity = ['-F', '/dev/null', '-i', path('user'), ...options.flatMap((option) => ['-o', option])];
  writeFileSync(path('known'), `[127.0.0.1]:${port} ${readFileSync(path('host.pub'), 'utf8')}`);
  const known = `-o StrictHostKeyChecking=yes -o UserKnownHostsFile=${path('known')}`;
  const ssh = spawnSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).stdout.trim();
  mkdirSync(path('bin'));
  writeFileSync(path('bin/ssh'), `#!/bin/sh\nexec ${ssh} -F /dev/null -i ${path('user')} ${known} "$@"\n`, {
    mode: 0o755,
  });
  const user = userInfo().username;
  const sshd = await start(binary, ['-D', '-e', '-f', path('config')], { ready: () => accepts(port) });
  return {
    process: sshd,
    args: ['-tt', ...identity, '-p', String(port), `${user}@127.0.0.1`],
    port,
    user,
    clientFolder: path('bin'),
    forgetKey: () => writeFileSync(path('authorized'), ''),
    async stop() {
      await sshd.stop();
      place.remove();
    },
  };
}
