// A what-if's answer by which nothing moves: those of tests begin with it.

import type { ShardPlan } from '../../src/domain/shard-plan.ts';

export const noMoves: ShardPlan['routes'] = {
  moved: [],
  orphaned: [],
  doublyServed: [],
  conflicts: [],
  activated: [],
  removed: [],
  added: [],
};

export const shardPlanOf = (over: Partial<ShardPlan> = {}): ShardPlan => ({
  from: 'aaaaaaaaaaaa',
  to: 'bbbbbbbbbbbb',
  changes: ['scale default to 3'],
  routes: noMoves,
  shards: [],
  servers: [],
  overMs: 60_000,
  missed: 0,
  ...over,
});
