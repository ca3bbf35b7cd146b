import { expect, it } from 'vitest';
import { planHash } from '../../src/config/plan-hash.ts';

it('names equal plans equally, whatever the order of keys', () => {
  const one = { runtime: { name: 'a', grace: 1 }, shards: [], routes: [], backends: [] };
  const other = {
    backends: [],
    routes: [],
    hash: 'x',
    shards: [],
    runtime: { grace: 1, name: 'a', stateFile: undefined },
  };
  expect(planHash(one as never)).toBe(planHash(other as never));
});
