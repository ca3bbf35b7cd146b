import { expect, it } from 'vitest';
import { createEmitter } from '../../../src/domain/event.ts';
import type { KernelEntity, Usable } from '../../../src/domain/kernel.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import { createKernelState } from '../../../src/runtime/kernel/kernel-state.ts';
import { createModelStore } from '../../../src/runtime/model-store.ts';
import { testClock } from '../fixture.ts';

function scene() {
  const changes = createEmitter<KernelEntity['table']>();
  const says = { read: true as Usable, closeFault: undefined as string | undefined, asked: 0, adopted: 0 };
  let state: KernelEntity['table'] = { state: 'none' };
  const closed: string[] = [];
  const refuse = () => Promise.reject(new Error('not asked for here'));
  const kernel: Kernel = {
    nft: {
      usable: async () => {
        says.asked += 1;
        return { read: says.read, change: says.read };
      },
      list: refuse,
      text: refuse,
      transact: refuse,
      monitor: () => () => {},
    },
    conntrack: {
      usable: async () => ({ list: true, accounting: { no: 'not counted' } }),
      list: refuse,
      forget: refuse,
    },
    table: {
      get state() {
        return state;
      },
      changes: changes.event,
      found: refuse,
      set: refuse,
      async adopted() {
        says.adopted += 1;
      },
      look: refuse,
      counters: refuse,
      elements: refuse,
      async close(how) {
        closed.push(how);
        if (says.closeFault !== undefined) throw new Error(says.closeFault);
      },
    },
    endWithin: (ms) => void closed.push(`within ${ms} ms`),
  };
  const warnings: string[] = [];
  const store = createModelStore('a');
  const clock = testClock();
  const kernelState = createKernelState({ kernel, store, clock, warned: (text) => warnings.push(text) });
  const table = (next: KernelEntity['table']) => {
    state = next;
    changes.emit(next);
  };
  return { says, table, closed, warnings, store, clock, kernelState };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('is published, and again once a minute', async () => {
  const { says, store, clock } = scene();
  await settled();
  expect(store.model.kernel.get('kernel')).toEqual({
    read: true,
    change: true,
    conntrack: true,
    accounting: { no: 'not counted' },
    table: { state: 'none' },
  });
  says.read = { no: 'gone', remedy: 'install' };
  clock.advance(60_000);
  await settled();
  expect(store.model.kernel.get('kernel')).toMatchObject({ read: { no: 'gone' }, change: { no: 'gone' } });
});

it('follows our table, and warns of what went wrong with it', async () => {
  const { table, warnings, store, says } = scene();
  await settled();
  table({ state: 'in-force' });
  expect(store.model.kernel.get('kernel')?.table).toEqual({ state: 'in-force' });
  expect(warnings).toEqual([]);
  table({ state: 'in-force', text: 'the table was removed by somebody else, and put in force again' });
  table({ state: 'failed', text: 'block: Operation not permitted' });
  expect(warnings).toEqual([
    'nftables: inet sluice: the table was removed by somebody else, and put in force again',
    'nftables: inet sluice is not as it should be: block: Operation not permitted',
  ]);
  await settled();
  expect(says.asked).toBe(2);
});

it('lets go what an earlier runtime left, once all is wished', async () => {
  const { kernelState, says, clock } = scene();
  kernelState.started();
  clock.advance(10_000);
  expect(says.adopted).toBe(0);
  clock.advance(10_000);
  expect(says.adopted).toBe(1);
  kernelState.started();
  await kernelState.leave('stay');
  clock.advance(20_000);
  expect(says.adopted).toBe(1);
});

it('leaves it as it is told to, and warns where that fails', async () => {
  const { kernelState, closed, warnings, says, clock } = scene();
  await settled();
  says.closeFault = 'Operation not permitted';
  await kernelState.leave('remove');
  kernelState.close();
  clock.advance(200_000);
  await settled();
  expect(closed).toEqual(['within 3000 ms', 'remove']);
  expect(warnings).toEqual([
    'nftables: inet sluice could not be removed: Operation not permitted; the next runtime takes over what is left of it, and `nft delete table inet sluice` removes it',
  ]);
  expect(says.asked).toBe(1);
});

it('leaves what an earlier runtime left while nft failed, until wishes were tried again', async () => {
  const { says, table, clock, kernelState } = scene();
  await settled();
  kernelState.started();
  table({ state: 'failed', text: 'nft did not answer' });
  clock.advance(15_000);
  clock.advance(15_000);
  expect(says.adopted).toBe(0);
  table({ state: 'in-force' });
  clock.advance(15_000);
  expect(says.adopted).toBe(1);
});
