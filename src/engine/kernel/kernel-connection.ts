// One connection that the kernel sends on: in detail, and its end.

import { hostPort } from '../../domain/address-text.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionDetail } from '../../domain/connection.ts';
import type { Conntrack } from '../../nft/conntrack/conntrack.ts';
import { objectName } from '../../nft/table/object-name.ts';
import type { KernelConnection, PathFlows } from './path-flows.ts';
import type { Paths } from './paths.ts';

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

/** A packet of it within that time is answered with a reset. */
const endedForMs = 600_000;

/** The client is told with its next packet, and the server by the client. False where it ended meanwhile. */
export async function endFlow(
  { flow }: KernelConnection,
  context: {
    readonly paths: Pick<Paths, 'end'>;
    readonly flows: Pick<PathFlows, 'look'>;
    readonly conntrack: Conntrack;
    readonly clock: Clock;
  },
): Promise<boolean> {
  const { paths, flows, conntrack, clock } = context;
  const { source, sourcePort, destinationPort } = flow.original;
  await paths.end({
    client: { host: source, port: sourcePort },
    bindPort: destinationPort,
    until: clock.now() + endedForMs,
  });
  const wasThere = await conntrack.forget(flow);
  await flows.look();
  return wasThere;
}
