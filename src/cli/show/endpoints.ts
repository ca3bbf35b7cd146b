// `sluice show endpoints`: where nftables sends what goes to servers that are services. Pure.
import type { EndpointEntity, EndpointRates, Usable } from '../../domain/kernel.ts';
import type { ServerKey } from '../../domain/plan.ts';
import type { Cell } from '../table.ts';
import { short } from '../wording.ts';
import type { Table } from './table-of.ts';

export interface EndpointRow extends EndpointEntity {
  readonly server: ServerKey;
  /** The service's, which is translated to the endpoint's. */
  readonly service: string;
  readonly inForce: Usable;
  /** Of the new connections, 0 to 1. */
  readonly share: number;
  readonly traffic: EndpointRates | null;
}

export const endpoints: Table<EndpointRow> = {
  topic: 'kernel',
  rows: (model, sample) =>
    [...model.server.values()].flatMap(({ key, address: service, service: of }): EndpointRow[] => {
      const ready = of?.endpoints.filter(({ admin }) => admin === 'ready') ?? [];
      const total = ready.reduce((sum, { weight }) => sum + weight, 0);
      return (of?.endpoints ?? []).map((endpoint) => ({
        server: key,
        service,
        inForce: of!.inForce,
        ...endpoint,
        share: endpoint.admin === 'ready' ? endpoint.weight / total : 0,
        traffic:
          sample?.kernel?.endpoints.find(
            (each) => each.server === key && each.endpoint === endpoint.address,
          ) ?? null,
      }));
    }),
  columns: () => [
    { title: 'server', cell: ({ server }) => server },
    { title: 'service', cell: serviceCell },
    { title: 'endpoint', cell: ({ address }) => address },
    { title: 'admin', cell: adminCell },
    { title: 'weight', align: 'right', cell: ({ weight }) => weight },
    { title: 'share', align: 'right', cell: ({ share }) => `${Math.round(share * 100)} %` },
    { title: 'conns', align: 'right', cell: ({ traffic }) => traffic?.connections ?? undefined },
    { title: 'new/s', align: 'right', cell: ({ traffic }) => short(traffic?.newConnections) },
    { title: 'total', align: 'right', cell: ({ traffic }) => traffic?.totalConnections ?? undefined },
    { title: '', cell: ({ inForce }) => whyNot(inForce) ?? ' ' },
  ],
  empty: 'no endpoints: no server has a service:',
  hint: 'one takes no new connections after `sluice nft drain SERVER ENDPOINT`, and takes them again after `sluice nft ready …`',
};

function serviceCell({ service, inForce }: EndpointRow): Cell {
  return inForce === true ? service : { text: `▼ ${service}`, shade: 'bad' };
}

/** Drained is one that gets nothing new, and on which the kernel knows no connection any more. */
function adminCell({ admin, adminBy, traffic }: EndpointRow): Cell {
  if (admin === 'ready') return 'ready';
  const word = traffic?.connections === 0 ? 'drained' : 'drain';
  return { text: adminBy === undefined ? word : `${word} (${adminBy})`, shade: 'warning' };
}

function whyNot(inForce: Usable): Cell {
  if (inForce === true) return undefined;
  const { no, remedy } = inForce;
  return { text: remedy === undefined ? no : `${no}; ${remedy}`, shade: 'bad' };
}
