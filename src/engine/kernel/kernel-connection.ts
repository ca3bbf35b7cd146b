// One connection that the kernel sends on, in detail.

import { hostPort } from '../../domain/address-text.ts';
import type { ConnectionDetail } from '../../domain/connection.ts';
import { objectName } from '../../nft/table/object-name.ts';
import type { KernelConnection } from './path-flows.ts';

export function detailOf({ row, flow, startedAt }: KernelConnection): ConnectionDetail {
  const original = hostPort(flow.original.destination, flow.original.destinationPort);
  const endpoint = hostPort(flow.reply.source, flow.reply.sourcePort);
  return {
    ...row,
    acceptedAt: startedAt,
    serverAddress: endpoint,
    hop: {
      to: original,
      endpoint,
      rule: `inet sluice ${objectName('path', row.bind)}`,
      text: `sent on by the kernel (${flow.state.toLowerCase()}): no process of ours sees its bytes`,
    },
    steps: [{ what: 'accept', atMs: 0, text: `${row.client} to ${original}, translated to ${endpoint}` }],
    timers: { TR: -1, Tw: -1, Tc: -1, Tr: -1, Ta: row.ageMs },
  };
}
