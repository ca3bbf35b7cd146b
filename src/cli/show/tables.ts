// The tables of `sluice show`: rows as JSON prints them, columns as people read them. Pure.
// A row is its entity with its traffic beside it, so that field names are those of the protocol.
import type { DrainJob } from '../../domain/drain.ts';
import type { BackendEntity, BindEntity, DriftEntity, ServerEntity } from '../../domain/model.ts';
import type { BackendRates, BindRates, ServerRates } from '../../domain/sample.ts';
import type { Cell } from '../table.ts';
import { latency, short, wallTime } from '../wording.ts';
import { blocks } from './blocks.ts';
import { certificates } from './certificates.ts';
import { compared } from './compared.ts';
import { endpoints } from './endpoints.ts';
import { instances } from './instances.ts';
import { routes } from './routes.ts';
import { shards } from './shards.ts';
import { adminCell, checkCell, operationalCell } from './states.ts';
import type { Table } from './table-of.ts';

type ServerRow = ServerEntity & { readonly traffic: ServerRates | null; readonly drain: DrainJob | null };
type BackendRow = BackendEntity & { readonly usable: number; readonly traffic: BackendRates | null };
type BindRow = BindEntity & { readonly traffic: BindRates | null };

const servers: Table<ServerRow> = {
  topic: 'servers',
  rows: (model, sample) =>
    [...model.server.values()].map((server) => ({
      ...server,
      traffic: sample?.servers?.find(({ key }) => key === server.key) ?? null,
      drain: model.drain.get(server.key) ?? null,
    })),
  columns: (now) => [
    { title: 'server', cell: ({ key }) => key },
    { title: 'address', cell: ({ address }) => address },
    { title: 'admin', cell: adminCell },
    { title: 'state', cell: (server) => operationalCell(server, now) },
    { title: 'check', cell: checkCell },
    { title: 'drain', cell: ({ drain }) => drain?.phase },
    { title: 'streams', align: 'right', cell: ({ traffic }) => traffic?.streams },
    { title: 'queue', align: 'right', cell: ({ traffic }) => traffic?.queued },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
    { title: 'p99', align: 'right', cell: ({ traffic }) => latency(traffic?.latency?.p99) },
    { title: 'weight', align: 'right', cell: ({ weight }) => weight },
  ],
  empty: 'no servers: the configuration has no backends',
};

const backends: Table<BackendRow> = {
  topic: 'backends',
  rows: (model, sample) =>
    [...model.backend.values()].map((backend) => ({
      ...backend,
      usable: backend.servers.filter((key) => isServing(model.server.get(key))).length,
      traffic: sample?.backends?.find(({ name }) => name === backend.name) ?? null,
    })),
  columns: () => [
    { title: 'backend', cell: ({ name }) => name },
    { title: 'mode', cell: ({ mode }) => mode },
    { title: 'balance', cell: ({ algorithm }) => algorithm },
    {
      title: 'serving',
      align: 'right',
      cell: ({ usable, servers: all }) => ({
        text: `${usable}/${all.length}`,
        shade: usable === all.length ? 'good' : usable === 0 ? 'bad' : 'warning',
      }),
    },
    { title: 'check', cell: ({ check }) => check },
    { title: 'streams', align: 'right', cell: ({ traffic }) => traffic?.streams },
    { title: 'queue', align: 'right', cell: ({ traffic }) => traffic?.queued },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
    { title: 'errors/s', align: 'right', cell: ({ traffic }) => short(traffic?.errors) },
    { title: 'p99', align: 'right', cell: ({ traffic }) => latency(traffic?.latency?.p99) },
  ],
  empty: 'no backends in the configuration',
};

const binds: Table<BindRow> = {
  topic: 'binds',
  rows: (model, sample) =>
    [...model.bind.values()].map((bind) => ({
      ...bind,
      traffic: sample?.binds?.find(({ name }) => name === bind.name) ?? null,
    })),
  columns: () => [
    { title: 'bind', cell: ({ name }) => name },
    { title: 'address', cell: ({ address }) => address },
    { title: 'mode', cell: ({ mode }) => mode },
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'backend', cell: ({ backend }) => backend },
    {
      title: 'state',
      cell: ({ state, text }) =>
        state === 'open'
          ? { text: '● open', shade: 'good' }
          : { text: `▼ failed: ${text ?? ''}`, shade: 'bad' },
    },
    { title: 'path', cell: pathCell },
    { title: 'connections', align: 'right', cell: ({ traffic }) => traffic?.connections },
    { title: 'new/s', align: 'right', cell: ({ traffic }) => short(traffic?.newConnections) },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
  ],
  empty: 'no binds',
};

const drift: Table<DriftEntity> = {
  rows: (model) => [...model.drift.values()],
  columns: () => [
    { title: 'subject', cell: driftSubject },
    { title: 'what', cell: ({ field }) => field },
    { title: 'configured', cell: ({ configured }) => configured },
    { title: 'running', cell: ({ running }) => ({ text: running, shade: 'warning' }) },
    { title: 'by', cell: ({ by }) => by },
    { title: 'since', cell: ({ at }) => wallTime(at) },
  ],
  empty: 'no drift: what runs is what the configuration says',
  hint: 'into the configuration with `sluice write-back SUBJECT`, back to it with `sluice reset SUBJECT`; an endpoint’s drain ends with `sluice nft ready SUBJECT`',
};

export const tables = {
  servers,
  endpoints,
  backends,
  binds,
  routes,
  shards,
  instances,
  certificates,
  blocks,
  compared,
  drift,
} as const;
export type TableName = keyof typeof tables;

/** Of a bind with `path: kernel`: who carries its clients. */
function pathCell({ path }: BindEntity): Cell {
  switch (path?.by) {
    case undefined:
      return undefined;
    case 'kernel':
      return '⇢ kernel';
    case 'relay':
      return { text: `▲ relay: ${path.why ?? ''}`, shade: 'warning' };
    case 'none':
      // Why is told by its state.
      return { text: '▼ nobody', shade: 'bad' };
  }
}

/** As `sluice reset` and `write-back` take it. */
function driftSubject(drift: DriftEntity): string {
  switch (drift.field) {
    case 'admin':
    case 'weight':
      return drift.server;
    case 'endpoint':
      return `${drift.server} ${drift.endpoint}`;
    case 'termination':
      return drift.route;
    case 'labels':
    case 'instances':
    case 'routeSelector':
      return drift.key;
  }
}

function isServing(server: ServerEntity | undefined): boolean {
  if (server === undefined || server.admin !== 'ready') return false;
  return server.operational !== 'down' && server.operational !== 'paused';
}
