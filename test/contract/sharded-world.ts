// The embedded engine with a shard of several instances, and clients of many addresses: who met which instance is told by
// the engine itself, for each connection.

import { connect, type Socket } from 'node:net';
import type { ConnectionRow } from '../../src/domain/connection.ts';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import type { Bind, Plan, Steering } from '../../src/domain/plan.ts';
import type { Engine } from '../../src/engine/engine.ts';

/** A prime; small, so that a table is made in no time. */
export const tableSize = 1_009;

/** As many different clients as wanted, all on loopback. */
export const addressOf = (client: number) => `127.8.${client >> 7}.${(client & 127) + 1}`;

export function withInstances(
  plan: Plan,
  instances: number,
  over: { hash?: string; steering?: Partial<Steering>; binds?: readonly Bind[]; grace?: number } = {},
): Plan {
  const [shard] = plan.shards;
  return {
    ...plan,
    hash: over.hash ?? `${plan.hash}-of-${instances}`,
    runtime: { ...plan.runtime, grace: over.grace ?? plan.runtime.grace },
    shards: [
      {
        ...shard!,
        instances,
        steering: { by: 'handoff', tableSize, ipv6Prefix: 128, ...over.steering },
        binds: over.binds ?? shard!.binds,
      },
    ],
  };
}

/** The instance that the table gives a client. */
export function instanceOf(client: string, instances: number, prefix: 64 | 128 = 128): string {
  return `default/${slotTable(instances, tableSize)[slotOfClient(client, tableSize, prefix)!]}`;
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** One request on a connection of its own; answers the server's name. Rejects when it is refused, reset or answered otherwise. */
export function ask(place: Place | { readonly path: string }, timeoutMs = 8_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...place });
    let text = '';
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () =>
      socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'),
    );
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const body = /^HTTP\/1\.1 200 [\s\S]*?\r\n\r\n([\s\S]*)$/.exec(text)?.[1];
      if (body === undefined) reject(new Error(`answered ${JSON.stringify(text.slice(0, 60))}`));
      else resolve(body);
    });
  });
}

export interface Held {
  readonly address: string;
  readonly socket: Socket;
  /** False once it was ended by somebody else. */
  isOpen(): boolean;
}

/** A keep-alive connection of a client, answered once. */
export async function hold(place: Place | { readonly path: string }): Promise<Held> {
  const socket = connect({ ...place });
  let open = true;
  socket
    .on('error', () => {})
    .on('close', () => {
      open = false;
    });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'));
    socket.once('data', () => resolve());
    socket.once('close', () => reject(new Error('closed')));
  });
  socket.on('data', () => {});
  const address = 'path' in place ? place.path : (place.localAddress ?? place.host);
  return { address, socket, isOpen: () => open };
}

/** All open connections, by client address: who carries them. */
export async function carriers(engine: Engine): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await rowsOf(engine);
  const seen = new Map<string, Set<string>>();
  for (const { client, instance } of rows) {
    const address = client.slice(0, client.lastIndexOf(':')).replace(/^\[|\]$/g, '');
    seen.set(address, (seen.get(address) ?? new Set()).add(instance));
  }
  return seen;
}

export function rowsOf(engine: Engine): Promise<readonly ConnectionRow[]> {
  return new Promise((resolve) => {
    const watch = engine.watchConnections(
      { filter: '', order: { by: 'age', descending: false }, offset: 0, limit: 5_000, ended: false },
      ({ rows }) => {
        watch.close();
        resolve(rows);
      },
    );
  });
}

export interface Load {
  readonly done: number;
  readonly failed: readonly { readonly address: string; readonly why: string }[];
  stop(): Promise<void>;
}

/** Clients that ask without a pause, each request on a connection of its own. */
export function startAsking(placeOf: (address: string) => Place, clients: number): Load {
  const failed: { address: string; why: string }[] = [];
  let done = 0;
  let stopping = false;
  const all = Array.from({ length: clients }, async (_, client) => {
    const address = addressOf(client);
    while (!stopping) {
      try {
        await ask(placeOf(address));
        done += 1;
      } catch (error) {
        failed.push({ address, why: (error as Error).message });
      }
    }
  });
  return {
    get done() {
      return done;
    },
    failed,
    async stop() {
      stopping = true;
      await Promise.all(all);
    },
  };
}
