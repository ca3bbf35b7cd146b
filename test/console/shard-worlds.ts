// Shards, instances and what is spread over them, as tests show them.

import type { InstanceEntity, MutableModel, ShardEntity } from '../../src/domain/model.ts';
import type { InstanceRates } from '../../src/domain/sample.ts';
import type { ShardPlan } from '../../src/domain/shard-plan.ts';
import type { Trace } from '../../src/domain/trace.ts';
import { noMoves } from '../support/shard-plan.ts';
import { addRoute, tlsWorld } from './tls-worlds.ts';
import { noon } from './worlds.ts';

const hour = 3_600_000;

export function addShard(
  model: MutableModel,
  name: string,
  instances: number,
  more: Partial<ShardEntity> = {},
): void {
  const routes = [...model.route.values()].flatMap(({ name: route, shards }) =>
    shards.some((status) => status.shard === name && status.admitted) ? [route] : [],
  );
  const refused = [...model.route.values()].flatMap(({ name: route, shards }) =>
    shards.some((status) => status.shard === name && !status.admitted) ? [route] : [],
  );
  model.shard.set(name, {
    name,
    domain: `${name}.example.com`,
    instances,
    configuredInstances: instances,
    routeSelector: '',
    configuredRouteSelector: '',
    namespaceSelector: '',
    isDefault: false,
    binds: [':80', ':443'],
    routes,
    refused,
    steering: { by: instances > 1 ? 'handoff' : 'direct', tableSize: 65_537, ipv6Prefix: 128 },
    ...more,
  });
  for (let number = 1; number <= instances; number += 1) addInstance(model, name, number);
}

export function addInstance(
  model: MutableModel,
  shard: string,
  number: number,
  more: Partial<InstanceEntity> = {},
): void {
  const id = more.id ?? `${shard}/${number}`;
  model.instance.set(id, {
    id,
    name: `${shard}/${number}`,
    shard,
    pid: 4_700 + model.instance.size,
    state: 'serving',
    planHash: '7f3a11c09d2e',
    startedAt: noon - 26 * hour,
    version: '0.1.0',
    crashes: 0,
    ...more,
  });
}

/** The topology of the demo: three routes without a label, three labelled ones, two instances for each. */
export function shardsWorld(): MutableModel {
  const model = tlsWorld();
  model.instance.clear();
  for (const [name, tls] of [
    ['tickets', { termination: 'edge' as const }],
    ['media', undefined],
    ['legacy', undefined],
  ] as const)
    addRoute(model, name, tls, {
      host: `${name}.shard-apps.example.com`,
      labels: { sharded: 'true' },
      configuredLabels: { sharded: 'true' },
      shards: [{ shard: 'sharded', admitted: true }],
    });
  addShard(model, 'default', 2, {
    domain: 'apps.example.com',
    routeSelector: '!sharded',
    configuredRouteSelector: '!sharded',
  });
  addShard(model, 'sharded', 2, {
    domain: 'shard-apps.example.com',
    routeSelector: 'sharded=true',
    configuredRouteSelector: 'sharded=true',
    binds: ['sharded-web', 'sharded-secure'],
  });
  return model;
}

/** An orphan, a route that two serve, a refused one; a crash loop, one that leaves, and a spread that is no accident. */
export function troubledShardsWorld(): MutableModel {
  const model = shardsWorld();
  addRoute(model, 'lost', undefined, {
    labels: { sharded: 'maybe' },
    configuredLabels: { sharded: 'true' },
    shards: [],
  });
  addRoute(model, 'both', undefined, {
    shards: [
      { shard: 'default', admitted: true },
      { shard: 'sharded', admitted: true },
    ],
  });
  addRoute(model, 'shop2', undefined, {
    host: 'shop.apps.example.com',
    namespace: 'bank',
    shards: [
      {
        shard: 'default',
        admitted: false,
        reason: 'HostAlreadyClaimed',
        message: 'route shop of namespace default is older and claims shop.apps.example.com',
        by: 'shop',
      },
    ],
  });
  addShard(model, 'default', 3, {
    domain: 'apps.example.com',
    routeSelector: '!sharded',
    configuredRouteSelector: '!sharded',
    configuredInstances: 2,
  });
  addInstance(model, 'default', 2, { id: 'default/2:4655', state: 'leaving', leaveBy: noon + 242_000 });
  addInstance(model, 'sharded', 2, {
    state: 'gone',
    crashes: 4,
    retryAt: noon + 3_000,
    text: 'exit code 70',
  });
  model.drift.set('default:instances', {
    key: 'default:instances',
    shard: 'default',
    field: 'instances',
    configured: '2',
    running: '3',
    by: 'anna',
    at: noon - 60_000,
  });
  model.drift.set('lost:labels', {
    key: 'lost:labels',
    route: 'lost',
    field: 'labels',
    configured: 'sharded=true',
    running: 'sharded=maybe',
    by: 'anna',
    at: noon - 60_000,
  });
  return model;
}

/** Eight shards of sixteen instances. */
export function crowdedShardsWorld(): MutableModel {
  const model = tlsWorld();
  model.instance.clear();
  for (let shard = 1; shard <= 8; shard += 1)
    addShard(model, shard === 3 ? 'a-shard-with-a-name-that-is-rather-long' : `shard${shard}`, 16);
  return model;
}

const clientsOf: Readonly<Record<string, number>> = {
  'default/1': 451,
  'default/2': 459,
  'default/3': 902,
  'default/2:4655': 38,
  'sharded/1': 688,
  'sharded/2': 701,
};

export function instanceRatesOf(model: MutableModel): InstanceRates[] {
  return [...model.instance.values()]
    .filter(({ state }) => state !== 'gone')
    .map(({ id, shard }, index) => ({
      id,
      shard,
      connections: Math.round((clientsOf[id] ?? 100 + ((index * 37) % 29)) * 1.35),
      clients: clientsOf[id] ?? 100 + ((index * 37) % 29),
      newConnections: 21,
      requests: 388 - (index % 7) * 11,
      cpu: 0.31 - (index % 4) * 0.02,
      rssBytes: 82_000_000 + index * 300_000,
      loopDelayMs: 1.2,
    }));
}

export const scaledTo3: ShardPlan = {
  from: '7f3a11c09d2e',
  to: '9b2c0d4e1a77',
  changes: ['scale default to 3'],
  routes: noMoves,
  shards: [
    {
      shard: 'default',
      instancesBefore: 2,
      instancesAfter: 3,
      observed: 910,
      moved: 301,
      before: [451, 459],
      after: [300, 309, 301],
      evennessBefore: { maxOverMean: 1.009, chance: 1.03, items: 910, bins: 2 },
      evennessAfter: { maxOverMean: 1.019, chance: 1.05, items: 910, bins: 3 },
      slotsMoved: 21_845,
    },
  ],
  servers: [],
  overMs: 60_000,
  missed: 0,
};

export const relabelled: ShardPlan = {
  ...scaledTo3,
  changes: ['relabel shop sharded=true'],
  routes: {
    ...scaledTo3.routes,
    moved: [{ route: 'shop', from: ['default'], to: ['sharded'] }],
    orphaned: ['pay'],
    doublyServed: [{ route: 'api', shards: ['default', 'sharded'] }],
    conflicts: [
      {
        route: 'status',
        status: {
          shard: 'sharded',
          admitted: false,
          reason: 'HostAlreadyClaimed',
          message: 'route tickets of namespace default is older and claims it',
        },
      },
    ],
    activated: [{ route: 'shop2', shard: 'default' }],
  },
  shards: [],
};

export const tracedShop: Trace = {
  question: { url: 'https://shop.apps.example.com/cart', from: '10.2.0.7' },
  ok: true,
  result: 'default/2 → shop (edge) → web → app1',
  steps: [
    {
      what: 'bind',
      chosen: ':443',
      why: 'https has no port in the URL: the first bind of mode tls',
      others: [{ name: ':80', why: 'http only' }],
    },
    { what: 'shard', chosen: 'default', why: ':443 is a bind of default', others: [] },
    { what: 'instance', chosen: 'default/2', why: 'slot 40,211 of 65,537', others: [] },
    {
      what: 'route',
      chosen: 'shop',
      why: 'its host is the one asked for, and / is the longest path that matches',
      others: [{ name: 'api', why: 'another host' }],
    },
    {
      what: 'server',
      chosen: 'app1',
      why: 'leastconn: fewest connections',
      others: [{ name: 'app3', why: 'down' }],
      candidates: [
        { name: 'app1', why: '101 connections' },
        { name: 'app2', why: '111 connections' },
      ],
    },
  ],
};
