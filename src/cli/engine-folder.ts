// Where a runtime and its data plane meet: a folder that a restarted runtime finds again, so that it adopts what runs.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Plan } from '../domain/plan.ts';

/** Beside the control socket; for a runtime that only listens on TCP, under the user's run-time folder. Pure. */
export function engineFolder(plan: Plan, runFolder: string): string {
  const socket = plan.runtime.control.map(({ address }) => address).find(({ kind }) => kind === 'unix');
  // Short and without odd characters, whatever the names are: a unix socket's path may hold 107 bytes.
  const name = (text: string) => `engine-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  if (socket?.kind === 'unix') return join(dirname(socket.path), name(socket.path));
  const [first] = plan.runtime.control;
  const where =
    first?.address.kind === 'ip' ? `${first.address.host} ${first.address.port}` : plan.runtime.name;
  return join(runFolder, name(where));
}
