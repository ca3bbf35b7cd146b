// Shards, instances and what-ifs as verbs of a test meet them.
import type { VerbContext } from '../../../src/cli/program.ts';
import type { InstanceEntity, RouteEntity, ShardEntity } from '../../../src/domain/model.ts';
import type { InstanceRates } from '../../../src/domain/sample.ts';
import type { FakeTerminal } from '../terminal.ts';

export const contextOf = (terminal: FakeTerminal, options: VerbContext['options'] = {}): VerbContext => ({
  terminal,
  env: {},
  version: '0',
  options,
});

export const shard = (name: string, over: Partial<ShardEntity> = {}): ShardEntity => ({
  name,
  instances: 2,
  configuredInstances: 2,
  routeSelector: '',
  configuredRouteSelector: '',
  namespaceSelector: '',
  isDefault: false,
  binds: [],
  routes: [],
  refused: [],
  steering: { by: 'handoff', tableSize: 65_537, ipv6Prefix: 128 },
  ...over,
});

export const instance = (name: string, over: Partial<InstanceEntity> = {}): InstanceEntity => ({
  id: name,
  name,
  shard: name.slice(0, name.indexOf('/')),
  pid: 4711,
  state: 'serving',
  planHash: 'aaaaaaaaaaaa',
  startedAt: 0,
  version: '0.4.0',
  crashes: 0,
  ...over,
});

export const rates = (id: string, over: Partial<InstanceRates> = {}): InstanceRates => ({
  id,
  shard: id.slice(0, id.indexOf('/')),
  connections: 0,
  clients: 0,
  newConnections: 0,
  requests: 0,
  cpu: 0,
  rssBytes: 0,
  loopDelayMs: 0,
  ...over,
});

export const route = (name: string, over: Partial<RouteEntity> = {}): RouteEntity => ({
  name,
  path: '/',
  to: [],
  namespace: 'default',
  labels: {},
  configuredLabels: {},
  shards: [{ shard: 'default', admitted: true }],
  warnings: [],
  ...over,
});
