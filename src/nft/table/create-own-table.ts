// Our own table as it stands in the kernel. Everything that is done with it is done one after the other; what is believed of it
// is what was told last, or read, and is read again whenever a refusal or a look says otherwise.

import type { Clock } from '../../domain/clock.ts';
import { createEmitter, type Disposer } from '../../domain/event.ts';
import type { KernelEntity } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { type Nft, NftError } from '../process/nft.ts';
import { checkParts } from './check-parts.ts';
import type { OwnTable } from './own-table.ts';
import { isMark, otherOwner, ownMark } from './ownership.ts';
import { elementsOf, isAbsent, isObject, ownTableOf, readOwnTable } from './read-own-table.ts';
import { removeTable, tableChange } from './table-change.ts';
import { contentOf, emptyContent, isEmptyContent, type TableContent } from './table-content.ts';
import { driftOf } from './table-drift.ts';
import { type PartName, type TablePart, tableFamily, tableName } from './table-part.ts';

export interface OwnTableOptions {
  readonly nft: Nft;
  readonly clock: Clock;
  /** From one look at whether it is still there to the next. Default: 10 s. */
  readonly lookMs?: number;
}

interface Waiting {
  wish: TablePart;
  readonly done: Promise<void>;
}

/** Every so many looks it is read as a whole, and not only whether it is there; rarely where that is much. */
const wholeEvery = { small: 3, large: 30 };
const largeText = 256 * 1024;
const tries = 4;

export function createOwnTable({ nft, clock, lookMs = 10_000 }: OwnTableOptions): OwnTable {
  /** What the kernel has; `undefined`: no table. Not known at first, and where it cannot be told what became of a change. */
  let has: { readonly content: TableContent | undefined } | undefined;
  let handle: number | undefined;
  let parts: ReadonlyMap<PartName, TablePart> = new Map();
  /** Of an earlier runtime, and nobody wished it yet. */
  let leftovers: TableContent = emptyContent;
  let elementsFound: Awaited<ReturnType<OwnTable['found']>> = new Map();
  let wasRead = false;
  let closed = false;
  let looks = 0;
  let nextLook: Disposer | undefined;
  let line: Promise<unknown> = Promise.resolve();
  const waiting = new Map<PartName, Waiting>();
  const failures = new Map<PartName | 'table', string>();
  let note: string | undefined;
  let state: KernelEntity['table'] = { state: 'none' };
  const changes = createEmitter<KernelEntity['table']>();

  function inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = line.then(work);
    line = done.catch(() => {});
    return done;
  }

  function tellState(): void {
    const [failed] = failures;
    const next: KernelEntity['table'] =
      failed !== undefined
        ? {
            state: 'failed',
            text: safe(failed[0] === 'table' ? failed[1] : `${failed[0]}: ${failed[1]}`, 400),
          }
        : has?.content === undefined
          ? { state: 'none' }
          : { state: 'in-force', ...(note !== undefined && { text: safe(note, 400) }) };
    if (next.state === state.state && next.text === state.text) return;
    state = next;
    changes.emit(state);
  }

  /** @throws NftError, also where the table is another runtime's */
  async function read(): Promise<Awaited<ReturnType<typeof readOwnTable>>> {
    const table = await readOwnTable(nft, () => clock.now());
    const owner = otherOwner(table?.content.counters.keys() ?? []);
    if (owner !== undefined)
      throw new NftError(
        'refused',
        `the table inet sluice belongs to the runtime with pid ${owner}; only one can have it in a network namespace`,
      );
    has = { content: table?.content };
    handle = table?.handle;
    if (!wasRead) {
      wasRead = true;
      leftovers = table === undefined ? emptyContent : withoutMarks(table.content);
      elementsFound = table?.elements ?? new Map();
    }
    return table;
  }

  /** Puts exactly these in force. @throws NftError; then it is as it was */
  async function put(wished: ReadonlyMap<PartName, TablePart>): Promise<void> {
    checkParts(wished);
    for (let left = tries; ; left -= 1) {
      if (has === undefined) await read();
      const before = has!.content;
      const content = marked(contentOf(wished.values(), clock.now()), leftovers);
      const commands = tableChange(before, content, clock.now());
      if (commands.length === 0) return;
      try {
        await nft.transact(commands, 'check');
        await nft.transact(commands);
        const after = isEmptyContent(content) ? undefined : content;
        if (after === undefined || before === undefined) handle = undefined;
        has = { content: after };
        return;
      } catch (error) {
        // The commit may have been made, and may not.
        if (!(error instanceof NftError) || error.code !== 'refused') {
          has = undefined;
          throw error;
        }
        has = undefined;
        const drift = driftOf(await read(), before ?? emptyContent);
        if (left <= 1) throw error;
        if (drift !== undefined || (left === tries && isTimed(before))) continue;
        // What somebody else's rules of an earlier version want may be what stands in the way.
        if (isEmptyContent(leftovers)) throw error;
        leftovers = emptyContent;
      }
    }
  }

  /** Elements that the kernel let go of meanwhile are no drift, but may be why it refused. */
  function isTimed(content: TableContent | undefined): boolean {
    return [...(content?.sets.values() ?? [])].some(({ elements }) =>
      [...elements.values()].some(({ until }) => until !== undefined),
    );
  }

  async function apply(part: PartName, wish: TablePart): Promise<void> {
    const wished = new Map(parts).set(part, wish);
    try {
      await put(wished);
      parts = wished;
      failures.delete(part);
      if (failures.size === 0) note = undefined;
    } catch (error) {
      failures.set(part, (error as Error).message);
      throw error;
    } finally {
      tellState();
      lookLater();
    }
  }

  function lookLater(): void {
    nextLook?.();
    nextLook = undefined;
    // Nothing of ours is there, for all that is known.
    const isNothing = has === undefined ? !wasRead : has.content === undefined;
    if (closed || (isNothing && isWishless())) return;
    nextLook = clock.after(lookMs, () => void inLine(look));
  }

  const isWishless = (): boolean => isEmptyContent(contentOf(parts.values(), clock.now()));

  /** Never rejects. */
  async function look(whole = false): Promise<void> {
    if (closed) return;
    try {
      looks += 1;
      const drift = await seenDrift(whole);
      if (drift !== undefined) {
        has = undefined;
        await put(parts);
        if (!isWishless()) note = `${drift} by somebody else, and put in force again`;
      }
      failures.delete('table');
    } catch (error) {
      failures.set('table', (error as Error).message);
    }
    tellState();
    lookLater();
  }

  async function seenDrift(whole: boolean): Promise<string | undefined> {
    if (has === undefined) return 'the table was not known';
    const every = textLength(has.content) > largeText ? wholeEvery.large : wholeEvery.small;
    if (whole || looks % every === 0) {
      const believed = has.content ?? emptyContent;
      const drift = driftOf(await read(), believed);
      // What was read knows the rules in nft's own form alone.
      if (drift === undefined) has = { content: has.content === undefined ? undefined : believed };
      return drift;
    }
    const seen = ownHandle(await nft.list('tables'));
    if (seen === undefined) return has.content === undefined ? undefined : 'the table was removed';
    const before = handle;
    handle = seen;
    return before === undefined || before === seen ? undefined : 'the table was replaced';
  }

  async function counters(): ReturnType<OwnTable['counters']> {
    const objects = await unlessAbsent(() => nft.list('counters', 'table', tableFamily, tableName));
    const { counts } = ownTableOf(objects, clock.now());
    return new Map([...counts].filter(([name]) => !isMark(name)));
  }

  async function elements(set: string): ReturnType<OwnTable['elements']> {
    const isMap = has?.content?.sets.get(set)?.spec.to !== undefined;
    const objects = await unlessAbsent(() => nft.list(isMap ? 'map' : 'set', tableFamily, tableName, set));
    for (const object of objects) {
      const body = isObject(object) ? (object.set ?? object.map) : undefined;
      if (isObject(body)) return elementsOf(body.elem, isMap);
    }
    return [];
  }

  return {
    get state() {
      return state;
    },
    changes: changes.event,
    found: () =>
      inLine(async () => {
        try {
          if (!wasRead) await read();
        } catch (error) {
          // Then nothing can be set either, and that says why.
          if (!(error instanceof NftError)) throw error;
        }
        return elementsFound;
      }),
    set(part, wish) {
      if (closed) return Promise.reject(new NftError('refused', 'the runtime ends'));
      const earlier = waiting.get(part);
      if (earlier !== undefined) {
        earlier.wish = wish;
        return earlier.done;
      }
      const entry: Waiting = {
        wish,
        done: inLine(() => {
          waiting.delete(part);
          return apply(part, entry.wish);
        }),
      };
      waiting.set(part, entry);
      return entry.done;
    },
    adopted: () =>
      inLine(async () => {
        if (closed) return;
        try {
          if (!wasRead) await read();
          leftovers = emptyContent;
          await put(parts);
          failures.delete('table');
        } catch (error) {
          // Nothing is wished of it, so nobody misses it.
          if (!isWishless()) failures.set('table', (error as Error).message);
        }
        tellState();
        lookLater();
      }),
    look: () => inLine(() => look(true)),
    counters,
    elements,
    close(how) {
      if (closed) return line.then(() => {});
      closed = true;
      nextLook?.();
      return inLine(async () => {
        if (!wasRead) return;
        // Where it is another runtime's, or may not be looked at, there is nothing of ours.
        if (has === undefined) await read();
        if (has?.content === undefined) return;
        if (how === 'remove') await nft.transact(removeTable);
        else await disown(has.content);
        has = { content: how === 'remove' ? undefined : has.content };
        tellState();
      });
    },
  };

  /** The next runtime may begin before this process has ended. */
  async function disown(content: TableContent): Promise<void> {
    const marks = [...content.counters.keys()].filter(isMark);
    await nft.transact(
      marks.map((name) => ({ delete: { counter: { family: tableFamily, table: tableName, name } } })),
    );
  }
}

function ownHandle(objects: Awaited<ReturnType<Nft['list']>>): number | undefined {
  for (const object of objects) {
    const table = isObject(object) ? object.table : undefined;
    if (isObject(table) && table.family === tableFamily && table.name === tableName)
      return typeof table.handle === 'number' ? table.handle : 0;
  }
  return undefined;
}

/** With what is left of earlier; where both have a name, it is what is wished. An empty table has no owner: it is not there. */
function marked(wished: TableContent, leftovers: TableContent): TableContent {
  const all: TableContent = {
    counters: new Map([...leftovers.counters, ...wished.counters]),
    sets: new Map([...leftovers.sets, ...wished.sets]),
    chains: new Map([...leftovers.chains, ...wished.chains]),
  };
  if (isEmptyContent(all)) return all;
  return { ...all, counters: new Map([[ownMark(), ''], ...all.counters]) };
}

function withoutMarks(content: TableContent): TableContent {
  return { ...content, counters: new Map([...content.counters].filter(([name]) => !isMark(name))) };
}

function textLength(content: TableContent | undefined): number {
  let length = 0;
  for (const { text } of content?.chains.values() ?? []) length += text.length;
  for (const { elements } of content?.sets.values() ?? []) length += elements.size * 80;
  return length;
}

async function unlessAbsent(ask: () => ReturnType<Nft['list']>): Promise<Awaited<ReturnType<Nft['list']>>> {
  try {
    return await ask();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
