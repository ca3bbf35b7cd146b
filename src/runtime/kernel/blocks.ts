// Who is blocked: held here, in force in the kernel, shown in the model. The kernel lets go by itself of what has an end, and of
// what nobody confirmed; the runtime follows, and tells.

import { mostBlocks, overlap, parseBlock } from '../../domain/block.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Network } from '../../domain/ip.ts';
import type { BlockEntity, Usable } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { NftError } from '../../nft/process/nft.ts';
import type { Count } from '../../nft/ruleset/ruleset.ts';
import { type BlockRule, blockCounts, blockPart, blockSets } from '../../nft/table/parts/block-part.ts';
import { sameElement } from '../../nft/table/table-change.ts';
import type { TablePart, WishedElement } from '../../nft/table/table-part.ts';
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
  /** What was dropped of each since it was blocked. @throws NftError */
  counts(): Promise<ReadonlyMap<string, Count>>;
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
  /** By itself: it is not there to be undone any more. */
  ended(block: BlockEntity): void;
  save(): Promise<void>;
}

export function createBlocks(options: BlocksOptions): Blocks {
  const { kernel, store, clock, happened, warned } = options;
  let held: ReadonlyMap<string, Held> = new Map();
  /** nft makes an element anew whose time is changed: what the one before counted. */
  const earlier = new Map<string, Count>();
  let next: Disposer | undefined;
  let closed = false;
  let toldFault: string | undefined;
  let isSettled = false;
  let retry: Disposer | undefined;

  async function enforce(wish: ReadonlyMap<string, Held>): Promise<void> {
    if (kernel === undefined) {
      if (wish.size > 0) throw new NftError('missing', 'this runtime has no nftables');
      return;
    }
    await kernel.table.set('block', blockPart([...wish.values()].map(({ block }) => ruleOf(block))));
  }

  async function counts(): Promise<ReadonlyMap<string, Count>> {
    const counted = new Map<string, Count>();
    if (kernel === undefined || held.size === 0) return counted;
    const elements = await Promise.all(blockSets.map((set) => kernel.table.elements(set)));
    for (const [address, { packets, bytes }] of blockCounts(elements.flat())) {
      const before = earlier.get(address) ?? { packets: 0, bytes: 0 };
      counted.set(address, { packets: before.packets + packets, bytes: before.bytes + bytes });
    }
    return counted;
  }

  function adopt(wish: ReadonlyMap<string, Held>): void {
    held = wish;
    for (const address of earlier.keys()) if (!held.has(address)) earlier.delete(address);
    for (const address of store.model.block.keys()) if (!held.has(address)) store.remove('block', address);
    for (const { block } of held.values()) store.set('block', block.address, block);
    waitForNext();
  }

  function waitForNext(): void {
    next?.();
    next = undefined;
    // Before that it is not known what the kernel has.
    if (closed || !isSettled) return;
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
      tellEnded(over, now);
      await options.save();
    }
    waitForNext();
  }

  function tellEnded(over: readonly Held[], now: number): void {
    for (const { block } of over) {
      happened(endingOf(block, now));
      options.ended(block);
    }
  }

  async function settle(takeOver: boolean): Promise<void> {
    if (closed) return;
    isSettled = true;
    const taken: BlockEntity[] = [];
    if (takeOver && kernel !== undefined) {
      const known = new Map(held);
      for (const block of foundBlocks(await kernel.table.found(), clock.now())) {
        const parsed = parseBlock(block.address);
        // Among themselves they cannot overlap, nor could they be compared in no time.
        if (!parsed.ok || held.has(parsed.address)) continue;
        if ([...held.values()].some(({ network }) => overlap(network, parsed.network))) continue;
        known.set(block.address, { block, network: parsed.network });
        taken.push(block);
      }
      held = known;
    }
    const wish = held;
    if (wish.size === 0) return;
    try {
      await enforce(wish);
    } catch (error) {
      fault((error as Error).message, wish.size);
      adopt(wish);
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
        `${count === 1 ? 'a block' : `${count} blocks`} that should hold ${count === 1 ? 'is' : 'are'} not in force: ${why}`,
      );
    toldFault = why;
    retry?.();
    if (!closed) retry = clock.after(retryMs, () => void options.alone(() => settle(false)));
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
      const before = held.get(address)?.block;
      const isAnew = before !== undefined && block !== null && !isSameElement(before, block);
      // What comes between the two is in the family's counter alone.
      const counted = isAnew ? (await counts().catch(() => undefined))?.get(address) : undefined;
      await enforce(wish);
      if (counted !== undefined) earlier.set(address, counted);
      adopt(wish);
    },
    counts,
    hold(saved) {
      const now = clock.now();
      const all = new Map<string, Held>();
      for (const block of saved.slice(0, mostBlocks)) {
        const parsed = parseBlock(block.address);
        if (parsed.ok) all.set(parsed.address, { block, network: parsed.network });
      }
      const over = [...all.values()].filter(({ block }) => (endOf(block) ?? now + 1) <= now);
      adopt(new Map([...all].filter(([, one]) => !over.includes(one))));
      tellEnded(over, now);
    },
    settle,
    close() {
      closed = true;
      next?.();
      retry?.();
    },
  };
}

/** Wall clock at which the kernel lets it go, whoever lives. */
export function endOf({ until, confirmBy }: BlockEntity): number | undefined {
  if (until === undefined || confirmBy === undefined) return until ?? confirmBy;
  return Math.min(until, confirmBy);
}

function isSameElement(a: BlockEntity, b: BlockEntity): boolean {
  const elementOf = (block: BlockEntity): WishedElement => onlyElement(blockPart([ruleOf(block)]));
  return sameElement(elementOf(a), elementOf(b));
}

const onlyElement = ({ sets }: TablePart): WishedElement => sets.flatMap(({ elements }) => elements)[0]!;

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
