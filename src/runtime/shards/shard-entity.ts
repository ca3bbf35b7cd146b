// A shard as it stands in the model: its shape in force beside the configuration's, and the routes that it serves.

import type { Admission } from '../../domain/admission.ts';
import type { ShardEntity } from '../../domain/model.ts';
import type { Plan, Shard } from '../../domain/plan.ts';
import { selectorText } from '../../domain/selector.ts';
import type { SteeringInForce } from '../../engine/engine.ts';

/**
 * In the plan's order.
 * @param configured the configuration's plan, without what operators changed of its shape
 * @param inForce of shards that wish nft: what the engine made of that
 */
export function shardEntities(
  plan: Plan,
  configured: Plan,
  admission: Admission,
  inForce: readonly SteeringInForce[],
): ShardEntity[] {
  const refused = refusedBy(admission);
  const origin = new Map(configured.shards.map((shard) => [shard.name, shard]));
  return plan.shards.map((shard) => ({
    name: shard.name,
    ...(shard.domain !== undefined && { domain: shard.domain }),
    instances: shard.instances,
    configuredInstances: (origin.get(shard.name) ?? shard).instances,
    routeSelector: selectorText(shard.routeSelector),
    configuredRouteSelector: selectorText((origin.get(shard.name) ?? shard).routeSelector),
    namespaceSelector: selectorText(shard.namespaceSelector),
    isDefault: shard.isDefault,
    binds: shard.binds.map(({ name }) => name),
    routes: (admission.served.get(shard.name) ?? []).map(({ name }) => name),
    refused: refused.get(shard.name) ?? [],
    steering: steeringOf(shard, inForce),
  }));
}

function steeringOf(
  { name, instances, steering }: Shard,
  inForce: readonly SteeringInForce[],
): ShardEntity['steering'] {
  const { by, tableSize, ipv6Prefix } = steering;
  if (instances === 1) return { by: 'direct', tableSize, ipv6Prefix };
  if (by === 'handoff') return { by, tableSize, ipv6Prefix };
  const now = inForce.find(({ shard }) => shard === name);
  const why = now === undefined ? 'this engine has no part in nftables' : now.why;
  return { by: now?.by ?? 'handoff', ...(why !== undefined && { why }), tableSize, ipv6Prefix };
}

/** By shard; in the order in which the plan has the routes. */
function refusedBy({ statuses }: Admission): ReadonlyMap<string, string[]> {
  const refused = new Map<string, string[]>();
  for (const [route, ofRoute] of statuses)
    for (const { shard, admitted } of ofRoute) {
      if (admitted) continue;
      const known = refused.get(shard);
      if (known === undefined) refused.set(shard, [route]);
      else known.push(route);
    }
  return refused;
}
