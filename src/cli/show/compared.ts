// `sluice show compared`: what the proxy counted beside what the kernel counted.
import type { Compared } from '../../domain/kernel.ts';
import { short } from '../wording.ts';
import type { Table } from './table-of.ts';

export const compared: Table<Compared> = {
  topic: 'kernel',
  rows: (_model, sample) => sample?.kernel?.compared ?? [],
  columns: () => [
    { title: '', cell: ({ kind }) => kind },
    { title: 'name', cell: ({ name }) => name },
    { title: 'conns proxy', align: 'right', cell: ({ proxy }) => proxy?.connections ?? undefined },
    { title: 'kernel', align: 'right', cell: ({ kernel }) => kernel?.connections ?? undefined },
    { title: 'in proxy', align: 'right', cell: ({ proxy }) => short(proxy?.bytesIn) },
    { title: 'kernel', align: 'right', cell: ({ kernel }) => short(kernel?.bytesIn) },
    { title: 'out proxy', align: 'right', cell: ({ proxy }) => short(proxy?.bytesOut) },
    { title: 'kernel', align: 'right', cell: ({ kernel }) => short(kernel?.bytesOut) },
    { title: 'packets in', align: 'right', cell: ({ kernel }) => short(kernel?.packetsIn) },
    { title: 'out', align: 'right', cell: ({ kernel }) => short(kernel?.packetsOut) },
    { title: 'why they differ', cell: ({ why }) => why },
  ],
  empty:
    'the kernel counts nothing of ours: runtime: nft: counters: true in the configuration, and nft that may be used, switch it on',
  hint: 'the kernel’s bytes hold the heads of its packets, too; it counts a connection once it was accepted for us (SYN-ACK)',
};
