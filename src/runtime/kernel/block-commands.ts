// block, confirm-block and unblock, and their undo: who would be locked out is asked before, and the kernel confirms.

import { isDeepStrictEqual } from 'node:util';
import { type Guarded, lockedOut, parseBlock } from '../../domain/block.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Command } from '../../domain/command.ts';
import type { Actor, JournalEntry } from '../../domain/journal.ts';
import type { BlockEntity } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { NftError } from '../../nft/process/nft.ts';
import type { Done, Prepare, Prepared, Refused } from '../commands.ts';
import type { BlockUndo, Journal } from '../journal.ts';
import { refuse } from '../server-commands.ts';
import { undoText } from '../write-back-undo.ts';
import { spokenUntil } from './block-words.ts';
import { type Blocks, endOf } from './blocks.ts';

export type BlockCommand = Extract<Command, { kind: 'block' | 'confirm-block' | 'unblock' }>;

export interface BlockContext {
  readonly blocks: Blocks;
  readonly clock: Pick<Clock, 'now'>;
  /** Whose packets must get through, as it is told to whoever asks. */
  guarded(actor: Actor | undefined): Promise<readonly Guarded[]>;
  save(): Promise<void>;
}

/** Why it cannot be done now; undefined where it can. */
export async function blockFault(
  command: BlockCommand,
  actor: Actor | undefined,
  context: BlockContext,
): Promise<Refused | undefined> {
  const { blocks } = context;
  const parsed = parseBlock(command.address);
  if (!parsed.ok) return refuse('bad-value', parsed.text, parsed.remedy);
  const { address, network } = parsed;
  const known = blocks.get(address);
  if (command.kind !== 'block') {
    if (known === undefined) {
      const near = blocks.overlapping(network, address)[0];
      return refuse(
        'no-such-block',
        `${address} is not blocked${near === undefined ? '' : ` by itself: ${near.address} is`}`,
        'see `sluice show blocks`',
      );
    }
    return undefined;
  }
  const cannot = await blocks.cannot();
  if (cannot !== undefined) return refuse('not-capable', cannot.no, cannot.remedy);
  if (known === undefined) {
    const [other] = blocks.overlapping(network, address);
    if (other !== undefined)
      return refuse(
        'bad-value',
        `${address} and ${other.address}, which ${other.by} blocked, overlap`,
        `unblock ${other.address} first`,
      );
    if (blocks.full)
      return refuse(
        'bad-value',
        'the blocklist is full',
        'unblock what is not needed any more, or block a network',
      );
  }
  const { who, never } = lockedOut(network, await context.guarded(actor));
  if (never)
    // Not as `lock-out`: naming the address once more would not help.
    return refuse('bad-value', `${address} is this machine's loopback: nothing on it would work any more`);
  if (who.length > 0 && !forces(command.force, address)) {
    const more = who.length > 3 ? `, and ${who.length - 3} more` : '';
    return refuse(
      'lock-out',
      `blocking ${address} would lock out ${who.slice(0, 3).join(', ')}${more}`,
      `to do it all the same, name the address once more: --force ${address}`,
    );
  }
  return undefined;
}

function forces(force: string | undefined, address: string): boolean {
  if (force === undefined) return false;
  const parsed = parseBlock(force);
  return parsed.ok && parsed.address === address;
}

export async function prepareBlock(
  command: BlockCommand,
  actor: Actor,
  context: BlockContext,
): Promise<Awaited<ReturnType<Prepare>>> {
  const fault = await blockFault(command, actor, context);
  if (fault !== undefined) return fault;
  const { blocks, clock } = context;
  const parsed = parseBlock(command.address);
  const address = parsed.ok ? parsed.address : command.address;
  const before = blocks.get(address) ?? null;
  if (command.kind === 'confirm-block' && before?.confirmBy === undefined)
    return { result: 'done', nothing: true, text: `the block of ${address} stands already` };
  return {
    result: 'prepared',
    subject: address,
    before: stateText(before, clock.now()),
    async carryOut() {
      const next = nextOf(command, address, before, actor, clock.now());
      const done = await change(address, next, context);
      if (done !== undefined) return done;
      return {
        result: 'done',
        after: stateText(next, clock.now()),
        text: doneText(address, next, clock.now()),
        // Confirming makes it what it was meant to be: there is nothing to go back to.
        ...(command.kind !== 'confirm-block' && { undo: { block: address, before, after: next } }),
      };
    },
  } satisfies Prepared;
}

function nextOf(
  command: BlockCommand,
  address: string,
  before: BlockEntity | null,
  actor: Actor,
  now: number,
): BlockEntity | null {
  switch (command.kind) {
    case 'unblock':
      return null;
    case 'confirm-block': {
      const { confirmBy: _, ...block } = before!;
      return block;
    }
    case 'block':
      return {
        address,
        why: safe(command.why, 100),
        by: actor.name,
        at: now,
        ...(command.forMs > 0 && { until: now + command.forMs }),
        // Of one that stood already only its time and reason change.
        ...(command.confirmMs > 0 &&
          (before === null || before.confirmBy !== undefined) && { confirmBy: now + command.confirmMs }),
      };
  }
}

async function change(
  address: string,
  next: BlockEntity | null,
  { blocks, save }: BlockContext,
): Promise<Done | undefined> {
  try {
    await blocks.put(address, next);
  } catch (error) {
    const { message } = error as Error;
    return error instanceof NftError && error.code === 'timeout'
      ? { result: 'unknown', text: message }
      : refuse('not-capable', message);
  }
  await save();
  return undefined;
}

export function stateText(block: BlockEntity | null, now: number): string {
  if (block === null) return 'not blocked';
  const until = block.until === undefined ? '' : `, for ${spokenUntil(now, block.until)}`;
  return `blocked${until}${block.confirmBy === undefined ? '' : ', unconfirmed'}`;
}

function doneText(address: string, next: BlockEntity | null, now: number): string {
  if (next === null) return `${address} is not blocked any more`;
  const until = next.until === undefined ? '' : ` for ${spokenUntil(now, next.until)}`;
  return next.confirmBy === undefined
    ? `${address} is blocked${until}`
    : `${address} is blocked${until}, and is let go in ${spokenUntil(now, next.confirmBy)} unless it is confirmed`;
}

export function blockUndoFault({ block, after }: BlockUndo, blocks: Blocks): Refused | undefined {
  const now = blocks.get(block) ?? null;
  // Confirmed or not, it is the same block.
  if (now?.at === after?.at && isDeepStrictEqual(now?.until, after?.until)) return undefined;
  return refuse('changed-since', `the block of ${block} was changed since`, 'set the state you want instead');
}

export async function prepareBlockUndo(
  entry: JournalEntry,
  record: BlockUndo,
  journal: Journal,
  actor: Actor,
  context: BlockContext,
): Promise<Prepared | Refused> {
  const { block: address, before } = record;
  const { clock } = context;
  // What nobody had confirmed is not confirmed by this.
  const isOver = before !== null && (endOf(before) ?? Number.POSITIVE_INFINITY) <= clock.now();
  const next = isOver ? null : before;
  // Who is blocked again may be somebody else by now.
  const fault =
    next && (await blockFault({ kind: 'block', address, forMs: 0, why: '', confirmMs: 0 }, actor, context));
  if (fault)
    return fault.code === 'lock-out'
      ? refuse('lock-out', fault.text, 'block it again, and name the address once more')
      : fault;
  return {
    result: 'prepared',
    subject: address,
    text: undoText(entry),
    before: stateText(record.after, clock.now()),
    async carryOut(id) {
      const done = await change(address, next, context);
      if (done !== undefined) return done;
      journal.undone(entry.id, id);
      return {
        result: 'done',
        after: stateText(next, clock.now()),
        text: `${isOver ? `the time of ${address} would be over by now: it stays unblocked` : doneText(address, next, clock.now())} (undone: ${entry.text}, by ${entry.actor.name})`,
      };
    },
  };
}
