// What comparing our access log with HAProxy's own needs: the program, ports, and a line without what may differ.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

export const haproxy = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v haproxy'], {
  encoding: 'utf8',
}).stdout.trim();

export const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** A port that nobody listens on, a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * What may differ: client port, date, times, bytes, and how many connections are open (a connection of the case before may
 * just be closing). A time of -1 is a phase that never was, and stays.
 * Of a handshake that failed HAProxy says less.
 */
export function normal(line: string): string {
  return line
    .replace(/(SSL handshake.*) \(.*\)$/, '$1')
    .replace(/^127\.0\.0\.1:\d+ \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}\]/, 'CLIENT [DATE]')
    .replace(/ \d+\/\d+\/(\d+\/\d+\/\+?\d+ \d+\/\d+)/, ' C/C/$1')
    .replace(/ (-?\d+\/){2,4}-?\d+ /, (times) => times.replace(/(?<![-\d])\d+/g, 'T'))
    .replace(/(T|-1) (-?\d{1,3} )?\d+ (?=- |--|[A-Za-z]{2} |[A-Za-z-]{2} )/, '$1 $2B ');
}

export function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
