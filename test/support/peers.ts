// Real peers for the system tests. On a fresh Debian as root they are installed here; else what is missing is said.
import { spawnSync } from 'node:child_process';

const packages: Record<string, string> = {
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  curl: 'curl',
  sshd: 'openssh-server',
  openssl: 'openssl',
  testssl: 'testssl.sh',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
};

/** For suites to be skipped where it is missing. */
export function hasPeer(command: 'nginx' | 'curl' | 'haproxy' | 'openssl' | 'testssl'): boolean {
  return has(command);
}

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command} || test -x /usr/sbin/${command}`]).status === 0;
}

export default function setup(): void {
  const missing = Object.keys(packages).filter((command) => !has(command));
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && has('apt-get')) {
    const wanted = missing.map((command) => packages[command]!);
    console.log(`installing what the tests meet: ${wanted.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const still = Object.keys(packages).filter((command) => !has(command));
  if (still.length > 0)
    console.warn(
      `missing, their suites are skipped: ${still.join(', ')} (Debian: apt-get install ${still.map((c) => packages[c]).join(' ')})`,
    );
}
