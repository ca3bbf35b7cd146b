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
  stop(): Promise<void>;
}

const binary = '/usr/sbin/sshd';

export function hasSshd(): boolean {
  return spawnSync(binary, ['-V']).error === undefined && spawnSync('ssh', ['-V']).error === undefined;
}

export async function startSshd(): Promise<RunningSshd> {
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
  const sshd = await start(binary, ['-D', '-e', '-f', path('config')], { ready: () => accepts(port) });
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  return {
    process: sshd,
    args: [
      '-tt',
      ...['-F', '/dev/null', '-i', path('user'), '-p', String(port)],
      ...options.flatMap((option) => ['-o', option]),
      `${userInfo().username}@127.0.0.1`,
    ],
    async stop() {
      await sshd.stop();
      place.remove();
    },
  };
}
