// Who must not be blocked by mistake: whoever operates this machine, the machine itself, and the servers behind it.

import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { type Guarded, ipText } from '../../domain/block.ts';
import { ipOfEndpoint, parseIp } from '../../domain/ip.ts';
import type { Actor } from '../../domain/journal.ts';
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
    const ports = sshPorts(process.env.SSH_CONNECTION);
    return [...new Set(tables.flatMap((table) => sshClientsIn(table, ports)))];
  },
};

const established = '01';

/** ssh's own, and the one that the runtime was started by: "CLIENT PORT SERVER PORT" (sshd(8)). */
export function sshPorts(connection: string | undefined): ReadonlySet<number> {
  return new Set([22, Number(connection?.split(' ')[3] ?? 22)]);
}

/** proc(5), /proc/net/tcp: addresses are words of four bytes in the machine's order, ports big-endian. */
export function sshClientsIn(table: string, ports: ReadonlySet<number>): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/);
    if (state !== established || !ports.has(Number.parseInt(local.split(':')[1] ?? '', 16))) return [];
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

/** @param actor who asks, as his console has it: what is his comes first, and is told as his own */
export async function guardedAddresses(
  model: Pick<Model, 'server' | 'bind'>,
  consoles: readonly AttachedConsole[],
  machine: MachineFacts,
  actor?: Actor,
): Promise<Guarded[]> {
  const guarded: Guarded[] = [];
  const known = new Set<string>();
  const add = (text: string | undefined, who: string): void => {
    const bytes = text === undefined ? undefined : parseIp(text);
    if (bytes === undefined) return;
    const address = ipText(bytes);
    guarded.push({ address, who });
    known.add(address);
  };
  const own = consoles.filter((console) => console.actor === actor);
  for (const console of own) {
    add(console.actor.from, 'your own console');
    add(console.ssh, 'your own ssh session');
  }
  for (const { actor: other, ssh } of consoles.filter((console) => console.actor !== actor)) {
    if (!known.has(other.from)) add(other.from, `the console of ${other.name}`);
    if (ssh !== undefined && !known.has(ssh)) add(ssh, `the ssh session of ${other.name}`);
  }
  for (const client of await machine.sshClients().catch(() => []))
    if (!known.has(client)) add(client, 'an ssh session to this machine');
  for (const address of machine.ownAddresses()) add(address, 'this machine itself');
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
