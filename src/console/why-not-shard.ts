// Why a key cannot act on shards, or ask about them, just now, in words.

import type { ShardEntity } from '../domain/model.ts';
import { mostInstances } from '../domain/shape.ts';
import type { WhatIfDialog } from './dialogs/what-if.ts';
import { type KeyContext, selectedOf } from './selection.ts';
import { runtimeOf } from './view.ts';
import { type WhyNot, whyNotAct } from './why-not.ts';

/** Of what the cursor is on: the shard itself, or that of the instance. */
export function shardUnder(context: KeyContext): ShardEntity | undefined {
  const selected = selectedOf(context);
  if (selected?.kind === 'shard') return selected.shard;
  return selected?.kind === 'instance' ? context.view.model.shard.get(selected.instance.shard) : undefined;
}

/** Of a plan that is shown: a reload, or changes of the shape and of servers. */
export function whyNotConfirm(
  { view }: KeyContext,
  { asked }: Pick<WhatIfDialog, 'asked'>,
): string | undefined {
  return whyNotAct(view, asked !== undefined && 'reload' in asked ? 'reload' : 'shards');
}

/** Whoever may look may ask what would be. */
export const whyNotAskRuntime: WhyNot = ({ view }) =>
  view.attach.state === 'live' ? undefined : 'not attached to the runtime: nothing can be asked of it now';

export const whyNotPlan: WhyNot = (context) => {
  const why = whyNotAskRuntime(context);
  if (why !== undefined) return why;
  const capable = runtimeOf(context.view)?.capabilities.shards;
  if (typeof capable === 'object') return capable.no;
  return context.view.model.shard.size === 0 ? 'this runtime tells of no shards' : undefined;
};

function onShard(whyNot: (shard: ShardEntity, context: KeyContext) => string | undefined): WhyNot {
  return (context) => {
    const shard = shardUnder(context);
    if (shard === undefined) return 'choose a shard or an instance';
    return whyNotAct(context.view, 'shards') ?? whyNot(shard, context);
  };
}

export const whyNotScaleUp: WhyNot = onShard(({ name, instances, steering }) => {
  const most = Math.min(mostInstances, steering.tableSize);
  return instances >= most ? `${name} has ${instances} instances: more it cannot have` : undefined;
});

export const whyNotScaleDown: WhyNot = onShard(({ name, instances }) =>
  instances <= 1 ? `${name} has one instance: somebody must serve` : undefined,
);

export const whyNotRenew: WhyNot = onShard(() => undefined);

/** Keys of what runs otherwise than configured: "default:instances", "sharded:routeSelector". */
export function shapeDrifts(context: KeyContext): string[] {
  const shard = shardUnder(context);
  return [...context.view.model.drift.values()].flatMap((drift) =>
    shard !== undefined && 'shard' in drift && drift.shard === shard.name ? [drift.key] : [],
  );
}

export const whyNotResetShape: WhyNot = onShard(({ name }, context) =>
  shapeDrifts(context).length === 0 ? `${name} is as configured` : undefined,
);

export const whyNotWriteBackShape: WhyNot = onShard(({ name }, context) => {
  const why = whyNotAct(context.view, 'reload');
  if (why !== undefined) return why;
  if (runtimeOf(context.view)?.plan.file === undefined)
    return 'the runtime was started without a configuration file: there is nothing to write to';
  return shapeDrifts(context).length === 0 ? `${name} is as configured` : undefined;
});

export const whyNotConnectionsOf: WhyNot = (context) =>
  selectedOf(context)?.kind === 'instance' || shardUnder(context) !== undefined
    ? undefined
    : 'choose a shard or an instance';
