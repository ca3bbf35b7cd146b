// Which instances clients meet when one plan follows another: the tables of before and after, asked for each client seen.

import { evenness } from './evenness.ts';
import { type IpBytes, parseIp } from './ip.ts';
import { type SlotTable, slotOfBytes, slotTable } from './maglev.ts';
import type { Plan, Shard } from './plan.ts';
import type { ObservedClient, ShardChange } from './shard-plan.ts';

/** In the order of the plan that would be, then shards that would be gone. */
export function shardChanges(
  before: Plan,
  after: Plan,
  clients: readonly ObservedClient[],
): readonly ShardChange[] {
  const seen = addressesByShard(clients);
  const former = new Map(before.shards.map((shard) => [shard.name, shard]));
  const next = new Set(after.shards.map(({ name }) => name));
  return [
    ...after.shards.map((shard) => shardChange(former.get(shard.name), shard, seen.get(shard.name))),
    ...before.shards
      .filter(({ name }) => !next.has(name))
      .map((shard) => shardChange(shard, undefined, seen.get(shard.name))),
  ];
}

/** Each address once: after a change of scale two instances may know it. Who has no address meets no table. */
function addressesByShard(clients: readonly ObservedClient[]): ReadonlyMap<string, readonly IpBytes[]> {
  const byShard = new Map<string, Map<string, IpBytes>>();
  for (const { shard, address } of clients) {
    const known = byShard.get(shard) ?? new Map<string, IpBytes>();
    byShard.set(shard, known);
    if (known.has(address)) continue;
    const bytes = parseIp(address);
    if (bytes !== undefined) known.set(address, bytes);
  }
  return new Map([...byShard].map(([shard, addresses]) => [shard, [...addresses.values()]]));
}

function shardChange(
  before: Shard | undefined,
  after: Shard | undefined,
  clients: readonly IpBytes[] = [],
): ShardChange {
  const [now, then] = [spreadOf(before, clients), spreadOf(after, clients)];
  // Of a shard that is not there yet nobody can have been seen.
  const moved = before === undefined ? 0 : clients.filter((_, i) => now.owners[i] !== then.owners[i]).length;
  const [evennessBefore, evennessAfter] = [evenness(now.counts), evenness(then.counts)];
  return {
    shard: (after ?? before)!.name,
    instancesBefore: before?.instances ?? 0,
    instancesAfter: after?.instances ?? 0,
    observed: clients.length,
    moved,
    before: now.counts,
    after: then.counts,
    ...(evennessBefore && { evennessBefore }),
    ...(evennessAfter && { evennessAfter }),
    slotsMoved: slotsMoved(now.table, then.table),
  };
}

interface Spread {
  readonly table: SlotTable | undefined;
  /** Of each client, its instance's number; none of a shard that is not there. */
  readonly owners: readonly number[];
  readonly counts: readonly number[];
}

function spreadOf(shard: Shard | undefined, clients: readonly IpBytes[]): Spread {
  if (shard === undefined) return { table: undefined, owners: [], counts: [] };
  const { tableSize, ipv6Prefix } = shard.steering;
  const table = slotTable(shard.instances, tableSize);
  const owners = clients.map((bytes) => table[slotOfBytes(bytes, tableSize, ipv6Prefix)]!);
  const counts = Array.from({ length: shard.instances }, () => 0);
  for (const owner of owners) counts[owner - 1]! += 1;
  return { table, owners, counts };
}

/**
 * Of the later table's slots (of the former's where the shard goes) those that change their owner. Slots are ranges of
 * the hash, so that tables of two sizes are compared by how much of it moves.
 */
function slotsMoved(before: SlotTable | undefined, after: SlotTable | undefined): number {
  if (before === undefined) return 0;
  if (after === undefined) return before.length;
  const [a, b] = [before.length, after.length];
  let moved = 0;
  let at = 0;
  for (let i = 0, j = 0; i < a && j < b; ) {
    // Ends of the two slots, in units of 1 / (a * b) of the hash.
    const [endOfBefore, endOfAfter] = [(i + 1) * b, (j + 1) * a];
    const end = Math.min(endOfBefore, endOfAfter);
    if (before[i] !== after[j]) moved += end - at;
    at = end;
    if (endOfBefore === end) i += 1;
    if (endOfAfter === end) j += 1;
  }
  return Math.round(moved / a);
}
