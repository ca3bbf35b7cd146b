// Who is blocked: held here, in force in the kernel, shown in the model. The kernel lets go by itself of what has an end, and of
// what nobody confirmed; the runtime follows, and tells.

import { mostBlocks, overlap, parseBlock } from '../../domain/block.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Network } from '../../domain/ip.ts';
import type { BlockEntity, Usable } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { type BlockRule, blockPart } from '../../nft/table/parts/block-part.ts';
import type { Happening } from '../journal.ts';
import type { ModelStore } from '../model-store.ts';
import { spokenUntil } from './block-words.ts';
import { foundBlocks } from './found-blocks.ts';

export interface Blocks {
  /** By address, in the order in which they were blocked. */
  get(address: string): BlockEntity | undefined;
  /** Those within the network, or around it, but for the one of this address. */
  overlapping(network: Network, address: string): readonly BlockEntity[];
  readonly full: boolean;
  /** Why nobody can be blocked here, or unblocked; undefined where it can be. */
  cannot(): Promise<Exclude<Usable, true> | undefined>;
  all(): readonly BlockEntity[];
  /** Resolves once the kernel has it so; `null`: not blocked any more. @throws NftError; nothing changed */
  put(address: string, block: BlockEntity | null): Promise<void>;
  /** Of an earlier runtime, at once in the model; `settle` puts them in force. */
  hold(saved: readonly BlockEntity[]): void;
  /** Takes over what the kernel has, and puts in force what it has not. To be run when nothing else changes blocks. Never rejects. */
  settle(takeOver: boolean): Promise<void>;
  close(): void;
}

interface Held {
  readonly block: BlockEntity;
  readonly network: Network;
}

/** Timers hold 24 days, and the wall clock may be set. */
const longestWaitMs = 60_000;
const retryMs = 30_000;

export interface BlocksOptions {
  readonly kernel: Pick<Kernel, 'nft' | 'table'> | undefined;
  readonly store: ModelStore;
  readonly clock: Clock;
  happened(happening: Happening): void;
  warned(text: string): void;
  /** Runs it when no command does. */
  alone(work: () => Promise<void>): Promise<void>;
  save(): Promise<void>;
}

export function createBlocks(options: BlocksOptions): Blocks {
  const { kernel, store, clock, happened, warned } = options;
  let held: ReadonlyMap<string, Held> = new Map();
  let next: Disposer | undefined;
  let closed = false;
  let toldFault: string | undefined;

  async function enforce(wish: ReadonlyMap<string, Held>): Promise<void> {
    await kernel?.table.set('block', blockPart([...wish.values()].map(({ block }) => ruleOf(block))));
  }

  function adopt(wish: ReadonlyMap<string, Held>): void {
    held = wish;
    for (const address of store.model.block.keys()) if (!held.has(address)) store.remove('block', address);
    for (const { block } of held.values()) store.set('block', block.address, block);
    waitForNext();
  }

  function waitForNext(): void {
    next?.();
    next = undefined;
    if (closed) return;
    const ends = [...held.values()].map(({ block }) => endOf(block)).filter((end) => end !== undefined);
    if (ends.length === 0) return;
    const wait = Math.max(0, Math.min(...ends) - clock.now());
    next = clock.after(Math.min(wait, longestWaitMs), () => void options.alone(letGo));
  }

  /** Of what has come to its end; the kernel has let go of it already, or is about to. */
  async function letGo(): Promise<void> {
    if (closed) return;
    const now = clock.now();
    const over = [...held.values()].filter(({ block }) => (endOf(block) ?? now + 1) <= now);
    if (over.length > 0) {
      const wish = new Map([...held].filter(([, one]) => !over.includes(one)));
      // An element whose time is over is not missed, nor put in force again, wherever this fails.
      await enforce(wish).catch(() => {});
      adopt(wish);
      for (const { block } of over) happened(endingOf(block, now));
      await options.save();
    }
    waitForNext();
  }

  async function settle(takeOver: boolean): Promise<void> {
    if (closed) return;
    const wish = new Map(held);
    const taken: BlockEntity[] = [];
    const table = kernel?.table;
    if (takeOver && table !== undefined) {
      const found = await table.found();
      for (const block of foundBlocks(found, clock.now())) {
        const parsed = parseBlock(block.address);
        if (!parsed.ok || wish.has(block.address)) continue;
        if ([...wish.values()].some((other) => overlap(other.network, parsed.network))) continue;
        wish.set(block.address, { block, network: parsed.network });
        taken.push(block);
      }
    }
    if (wish.size === 0) return;
    try {
      await enforce(wish);
    } catch (error) {
      fault((error as Error).message, wish.size);
      return;
    }
    if (toldFault !== undefined)
      happened({
        subject: 'blocklist',
        from: 'nft',
        severity: 'good',
        text: 'the blocks are in force again',
      });
    toldFault = undefined;
    adopt(wish);
    if (taken.length === 0) return;
    const names = taken.slice(0, 5).map(({ address }) => address);
    happened({
      subject: 'blocklist',
      from: 'start',
      severity: 'note',
      text: `taken over from an earlier runtime: ${names.join(', ')}${taken.length > 5 ? ` and ${taken.length - 5} more` : ''}`,
    });
    await options.save();
  }

  function fault(why: string, count: number): void {
    if (why !== toldFault)
      warned(
        `${count === 1 ? 'a block' : `${count} blocks`} of an earlier run ${count === 1 ? 'is' : 'are'} not in force: ${why}`,
      );
    toldFault = why;
    if (!closed) clock.after(retryMs, () => void options.alone(() => settle(false)));
  }

  return {
    get: (address) => held.get(address)?.block,
    get full() {
      return held.size >= mostBlocks;
    },
    async cannot() {
      if (kernel === undefined) return { no: 'this runtime has no nftables' };
      const { change } = await kernel.nft.usable();
      return change === true ? undefined : change;
    },
    all: () => [...held.values()].map(({ block }) => block),
    overlapping: (network, address) =>
      [...held.values()]
        .filter(({ block, network: other }) => block.address !== address && overlap(other, network))
        .map(({ block }) => block),
    async put(address, block) {
      const wish = new Map(held);
      wish.delete(address);
      if (block !== null) {
        const parsed = parseBlock(block.address);
        if (!parsed.ok) throw new Error(parsed.text);
        wish.set(address, { block, network: parsed.network });
      }
      await enforce(wish);
      adopt(wish);
    },
    hold(saved) {
      const now = clock.now();
      const wish = new Map<string, Held>();
      for (const block of saved.slice(0, mostBlocks)) {
        const parsed = parseBlock(block.address);
        const isOver = (endOf(block) ?? now + 1) <= now;
        if (parsed.ok && !isOver) wish.set(parsed.address, { block, network: parsed.network });
      }
      held = wish;
    },
    settle,
    close() {
      closed = true;
      next?.();
    },
  };
}

/** Wall clock at which the kernel lets it go, whoever lives. */
export function endOf({ until, confirmBy }: BlockEntity): number | undefined {
  if (until === undefined || confirmBy === undefined) return until ?? confirmBy;
  return Math.min(until, confirmBy);
}

function ruleOf(block: BlockEntity): BlockRule {
  const { address, by, why } = block;
  const until = endOf(block);
  return {
    address,
    comment: why === '' ? by : `${by}: ${why}`,
    ...(until !== undefined && { until }),
  };
}

function endingOf(block: BlockEntity, now: number): Happening {
  const { address, by, at, until, confirmBy } = block;
  const isUnconfirmed = confirmBy !== undefined && confirmBy <= now && (until ?? now + 1) > confirmBy;
  return {
    subject: address,
    from: 'block',
    severity: isUnconfirmed ? 'warning' : 'note',
    text: isUnconfirmed
      ? safe(`the block by ${by} was not confirmed within ${spokenUntil(at, confirmBy)}: it took itself back`)
      : safe(`the block by ${by} is over`),
  };
}
