// A shard named on the command line: that of the model, or a failure that names the one that was meant.
import type { Model, ShardEntity } from '../../domain/model.ts';
import { nearest } from '../../domain/nearest.ts';
import { safe } from '../../domain/safe.ts';
import { CliFailure } from '../failure.ts';

/** @throws CliFailure */
export function knownShard({ shard: shards }: Pick<Model, 'shard'>, name: string): ShardEntity {
  const shard = shards.get(name);
  if (shard !== undefined) return shard;
  const meant = nearest(name, shards.keys());
  throw new CliFailure(
    'refused',
    `there is no shard ${safe(name)}`,
    meant === undefined ? '`sluice show shards` lists them' : `did you mean ${safe(meant)}?`,
  );
}
