// `sluice show blocks`: whose packets are dropped, who wanted it and why, and for how long yet. Pure.
import type { BlockEntity, BlockRates, KernelEntity, Usable } from '../../domain/kernel.ts';
import type { Cell } from '../table.ts';
import { age, short } from '../wording.ts';
import type { Table } from './table-of.ts';

export interface BlockRow extends BlockEntity {
  readonly inForce: Usable;
  readonly traffic: BlockRates | null;
}

export const blocks: Table<BlockRow> = {
  topic: 'kernel',
  rows: (model, sample) =>
    [...model.block.values()].map((block) => ({
      ...block,
      inForce: inForceOf(model.kernel.get('kernel')),
      traffic: sample?.kernel?.blocks.find(({ address }) => address === block.address) ?? null,
    })),
  columns: (now) => [
    { title: 'address', cell: ({ address }) => address },
    { title: 'left', cell: (block) => leftCell(block, now) },
    { title: 'by', cell: ({ by }) => by },
    { title: 'since', align: 'right', cell: ({ at }) => age(now - at) },
    { title: 'packets', align: 'right', cell: ({ traffic }) => short(traffic?.packets) },
    { title: 'bytes', align: 'right', cell: ({ traffic }) => short(traffic?.bytes) },
    { title: '/s', align: 'right', cell: ({ traffic }) => short(traffic?.packetRate) },
    { title: 'why', cell: ({ why }) => why },
    { title: '', cell: ({ inForce }) => whyNot(inForce) },
  ],
  empty: 'nobody is blocked',
  hint: 'an address gets through again after `sluice nft unblock ADDRESS`; one to keep is kept with `sluice nft confirm ADDRESS`',
};

function leftCell({ until, confirmBy }: BlockEntity, now: number): Cell {
  if (confirmBy !== undefined)
    return { text: `▲ ${age(Math.max(0, confirmBy - now))} to keep`, shade: 'warning' };
  return until === undefined ? { text: 'no end', shade: 'muted' } : age(until - now);
}

/** As far as the table as a whole tells. */
function inForceOf(kernel: KernelEntity | undefined): Usable {
  if (kernel === undefined) return { no: 'nothing is known of the kernel here' };
  if (kernel.change !== true) return kernel.change;
  return kernel.table.state === 'failed' ? { no: kernel.table.text ?? 'nftables refused it' } : true;
}

function whyNot(inForce: Usable): Cell {
  if (inForce === true) return ' ';
  const { no, remedy } = inForce;
  return { text: `▼ ${no}${remedy === undefined ? '' : `; ${remedy}`}`, shade: 'bad' };
}
