// The way on from a server's address, through rules of ours and of others: for a trace, and for a live connection.

import type { Clock } from '../../domain/clock.ts';
import type { ServerKey, Service } from '../../domain/plan.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { createForeignTables, type ForeignTables, localAddresses } from './foreign-tables.ts';
import { createHops, type Hops } from './hops.ts';

export type BeyondProxy = Pick<ForeignTables, 'translation'> & Hops;

export function createBeyondProxy(options: {
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** Of the plan in force. */
  service(server: ServerKey): Service | undefined;
}): BeyondProxy {
  const { kernel, clock, service } = options;
  const { translation } = createForeignTables({ nft: kernel.nft, clock, localAddresses });
  const { hopOf } = createHops({
    conntrack: kernel.conntrack,
    service,
    translated: async (address) => (await translation())(address),
    clock,
  });
  return { translation, hopOf };
}
