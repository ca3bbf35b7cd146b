// The table of slots as a console needs it: which slot a client has, and whose it is now. Made once for each shape.

import { type SlotTable, slotOfClient, slotTable } from '../domain/maglev.ts';
import type { ShardEntity } from '../domain/model.ts';

/** A table of 65,537 slots takes some milliseconds: the last few are kept. */
const mostKept = 32;
const kept = new Map<string, SlotTable>();

function tableOf(instances: number, size: number): SlotTable {
  const key = `${instances} ${size}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= mostKept) kept.clear();
  const table = slotTable(instances, size);
  kept.set(key, table);
  return table;
}

export interface ClientSlot {
  readonly slot: number;
  readonly of: number;
  /** "default/2": who a new connection of this client would meet while all instances are there. */
  readonly owner: string;
}

/** Undefined where nothing is steered: one instance, or a client without an address. */
export function slotOf(shard: ShardEntity, address: string): ClientSlot | undefined {
  const { by, tableSize, ipv6Prefix } = shard.steering;
  if (by === 'direct' || shard.instances < 2 || tableSize < shard.instances) return undefined;
  const slot = slotOfClient(address, tableSize, ipv6Prefix);
  if (slot === undefined) return undefined;
  return {
    slot,
    of: tableSize,
    owner: `${shard.name}/${tableOf(shard.instances, tableSize)[slot]!}`,
  };
}

/** How many slots each of a shard's instances has; the first is NAME/1. */
export function slotCounts({ instances, steering: { tableSize } }: ShardEntity): number[] {
  const counts = new Array<number>(instances).fill(0);
  if (tableSize < instances) return counts;
  for (const owner of tableOf(instances, tableSize)) counts[owner - 1]! += 1;
  return counts;
}
