// `sluice show shards`: what each of them takes, how many instances share its clients, and how evenly. Pure.
import { isSettling, isUneven } from '../../console/shard-look.ts';
import { type Evenness, evenness } from '../../domain/evenness.ts';
import type { InstanceEntity, ShardEntity } from '../../domain/model.ts';
import type { InstanceRates } from '../../domain/sample.ts';
import type { Cell } from '../table.ts';
import { short } from '../wording.ts';
import type { Table } from './table-of.ts';

export interface ShardTraffic {
  readonly clients: number;
  readonly connections: number;
  /** Per second; null before two readings. */
  readonly requests: number | null;
  /** Of clients over the instances that serve; null where there is nothing to be spread. */
  readonly evenness: Evenness | null;
  /** An instance came while others were there: it fills slowly, since clients stay where their connections are. */
  readonly settling: boolean;
}

export type ShardRow = ShardEntity & {
  readonly serving: number;
  readonly leaving: number;
  readonly traffic: ShardTraffic | null;
};

export const shards: Table<ShardRow> = {
  topic: 'instances',
  rows: (model, sample) =>
    [...model.shard.values()].map((shard) => {
      const own = [...model.instance.values()].filter((instance) => instance.shard === shard.name);
      return {
        ...shard,
        serving: own.filter(({ state }) => state === 'serving').length,
        leaving: own.filter(({ state }) => state === 'leaving').length,
        traffic: sample?.instances === undefined ? null : trafficOf(shard, own, sample.instances, sample.at),
      };
    }),
  columns: () => [
    { title: 'shard', cell: ({ name, isDefault }) => (isDefault ? `${name} (default)` : name) },
    { title: 'domain', cell: ({ domain }) => domain },
    { title: 'takes', cell: takesCell },
    { title: 'routes', align: 'right', cell: ({ routes }) => routes.length },
    {
      title: 'refused',
      align: 'right',
      cell: ({ refused }) => (refused.length === 0 ? 0 : { text: `▲ ${refused.length}`, shade: 'warning' }),
    },
    { title: 'instances', cell: instancesCell },
    {
      title: 'steering',
      cell: ({ steering: { by, why } }) =>
        why === undefined ? by : { text: `▲ ${by}: ${why}`, shade: 'warning' },
    },
    { title: 'clients', align: 'right', cell: ({ traffic }) => traffic?.clients },
    { title: 'conns', align: 'right', cell: ({ traffic }) => traffic?.connections },
    { title: 'req/s', align: 'right', cell: ({ traffic }) => short(traffic?.requests) },
    { title: 'evenness', align: 'right', cell: evennessCell },
  ],
  empty: 'no shards in the configuration',
  hint: 'evenness: most clients of an instance / mean, and in brackets what chance alone would give',
};

function trafficOf(
  shard: ShardEntity,
  instances: readonly InstanceEntity[],
  rates: readonly InstanceRates[],
  now: number,
): ShardTraffic {
  const own = rates.filter((rate) => rate.shard === shard.name);
  const serving = instances.filter(({ state }) => state === 'serving');
  const spread = serving.map(({ id }) => own.find((rate) => rate.id === id)?.clients ?? 0);
  const known = own.filter(({ requests }) => requests !== null);
  return {
    clients: sum(own.map(({ clients }) => clients)),
    connections: sum(own.map(({ connections }) => connections)),
    requests: known.length === 0 ? null : sum(known.map(({ requests }) => requests!)),
    evenness: serving.length < 2 ? null : (evenness(spread) ?? null),
    settling: serving.length > 1 && isSettling(serving, now),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** "sharded=true, of namespaces tier=gold": both must match. A default shard takes what others leave. */
function takesCell({ routeSelector, configuredRouteSelector, namespaceSelector, isDefault }: ShardRow): Cell {
  const routes = routeSelector === '' ? 'all routes' : routeSelector;
  const namespaces = namespaceSelector === '' ? '' : `, of namespaces ${namespaceSelector}`;
  const rest = isDefault ? ', what no other takes' : '';
  if (routeSelector === configuredRouteSelector) return `${routes}${namespaces}${rest}`;
  const configured = configuredRouteSelector === '' ? 'all routes' : configuredRouteSelector;
  return { text: `${routes} ≠ ${configured}${namespaces}${rest}`, shade: 'warning' };
}

/** "2/2", "3/3 ≠ 2, 1 leaves": those that serve, of those wished, the configuration's. */
function instancesCell({ serving, leaving, instances, configuredInstances }: ShardRow): Cell {
  const drift = instances === configuredInstances ? '' : ` ≠ ${configuredInstances}`;
  const leave = leaving === 0 ? '' : `, ${leaving} leaving`;
  const text = `${serving}/${instances}${drift}${leave}`;
  if (serving === 0) return { text, shade: 'bad' };
  return { text, shade: serving === instances && drift === '' ? 'good' : 'warning' };
}

function evennessCell({ traffic }: ShardRow): Cell {
  const found = traffic?.evenness;
  if (found === null || found === undefined) return undefined;
  const text = `${found.maxOverMean.toFixed(2)} (${found.chance.toFixed(2)})`;
  if (traffic?.settling) return `settling ${text}`;
  return isUneven(found) ? { text: `▲ ${text}`, shade: 'warning' } : text;
}
