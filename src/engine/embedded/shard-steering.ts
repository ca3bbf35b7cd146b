// Which instance of a shard gets a client, as the acceptor sees it: the table of slots, and who stands in for an instance
// that cannot take clients now. Pure.

import { type Ipv6Prefix, type SlotTable, slotOfClient, slotTable } from '../../domain/maglev.ts';

/** What the runtime says of a shard: how its clients are spread. */
export interface SteeredShard {
  readonly shard: string;
  /** `nft`: instances have private sockets besides. Undefined: of an older release, and `handoff`. */
  readonly by?: 'handoff' | 'nft';
  /** In the table: others may run already, or still, and get nothing. */
  readonly instances: number;
  readonly tableSize: number;
  readonly ipv6Prefix: Ipv6Prefix;
}

export interface ShardSteering {
  readonly instances: number;
  /** Number of the instance for a client. Who has no address is spread in turn. */
  memberOf(client: string | undefined): number;
  /** Who stands in for it, of those that are there; undefined where nobody is. */
  substituteOf(client: string | undefined, absent: ReadonlySet<number>): number | undefined;
}

/** A table takes some milliseconds to build, and instances come and go one at a time. */
const keptTables = 8;

export function createShardSteering(of: SteeredShard): ShardSteering {
  const { instances, tableSize, ipv6Prefix } = of;
  const table = slotTable(instances, tableSize);
  /** By the numbers of who is absent. */
  const others = new Map<string, SlotTable>();
  let turn = 0;

  // "fe80::1%eth0": the scope is this machine's, not the client's.
  const slotOf = (client: string) => slotOfClient(client.replace(/%.*$/, ''), tableSize, ipv6Prefix);

  function tableWithout(absent: ReadonlySet<number>): SlotTable {
    const key = [...absent].sort((a, b) => a - b).join();
    const known = others.get(key);
    if (known !== undefined) return known;
    if (others.size >= keptTables) others.clear();
    const made = slotTable(instances, tableSize, absent);
    others.set(key, made);
    return made;
  }

  return {
    instances,
    memberOf(client) {
      const slot = client === undefined ? undefined : slotOf(client);
      if (slot !== undefined) return table[slot]!;
      turn = (turn % instances) + 1;
      return turn;
    },
    substituteOf(client, absent) {
      if (absent.size >= instances) return undefined;
      const slot = client === undefined ? undefined : slotOf(client);
      if (slot !== undefined) return tableWithout(absent)[slot];
      for (let number = (turn % instances) + 1; ; number = (number % instances) + 1)
        if (!absent.has(number)) return number;
    },
  };
}
