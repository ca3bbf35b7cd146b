// Where a runtime and its data plane meet: a folder that a restarted runtime finds again, so that it adopts what runs.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { ControlListen, Plan } from '../domain/plan.ts';

/**
 * Beside the control socket; for a runtime that only listens on TCP, under the user's run-time folder. Named by what is
 * this runtime's alone: the first address that is fixed, or, where every port is chosen anew at each start, the
 * configuration's file (an absolute path). Pure.
 */
export function engineFolder(plan: Plan, configFile: string, runFolder: string): string {
  return folderOf('engine', plan.runtime.control, configFile, runFolder);
}

/** Where certificates of imported routes are kept: beside it. Pure. */
export function importedFolder(
  control: readonly ControlListen[],
  configFile: string,
  runFolder: string,
): string {
  return folderOf('imported', control, configFile, runFolder);
}

function folderOf(
  what: string,
  control: readonly ControlListen[],
  configFile: string,
  runFolder: string,
): string {
  const addresses = control.map(({ address }) => address);
  const socket = addresses.find(({ kind }) => kind === 'unix');
  // Short and without odd characters, whatever the names are: a unix socket's path may hold 107 bytes.
  const name = (text: string) => `${what}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  if (socket?.kind === 'unix') return join(dirname(socket.path), name(socket.path));
  const fixed = addresses.find((address) => address.kind === 'ip' && address.port !== 0);
  return join(runFolder, name(fixed?.kind === 'ip' ? `${fixed.host} ${fixed.port}` : configFile));
}
