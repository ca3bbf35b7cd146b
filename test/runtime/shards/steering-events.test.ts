import { expect, it } from 'vitest';
import type { ShardEntity } from '../../../src/domain/model.ts';
import type { Happening } from '../../../src/runtime/journal.ts';
import { createModelStore } from '../../../src/runtime/model-store.ts';
import { steeringChanged } from '../../../src/runtime/shards/steering-events.ts';

function world(instances: number) {
  const store = createModelStore('epoch');
  store.set('shard', 'default', {
    name: 'default',
    instances,
    steering: { by: 'handoff', why: 'its rules are not set yet', tableSize: 251, ipv6Prefix: 64 },
  } as ShardEntity);
  const journal: Happening[] = [];
  return {
    journal,
    steering: () => store.model.shard.get('default')!.steering,
    tell: (steering: Parameters<typeof steeringChanged>[0]) =>
      steeringChanged(steering, store, (happening) => journal.push(happening)),
  };
}

it('that nft steers, and that it does not any more, is in the model and in the journal', () => {
  const { journal, steering, tell } = world(2);
  tell({ shard: 'default', by: 'nft' });
  expect(steering()).toEqual({ by: 'nft', tableSize: 251, ipv6Prefix: 64 });
  tell({ shard: 'default', by: 'handoff', why: 'nft is not installed' });
  expect(steering()).toEqual({
    by: 'handoff',
    why: 'nft is not installed',
    tableSize: 251,
    ipv6Prefix: 64,
  });
  expect(journal).toEqual([
    {
      subject: 'default',
      from: 'engine',
      severity: 'good',
      text: 'nft steers the clients of shard default to their instances',
    },
    {
      subject: 'default',
      from: 'engine',
      severity: 'warning',
      text: 'nft does not steer the clients of shard default: they are handed over: nft is not installed',
    },
  ]);
});

it('nothing is told of a shard of one instance, or of none that is there', () => {
  const { journal, tell } = world(1);
  tell({ shard: 'default', by: 'nft' });
  tell({ shard: 'gone', by: 'nft' });
  expect(journal).toEqual([]);
});
