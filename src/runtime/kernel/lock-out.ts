// Who must not be blocked by mistake: whoever operates this machine, the machine itself, and the servers behind it.

import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { type Guarded, ipText } from '../../domain/block.ts';
import { ipOfEndpoint, parseIp } from '../../domain/ip.ts';
import type { Model } from '../../domain/model.ts';
import type { AttachedConsole } from '../control/services.ts';

/** Addresses of this machine, and clients of ssh sessions to it. From outside, so that tests need neither. */
export interface MachineFacts {
  ownAddresses(): readonly string[];
  sshClients(): Promise<readonly string[]>;
}

export const thisMachine: MachineFacts = {
  ownAddresses: () =>
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address),
    ),
  async sshClients() {
    const tables = await Promise.all(
      ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(() => '')),
    );
    return [...new Set(tables.flatMap(sshClientsIn))];
  },
};

const sshPort = '0016';
const established = '01';

/** proc(5), /proc/net/tcp: addresses are words of four bytes in the machine's order, ports big-endian. */
export function sshClientsIn(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/);
    if (state !== established || !local.endsWith(`:${sshPort}`)) return [];
    const words = remote.split(':')[0]?.match(/.{8}/g);
    const bytes = words?.flatMap((word) =>
      (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
    );
    if (bytes === undefined || (bytes.length !== 4 && bytes.length !== 16)) return [];
    const text = ipText(bytes);
    // A dual-stack sshd sees IPv4 as ::ffff:a.b.c.d.
    return [ipText(parseIp(text) ?? bytes)];
  });
}

export async function guardedAddresses(
  model: Pick<Model, 'server' | 'bind'>,
  consoles: readonly AttachedConsole[],
  machine: MachineFacts,
): Promise<Guarded[]> {
  const guarded: Guarded[] = [];
  const add = (address: string | undefined, who: string): void => {
    if (address !== undefined && parseIp(address) !== undefined) guarded.push({ address, who });
  };
  for (const { actor, ssh } of consoles) {
    add(actor.from, `the console of ${actor.name}`);
    add(ssh, `the ssh session of ${actor.name}`);
  }
  for (const client of await machine.sshClients().catch(() => []))
    add(client, 'an ssh session to this machine');
  for (const own of machine.ownAddresses()) add(own, 'this machine itself');
  const addressOf = (text: string): string | undefined => {
    const bytes = ipOfEndpoint(text);
    return bytes && ipText(bytes);
  };
  for (const { key, address, service } of model.server.values()) {
    add(addressOf(address), `server ${key}`);
    for (const endpoint of service?.endpoints ?? [])
      add(addressOf(endpoint.address), `an endpoint of ${key}`);
  }
  return guarded;
}
