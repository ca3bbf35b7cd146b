// The kernel as the engine and the runtime share it: one for each runtime.

import type { Conntrack } from './conntrack/conntrack.ts';
import type { Nft } from './process/nft.ts';
import type { OwnTable } from './table/own-table.ts';

export interface Kernel {
  readonly nft: Nft;
  readonly conntrack: Conntrack;
  readonly table: OwnTable;
  /** The runtime ends: what its programs do not do within `ms` is not done any more. The first call holds. */
  endWithin(ms: number): void;
}
