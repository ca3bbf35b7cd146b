// `sluice show routes`: what goes where, in which TLS mode, and what an operator should know of it. Pure.
import type { RouteEntity } from '../../domain/model.ts';
import type { RouteRates } from '../../domain/sample.ts';
import { terminations } from '../../domain/tls.ts';
import type { TlsSwitch } from '../../domain/tls-switch.ts';
import type { Cell } from '../table.ts';
import { short } from '../wording.ts';
import type { Table } from './table-of.ts';

export type RouteRow = RouteEntity & {
  readonly traffic: RouteRates | null;
  /** The newest one, as long as the runtime knows of it. */
  readonly switch: TlsSwitch | null;
};

export const routes: Table<RouteRow> = {
  topic: 'routes',
  rows: (model, sample) =>
    [...model.route.values()].map((route) => ({
      ...route,
      traffic: sample?.routes?.find(({ name }) => name === route.name) ?? null,
      switch: model.switch.get(route.name) ?? null,
    })),
  columns: () => [
    { title: 'route', cell: ({ name }) => name },
    { title: 'host', cell: ({ host }) => host ?? '*' },
    { title: 'path', cell: ({ path }) => path },
    { title: 'shard', cell: shardCell },
    { title: 'TLS mode', cell: modeCell },
    { title: 'plain HTTP', cell: plainCell },
    { title: 'to', cell: ({ to }) => to.map(({ backend, weight }) => `${backend} ${weight}`).join(' · ') },
    { title: 'open', align: 'right', cell: openCount },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
    { title: 'errors/s', align: 'right', cell: ({ traffic }) => short(traffic?.errors) },
    {
      title: 'warnings',
      cell: ({ warnings }) =>
        warnings.length === 0
          ? ' '
          : { text: `▲ ${warnings.map(({ text }) => text).join('; ')}`, shade: 'warning' },
    },
  ],
  empty: 'no routes: binds send everything to their own backend',
};

/** "sharded"; "▼ no shard"; "▲ 2 shards: default sharded"; "▼ refused by default: HostAlreadyClaimed". */
function shardCell({ shards }: RouteRow): Cell {
  const serving = shards.filter(({ admitted }) => admitted).map(({ shard }) => shard);
  const refused = shards.flatMap((status) =>
    status.admitted ? [] : [`refused by ${status.shard}: ${status.reason}`],
  );
  if (serving.length === 1 && refused.length === 0) return serving[0];
  const served =
    serving.length === 1
      ? [serving[0]!]
      : serving.length > 1
        ? [`${serving.length} shards: ${serving.join(' ')}`]
        : refused.length === 0
          ? ['no shard']
          : [];
  const text = [...served, ...refused].join(', ');
  return serving.length === 0 ? { text: `▼ ${text}`, shade: 'bad' } : { text: `▲ ${text}`, shade: 'warning' };
}

/** "edge ≠ reencrypt": what is in force, and what the configuration says instead. */
function modeCell({ tls, switch: newest }: RouteRow): Cell {
  if (tls === undefined) return { text: 'none', shade: 'muted' };
  const { termination, configuredTermination } = tls;
  const watched = newest?.phase === 'watching' ? ' ◌ watched' : '';
  return termination === configuredTermination
    ? `${termination}${watched}`
    : { text: `${termination} ≠ ${configuredTermination}${watched}`, shade: 'warning' };
}

/** What becomes of it; a route without TLS is served so, and so only. */
function plainCell({ tls }: RouteRow): Cell {
  switch (tls?.insecureEdgeTerminationPolicy) {
    case undefined:
      return 'served';
    case 'None':
      return { text: 'not served', shade: 'muted' };
    case 'Allow':
      return 'served';
    case 'Redirect':
      return 'redirected';
  }
}

/** Connections over TLS, in whichever mode they came. */
function openCount({ traffic, tls }: RouteRow): Cell {
  if (traffic === null || tls === undefined) return undefined;
  return terminations.reduce((sum, mode) => sum + traffic.open[mode], 0);
}
