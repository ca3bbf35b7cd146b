// A shard as it stands in the model: its shape in force beside the configuration's, and the routes that it serves.

import type { Admission } from '../../domain/admission.ts';
import type { ShardEntity } from '../../domain/model.ts';
import type { Plan, Shard } from '../../domain/plan.ts';
import { selectorText } from '../../domain/selector.ts';

/** In the plan's order. @param configured the configuration's plan, without what operators changed of its shape */
export function shardEntities(plan: Plan, configured: Plan, admission: Admission): ShardEntity[] {
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
    steering: steeringOf(shard),
  }));
}

function steeringOf({ instances, steering }: Shard): ShardEntity['steering'] {
  const { by, tableSize, ipv6Prefix } = steering;
  return { by: instances === 1 ? 'direct' : by, tableSize, ipv6Prefix };
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
