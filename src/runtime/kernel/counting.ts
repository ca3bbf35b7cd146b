// Keeps part `count` of our table as the plan and what really listens want it, where the configuration asks for counters.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { type Counted, countedOf, countPart } from '../../nft/table/parts/count-part.ts';
import { noPart, type TablePart } from '../../nft/table/table-part.ts';
import { countWishOf } from './count-wish.ts';

export interface Counting {
  /** A plan is in force. */
  planned(): void;
  /** What there are counters for now. */
  readonly counted: readonly Counted[];
  close(): void;
}

const againMs = 10_000;

export function createCounting(options: {
  readonly kernel: Pick<Kernel, 'table'>;
  readonly engine: Pick<Engine, 'snapshot' | 'changes'>;
  readonly clock: Clock;
  plan(): Plan;
  /** Other counters than before are in force. */
  inForce(): void;
}): Counting {
  const { kernel, engine, clock } = options;
  let counted: readonly Counted[] = [];
  let failed = false;
  let told = JSON.stringify(noPart);
  let underWay = false;
  let again = false;
  let isPlanned = false;
  let closed = false;
  let retry: Disposer | undefined;

  async function put(): Promise<void> {
    if (closed || !isPlanned) return;
    if (underWay) {
      again = true;
      return;
    }
    underWay = true;
    retry?.();
    do {
      again = false;
      await putOnce();
    } while (again && !closed);
    underWay = false;
  }

  async function putOnce(): Promise<void> {
    const plan = options.plan();
    const wish = plan.runtime.nft.counters
      ? countWishOf(plan, engine.snapshot())
      : { binds: [], servers: [] };
    const part: TablePart = countPart(wish);
    const text = JSON.stringify(part);
    if (text === told && !failed) return;
    try {
      await kernel.table.set('count', part);
      told = text;
      counted = countedOf(wish);
      failed = false;
      if (counted.length > 0) options.inForce();
    } catch {
      // What the table says of itself says why.
      failed = true;
      if (!closed) retry = clock.after(againMs, () => void put());
    }
  }

  const unfollow = engine.changes(({ kind }) => {
    if (kind === 'bind' || kind === 'private-ports') void put();
  });
  return {
    planned() {
      isPlanned = true;
      void put();
    },
    get counted() {
      return counted;
    },
    close() {
      closed = true;
      retry?.();
      unfollow();
    },
  };
}
