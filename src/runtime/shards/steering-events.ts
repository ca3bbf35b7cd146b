// Steering as the engine tells of it, in the model and in the journal: that the kernel does it now, or does not, and why.

import type { SteeringInForce } from '../../engine/engine.ts';
import type { Happening } from '../journal.ts';
import type { ModelStore } from '../model-store.ts';

export function steeringChanged(
  { shard, by, why }: SteeringInForce,
  store: ModelStore,
  happened: (happening: Happening) => void,
): void {
  const entity = store.model.shard.get(shard);
  if (entity === undefined || entity.instances === 1) return;
  const { why: _before, ...steering } = entity.steering;
  store.set('shard', shard, {
    ...entity,
    steering: { ...steering, by, ...(why !== undefined && { why }) },
  });
  const told = { subject: shard, from: 'engine' };
  happened(
    by === 'nft'
      ? { ...told, severity: 'good', text: `nft steers the clients of shard ${shard} to their instances` }
      : {
          ...told,
          severity: 'warning',
          text: `nft does not steer the clients of shard ${shard}: they are handed over${why === undefined ? '' : `: ${why}`}`,
        },
  );
}
