// What a checked configuration says of a shard → the plan. A selector that asks for nothing is none. Cannot fail.

import type { Bind, Shard } from '../domain/plan.ts';
import { isSelective, type LabelSelector } from '../domain/selector.ts';
import type { Configuration } from './schema.ts';

type ShardSettings = Configuration['shards'][number];

export function shardOf(shard: ShardSettings, binds: readonly Bind[]): Shard {
  const { instances, steering, tableSize, ipv6Prefix, routeAdmission } = shard;
  return {
    ...outlineOfShard(shard),
    instances,
    isDefault: shard.default,
    routeAdmission,
    steering: { by: steering, tableSize, ipv6Prefix },
    binds,
  };
}

export type ShardOutline = Pick<Shard, 'name' | 'domain' | 'routeSelector' | 'namespaceSelector'>;

export function outlineOfShard(
  shard: Pick<ShardSettings, 'name' | 'domain' | 'routeSelector' | 'namespaceSelector'>,
): ShardOutline {
  const { name, domain } = shard;
  const [routeSelector, namespaceSelector] = [shard.routeSelector, shard.namespaceSelector].map(selectorOf);
  return {
    name,
    ...(domain === undefined ? {} : { domain }),
    ...(routeSelector === undefined ? {} : { routeSelector }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
  };
}

function selectorOf(written: ShardSettings['routeSelector']): LabelSelector | undefined {
  const { matchLabels = {}, matchExpressions = [] } = written ?? {};
  const selector = {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && {
      matchExpressions: matchExpressions.map(({ key, operator, values = [] }) => ({
        key,
        operator,
        ...(values.length > 0 && { values }),
      })),
    }),
  };
  return isSelective(selector) ? selector : undefined;
}
