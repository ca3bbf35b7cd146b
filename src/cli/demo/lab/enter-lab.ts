// `sluice demo --lab`, seen from outside: the demo starts itself anew in a network namespace of its own, as root, or as
// anybody where the system lets users have namespaces. Nothing of this machine's network is touched, and nothing remains.
import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { CliFailure } from '../../failure.ts';
import { entryPath } from '../entry.ts';

const tools = [
  ['unshare', 'util-linux'],
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
] as const;

/** Resolves with the exit code of the demo inside. @throws CliFailure where there can be no such namespace */
export async function enterLab(args: readonly string[]): Promise<number> {
  const flags = namespaceFlags();
  const child = spawn('unshare', [...flags, process.execPath, entryPath('main'), ...args], {
    // The channel is its life line: it leaves when this process does, however that went.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A key's signal reaches it as well; whatever comes to this process alone ends its life line, a moment later.
  const end = () => setTimeout(() => child.connected && child.disconnect(), 200);
  process.on('SIGTERM', end).on('SIGHUP', end).on('SIGINT', end);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    process.off('SIGTERM', end).off('SIGHUP', end).off('SIGINT', end);
  }
}

/**
 * The lab writes rules and settings of the kernel: never where it was not brought by `enterLab`, whose namespace is another.
 * @throws CliFailure
 */
export function assertInside(namespaceOf: (pid: number | 'self') => string = networkOf): void {
  const own = namespaceOf('self');
  let outside: string | undefined;
  try {
    outside = namespaceOf(process.ppid);
  } catch (error) {
    // What began it is in another user namespace, and so in another network.
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  if (process.connected !== true || own === outside)
    throw new CliFailure(
      'refused',
      "the lab would change this machine's own network here",
      'start it without --inside: sluice demo --lab',
    );
}

const networkOf = (pid: number | 'self'): string => readlinkSync(`/proc/${pid}/ns/net`);

function namespaceFlags(): readonly string[] {
  if (process.platform !== 'linux')
    throw new CliFailure(
      'refused',
      'the lab is made of network namespaces, which only Linux has',
      'run the demo without it: sluice demo',
    );
  for (const [tool, packageName] of tools) {
    const tried = spawnSync(tool, [tool === 'ip' ? '-V' : '--version'], { stdio: 'ignore' });
    if (tried.error !== undefined)
      throw new CliFailure('refused', `the lab needs ${tool}`, `install it: apt install ${packageName}`);
  }
  const root = process.getuid?.() === 0;
  const faults: string[] = [];
  for (const flags of [...(root ? [['-n']] : []), ['-U', '-r', '-n']]) {
    const tried = spawnSync('unshare', [...flags, 'true'], { encoding: 'utf8' });
    if (tried.status === 0) return flags;
    faults.push(tried.stderr.trim());
  }
  throw new CliFailure(
    'refused',
    `the lab's network namespaces cannot be made here: ${faults.at(-1)}`,
    root
      ? 'a container needs CAP_SYS_ADMIN and CAP_NET_ADMIN for it'
      : 'run it as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0',
  );
}
