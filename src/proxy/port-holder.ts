// Who listens on an address that we could not have: read from /proc, as far as this user may. For error messages only.

import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Address } from '../domain/plan.ts';

/** "nginx (pid 4711)", "a process of uid 33", or undefined where nothing can be found out (not Linux, say). */
export async function holderOf(address: Address): Promise<string | undefined> {
  const socket = address.kind === 'ip' ? await tcpSocket(address.port) : await unixSocket(address.path);
  if (socket === undefined) return undefined;
  return (
    (await processWith(socket.inode)) ??
    (socket.uid === undefined ? undefined : `a process of uid ${socket.uid}`)
  );
}

interface FoundSocket {
  readonly inode: string;
  readonly uid?: string | undefined;
}

/** proc(5): sl local_address rem_address st … uid timeout inode; 0A is LISTEN. */
async function tcpSocket(port: number): Promise<FoundSocket | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of await linesOf(table)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) && fields[3] === '0A' && fields[9] !== undefined) {
        return { inode: fields[9], uid: fields[7] };
      }
    }
  }
  return undefined;
}

/** Num RefCount Protocol Flags Type St Inode Path; the flag 00010000 is a listening socket's. */
async function unixSocket(path: string): Promise<FoundSocket | undefined> {
  for (const line of await linesOf('/proc/net/unix')) {
    const fields = line.trim().split(/\s+/);
    if (fields.slice(7).join(' ') === path && fields[3] === '00010000' && fields[6] !== undefined) {
      return { inode: fields[6] };
    }
  }
  return undefined;
}

async function processWith(inode: string): Promise<string | undefined> {
  const wanted = `socket:[${inode}]`;
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    // Other users' processes may not be looked into, and any may end meanwhile: both just tell nothing.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
      if (target !== wanted) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
      return `${name === '' ? 'a process' : name} (pid ${pid})`;
    }
  }
  return undefined;
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(1);
}
