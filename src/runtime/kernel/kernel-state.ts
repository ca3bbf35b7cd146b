// What nftables and conntrack can do here, and how our own table stands, as the model's one entity of it. What goes wrong with the
// table is journaled: it is not what an operator would look for by himself.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { KernelEntity } from '../../domain/kernel.ts';
import type { Kernel } from '../../nft/kernel.ts';
import type { ModelStore } from '../model-store.ts';

export interface KernelStateOptions {
  readonly kernel: Kernel;
  readonly store: ModelStore;
  readonly clock: Clock;
  readonly warned: (text: string) => void;
}

export interface KernelState {
  /** What an earlier runtime left of our table, and nobody wishes, goes after a while: until then rules that are wished soon stay. */
  started(): void;
  /** Our table is left so; what does not work of that is journaled. */
  leave(how: 'remove' | 'stay'): Promise<void>;
  close(): void;
}

const refreshMs = 60_000;
/** A runtime that is to end does, though nft hangs. */
const leavingMs = 3_000;
/** Instances that come up one by one, and endpoints that are looked for: all of it has been wished by then. */
const adoptedMs = 15_000;
/** Whoever was refused tries again every 30 s. */
const retriedMs = 40_000;

export function createKernelState({ kernel, store, clock, warned }: KernelStateOptions): KernelState {
  let closed = false;
  let next: Disposer | undefined;
  let adopting: Disposer | undefined;
  /** Wall clock; when nft was last found not to do what is asked. */
  let failedAt: number | undefined;
  let asking = false;
  let leaving = false;

  async function refresh(): Promise<void> {
    if (closed || asking) return;
    asking = true;
    next?.();
    const entity = await ask(kernel);
    asking = false;
    if (closed) return;
    if (entity.change !== true) failedAt = clock.now();
    // As it stands by now.
    store.set('kernel', 'kernel', { ...entity, table: kernel.table.state });
    next = clock.after(refreshMs, () => void refresh());
  }

  const unfollow = kernel.table.changes((table) => {
    if (table.state === 'failed') failedAt = clock.now();
    if (table.text !== undefined && !leaving)
      warned(
        table.state === 'failed'
          ? `nftables: inet sluice is not as it should be: ${table.text}`
          : `nftables: inet sluice: ${table.text}`,
      );
    const entity = store.model.kernel.get('kernel');
    if (entity !== undefined && !closed) store.set('kernel', 'kernel', { ...entity, table });
    // What cannot be changed any longer may be because it may not be.
    if (table.state === 'failed') void refresh();
  });
  void refresh();

  /** Where nft failed, wishes were not taken, and are to be tried again before what they would take over goes. */
  function adoptLater(): void {
    adopting = clock.after(adoptedMs, () => {
      if (failedAt !== undefined && clock.now() - failedAt < retriedMs) adoptLater();
      else void kernel.table.adopted();
    });
  }

  return {
    started() {
      adoptLater();
    },
    async leave(how) {
      leaving = true;
      adopting?.();
      kernel.endWithin(leavingMs);
      try {
        await kernel.table.close(how);
      } catch (error) {
        warned(
          `nftables: inet sluice could not be ${how === 'remove' ? 'removed' : 'left to the next runtime'}: ${(error as Error).message}; the next runtime takes over what is left of it, and \`nft delete table inet sluice\` removes it`,
        );
      }
    },
    close() {
      closed = true;
      next?.();
      adopting?.();
      unfollow();
    },
  };
}

async function ask({ nft, conntrack }: Kernel): Promise<Omit<KernelEntity, 'table'>> {
  const [table, flows] = await Promise.all([nft.usable(), conntrack.usable()]);
  return { ...table, conntrack: flows.list, accounting: flows.accounting };
}
