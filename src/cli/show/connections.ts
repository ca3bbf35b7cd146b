// `sluice show connections`: one window of the live table, filtered and ordered where they live.
import type { ConnectionTable, RuntimeClient } from '../../client/runtime-client.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ConnectionOrder, ConnectionRow } from '../../domain/connection.ts';
import { attached } from '../attachment.ts';
import { CliFailure } from '../failure.ts';
import { checkFilter } from '../filter-argument.ts';
import { jsonDocument } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { systemClock } from '../system-clock.ts';
import { type Column, renderTable } from '../table.ts';
import { age, short } from '../wording.ts';

export interface ConnectionsOptions {
  readonly filter: string;
  readonly sort: ConnectionOrder;
  readonly limit: number;
  readonly ended?: boolean;
}

/** Rows asked for at a time; the protocol bounds a window. */
const windowRows = 200;
/** Windows come twice a second; a runtime whose data plane is gone or busy sends none. */
const patienceMs = 3_000;

export function showConnections(context: VerbContext, options: ConnectionsOptions): Promise<void> {
  checkFilter(options.filter);
  return attached(context, async (client) => {
    const { total, matched, rows } = await collectConnections(client, options, systemClock);
    const { terminal } = context;
    if (context.options.json === true) {
      terminal.print(jsonDocument({ total, matched, connections: rows }));
      return;
    }
    if (rows.length > 0) terminal.print(renderTable(columns, rows, terminal.color));
    const shown = rows.length < matched ? `, ${rows.length} shown` : '';
    terminal.note(`${total} connections, ${matched} match${shown}`);
  });
}

/** Windows one after the other until `limit`, the end, or a window that stays away. */
export function collectConnections(
  client: Pick<RuntimeClient, 'connections'>,
  options: ConnectionsOptions,
  clock: Clock,
): Promise<ConnectionTable> {
  return new Promise((resolve, reject) => {
    const rows = new Map<string, ConnectionRow>();
    let offset = 0;
    const query = () => ({
      filter: options.filter,
      order: options.sort,
      offset,
      limit: Math.min(windowRows, options.limit - offset),
      ended: options.ended === true,
    });
    const waitOn = () =>
      clock.after(patienceMs, () => {
        watch.close();
        const got = rows.size === 0 ? 'no connections' : `${rows.size} connections and then no more`;
        reject(
          new CliFailure(
            'refused',
            `the runtime sent ${got} within ${patienceMs / 1_000} s: its data plane is busy or being replaced`,
            'look at `sluice show instances`, and ask again',
          ),
        );
      });
    let giveUp = waitOn();
    const watch = client.connections(query(), (table) => {
      if (table.query.offset !== offset) return;
      // A row may move between two windows; it is shown once.
      for (const row of table.rows) rows.set(row.id, row);
      offset += table.rows.length;
      giveUp();
      if (table.rows.length > 0 && offset < Math.min(options.limit, table.matched)) {
        giveUp = waitOn();
        watch.update(query());
        return;
      }
      // The first window may arrive before `watch` is known.
      queueMicrotask(() => watch.close());
      resolve({ ...table, rows: [...rows.values()] });
    });
  });
}

/** Bytes that nobody counts are not none. */
function counted<T>({ uncounted }: ConnectionRow, cell: T): T | undefined {
  return uncounted ? undefined : cell;
}

const columns: readonly Column<ConnectionRow>[] = [
  { title: 'id', cell: ({ id }) => id },
  { title: 'client', cell: ({ client }) => client },
  { title: 'bind', cell: ({ bind }) => bind },
  { title: 'instance', cell: ({ instance }) => instance },
  { title: 'route', cell: ({ route }) => route },
  { title: 'TLS mode', cell: ({ tls }) => tls },
  { title: 'SNI', cell: ({ sni }) => sni },
  { title: 'server', cell: ({ server, backend }) => server ?? backend },
  {
    title: 'phase',
    cell: ({ phase, termination }) => (termination === undefined ? phase : `${phase} ${termination}`),
  },
  { title: 'age', align: 'right', cell: ({ ageMs }) => age(ageMs) },
  { title: 'idle', align: 'right', cell: (row) => counted(row, age(row.idleMs)) },
  { title: 'requests', align: 'right', cell: ({ requests }) => requests },
  { title: 'in', align: 'right', cell: (row) => counted(row, short(row.bytesIn)) },
  { title: 'out', align: 'right', cell: (row) => counted(row, short(row.bytesOut)) },
  { title: 'per s', align: 'right', cell: (row) => counted(row, short(row.rate)) },
  {
    title: 'request',
    cell: ({ method, host, path }) =>
      method === undefined ? undefined : `${method} ${host ?? ''}${path ?? ''}`.slice(0, 80),
  },
];
