// Which servers hashed clients meet when servers change: the balancer of the data plane itself, asked before and after. Only
// backends of algorithm `source`: all others choose anew for each stream, and nobody moves.

import { type Balancer, type Candidate, createSlot } from './balance/balancer.ts';
import { hashClient } from './balance/client-hash.ts';
import { createSourceBalancer } from './balance/source-balancer.ts';
import { type Backend, type Plan, type Server, type ServerKey, serverKey } from './plan.ts';
import { type ServerWish, takesNewClients } from './server-state.ts';
import type { BackendChange, ObservedClient, ObservedClients } from './shard-plan.ts';

interface ServersFacts {
  readonly before: Plan;
  readonly after: Plan;
  readonly clients: ObservedClients;
  readonly wishesBefore: readonly ServerWish[];
  readonly wishesAfter: readonly ServerWish[];
}

/** Those of algorithm `source` before and after whose servers are not the same to a client that is new. */
export function backendChanges({
  before,
  after,
  clients,
  wishesBefore,
  wishesAfter,
}: ServersFacts): readonly BackendChange[] {
  const former = new Map(before.backends.map((backend) => [backend.name, backend]));
  const [now, then] = [byServer(wishesBefore), byServer(wishesAfter)];
  return after.backends.flatMap((backend) => {
    const known = former.get(backend.name);
    if (backend.algorithm !== 'source' || known?.algorithm !== 'source') return [];
    const [ofBefore, ofAfter] = [hashedServers(known, now), hashedServers(backend, then)];
    return sameChoice(ofBefore, ofAfter)
      ? []
      : [backendChange(backend.name, ofBefore, ofAfter, clients.clients)];
  });
}

/** A server as the source balancer sees it. */
export interface HashedServer extends Candidate {
  readonly name: string;
}

export function hashedServers(
  backend: Backend,
  wishes: ReadonlyMap<ServerKey, ServerWish>,
): readonly HashedServer[] {
  return backend.servers.map((server) =>
    toCandidate(server, wishes.get(serverKey(backend.name, server.name)) ?? configuredWish(backend, server)),
  );
}

export function toCandidate({ name, id, backup }: Server, wish: ServerWish): HashedServer {
  return {
    name,
    id,
    weight: wish.weight,
    backup,
    streams: 0,
    isFull: false,
    takesNew: takesNewClients(wish),
    slot: createSlot(),
  };
}

export function sourceBalancer(servers: readonly HashedServer[]): Balancer<HashedServer> {
  const balancer = createSourceBalancer<HashedServer>();
  balancer.update(servers);
  return balancer;
}

function configuredWish({ name, check }: Backend, { admin, weight, ...server }: Server): ServerWish {
  const operational = check === undefined ? 'unchecked' : 'starting';
  return { server: serverKey(name, server.name), admin, operational, weight };
}

function byServer(wishes: readonly ServerWish[]): ReadonlyMap<ServerKey, ServerWish> {
  return new Map(wishes.map((wish) => [wish.server, wish]));
}

function sameChoice(one: readonly HashedServer[], other: readonly HashedServer[]): boolean {
  const facts = (servers: readonly HashedServer[]): string =>
    servers
      .filter(({ takesNew }) => takesNew)
      .map(({ name, id, weight, backup }) => `${id} ${weight} ${backup} ${name}`)
      .sort()
      .join('\n');
  return facts(one) === facts(other);
}

function backendChange(
  backend: string,
  before: readonly HashedServer[],
  after: readonly HashedServer[],
  clients: readonly ObservedClient[],
): BackendChange {
  const addresses = new Set(
    clients.filter(({ backends }) => backends.includes(backend)).map(({ address }) => address),
  );
  const [now, then] = [sourceBalancer(before), sourceBalancer(after)];
  const [countsBefore, countsAfter] = [counter(before), counter(after)];
  let moved = 0;
  for (const address of addresses) {
    const hash = hashClient(address);
    const [from, to] = [now.pick(hash, undefined)?.name, then.pick(hash, undefined)?.name];
    if (from !== to) moved += 1;
    count(countsBefore, from);
    count(countsAfter, to);
  }
  const listed = (counts: ReadonlyMap<string, number>): BackendChange['before'] =>
    [...counts].map(([server, number]) => ({ server, clients: number }));
  return {
    backend,
    observed: addresses.size,
    moved,
    before: listed(countsBefore),
    after: listed(countsAfter),
  };
}

function counter(servers: readonly HashedServer[]): Map<string, number> {
  return new Map(servers.map(({ name }) => [name, 0]));
}

function count(counts: Map<string, number>, server: string | undefined): void {
  if (server !== undefined) counts.set(server, (counts.get(server) ?? 0) + 1);
}
