// What a shard of one instance is, that serves every route: plans made by hand begin with it.

import type { Shard } from '../../src/domain/plan.ts';

export const plainShard: Omit<Shard, 'name' | 'binds'> = {
  instances: 1,
  isDefault: false,
  routeAdmission: { wildcardPolicy: 'WildcardsAllowed', namespaceOwnership: 'Strict' },
  steering: { by: 'handoff', tableSize: 65_537, ipv6Prefix: 128 },
};
