// The blocklist, wired: what is held, whom a block must not lock out, and what previews ask.

import type { AttachedConsoles } from '../control/attached-consoles.ts';
import type { BlockContext } from './block-commands.ts';
import { type Blocks, type BlocksOptions, createBlocks } from './blocks.ts';
import { guardedAddresses, type MachineFacts, thisMachine } from './lock-out.ts';

export interface BlockDesk {
  readonly blocks: Blocks;
  readonly context: BlockContext;
}

export function createBlockDesk(
  options: BlocksOptions & {
    readonly consoles: AttachedConsoles;
    readonly machine: MachineFacts | undefined;
  },
): BlockDesk {
  const { store, clock, consoles, machine = thisMachine } = options;
  const blocks = createBlocks(options);
  return {
    blocks,
    context: {
      blocks,
      clock,
      guarded: (actor) => guardedAddresses(store.model, consoles.all(), machine, actor),
      save: options.save,
    },
  };
}
