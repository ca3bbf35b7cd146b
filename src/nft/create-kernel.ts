// The kernel, by its programs.

import type { Clock } from '../domain/clock.ts';
import { createConntrack } from './conntrack/run-conntrack.ts';
import type { Kernel } from './kernel.ts';
import { createLastWord } from './process/last-word.ts';
import { createNft } from './process/run-nft.ts';
import { createOwnTable } from './table/create-own-table.ts';

export interface KernelOptions {
  readonly clock: Clock;
  /** Words before each program: ["ip", "netns", "exec", NAME], for tests. */
  readonly commandPrefix?: readonly string[];
}

/** Starts nothing yet. */
export function createKernel({ clock, commandPrefix = [] }: KernelOptions): Kernel {
  const lastWord = createLastWord(clock);
  const nft = createNft({ command: [...commandPrefix, 'nft'], clock, lastWord });
  return {
    nft,
    conntrack: createConntrack({ prefix: commandPrefix, clock, lastWord }),
    table: createOwnTable({ nft, clock }),
    endWithin: lastWord.within,
  };
}
