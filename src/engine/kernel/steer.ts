// Keeps the rules that steer clients to instances as plan and private ports have it, and says by shard whether they are in
// force. Where they are not, clients are handed over, and it is tried again.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Kernel } from '../../nft/kernel.ts';
import { restingPart, type SteerWish, steerPart } from '../../nft/table/parts/steer-part.ts';
import { noPart } from '../../nft/table/table-part.ts';
import type { Engine, SteeringInForce } from '../engine.ts';
import { oneLine } from './one-line.ts';
import { steerWishOf, wishesNft } from './steer-wish.ts';

export interface Steer {
  /** This plan is in force. */
  planned(plan: Plan): void;
  /** Of every shard that wishes nft, whatever its number of instances. */
  readonly steering: readonly SteeringInForce[];
  /** Nothing more is changed, or told. */
  close: Disposer;
}

export interface SteerOptions {
  /** The one that is decorated. */
  readonly engine: Pick<Engine, 'snapshot' | 'changes'>;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly changed: (steering: SteeringInForce) => void;
}

/** Ports come and go by the dozen. */
const gatherMs = 50;
const againMs = 30_000;
const longestAgainMs = 480_000;
/** So long instances may take to have their sockets before anybody is told that they have none. */
const comingMs = 3_000;

export function createSteer({ engine, kernel, clock, changed }: SteerOptions): Steer {
  let plan: Plan | undefined;
  let plannedAt = 0;
  let failures = 0;
  let closed = false;
  let due: Disposer | undefined;
  let cancelAgain: Disposer = () => {};
  let turn: Promise<void> = Promise.resolve();
  /** What the table was given last, and took; undefined: nothing, or nobody knows. */
  let taken: string | undefined;
  let touched = false;
  const told = new Map<string, SteeringInForce>();

  function schedule(ms = gatherMs): void {
    if (closed || plan === undefined) return;
    due ??= clock.after(ms, () => {
      due = undefined;
      turn = turn.then(settle);
    });
  }

  async function settle(): Promise<void> {
    if (closed || plan === undefined) return;
    cancelAgain();
    const shards = plan.shards.filter(wishesNft);
    for (const shard of [...told.keys()])
      if (!shards.some(({ name, instances }) => name === shard && instances > 1)) told.delete(shard);
    // Without a wish nothing is asked of the kernel at all.
    if (shards.length === 0 && !touched) return;
    const { wish, notSteered } = steerWishOf(plan, engine.snapshot());
    const fault = await inForce(wish);
    if (closed) return;
    let coming = false;
    for (const { name, instances } of shards) {
      if (instances === 1) continue;
      const missing = notSteered.get(name);
      if (fault === undefined && missing?.isComing === true && clock.now() - plannedAt < comingMs)
        coming = true;
      else tell(name, fault ?? missing?.why);
    }
    failures = fault === undefined ? 0 : failures + 1;
    if (failures > 0)
      cancelAgain = clock.after(Math.min(againMs * 2 ** (failures - 1), longestAgainMs), () => schedule(0));
    else if (coming) cancelAgain = clock.after(comingMs, () => schedule(0));
  }

  function tell(shard: string, why: string | undefined): void {
    const next: SteeringInForce =
      why === undefined ? { shard, by: 'nft' } : { shard, by: 'handoff', why: oneLine(why) };
    const before = told.get(shard);
    if (before?.by === next.by && before.why === next.why) return;
    told.set(shard, next);
    changed(next);
  }

  /** Answers why it could not be. */
  async function inForce(wish: SteerWish): Promise<string | undefined> {
    const key = JSON.stringify([wish.others, wish.binds.map((bind) => [bind, [...bind.privatePorts]])]);
    if (wish.binds.length === 0 && !touched) return undefined;
    if (taken === key && kernel.table.state.state === 'in-force') return undefined;
    try {
      const { change } = await kernel.nft.usable();
      if (change !== true) return change.remedy === undefined ? change.no : `${change.no}; ${change.remedy}`;
      taken = undefined;
      const part = steerPart(wish);
      // Once it has steered somebody, connections may be there that need the chains.
      await kernel.table.set('steer', part === noPart && touched ? restingPart : part);
      touched = true;
      taken = key;
      return undefined;
    } catch (error) {
      // What was in force before may send clients where nobody is.
      if (touched) await kernel.table.set('steer', restingPart).catch(() => {});
      const text = error instanceof Error ? error.message : String(error);
      // What an unprivileged user may send the kernel at once is little.
      return /too long/i.test(text) ? `${text}; run it as root, or write a smaller tableSize` : text;
    }
  }

  const stopChanges = engine.changes(({ kind }) => {
    if (kind === 'private-ports' || kind === 'bind') schedule();
  });
  const stopTable = kernel.table.changes(({ state }) => {
    if (state !== 'in-force' && taken !== undefined && touched) schedule();
  });

  return {
    planned(next) {
      plan = next;
      plannedAt = clock.now();
      schedule();
    },
    get steering() {
      const wished = plan?.shards.filter((shard) => wishesNft(shard) && shard.instances > 1) ?? [];
      return wished.map(
        ({ name }): SteeringInForce =>
          told.get(name) ?? { shard: name, by: 'handoff', why: 'its rules are not set yet' },
      );
    },
    close() {
      closed = true;
      due?.();
      cancelAgain();
      stopChanges();
      stopTable();
    },
  };
}
