// Our own table: wishes in line, one after the other, and a look now and then at whether it is still what we made of it.

import type { Clock } from '../../domain/clock.ts';
import { createEmitter, type Disposer } from '../../domain/event.ts';
import type { KernelEntity } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { isObject } from '../json-fields.ts';
import { type Nft, NftError } from '../process/nft.ts';
import { createBelievedTable } from './believed-table.ts';
import type { OwnTable } from './own-table.ts';
import { isMark } from './ownership.ts';
import { elementsOf, isAbsent, ownTableOf } from './read-own-table.ts';
import { contentOf, isEmptyContent } from './table-content.ts';
import { type PartName, type TablePart, tableFamily, tableName } from './table-part.ts';

export interface OwnTableOptions {
  readonly nft: Nft;
  readonly clock: Clock;
  /** From one look at whether it is still there to the next: some 10 ms of nft each. Default: 5 s. */
  readonly lookMs?: number;
}

interface Waiting {
  wish: TablePart;
  readonly done: Promise<void>;
}

export function createOwnTable({ nft, clock, lookMs = 5_000 }: OwnTableOptions): OwnTable {
  const table = createBelievedTable(nft, clock);
  /** In force, or to be put in force again. */
  let parts: ReadonlyMap<PartName, TablePart> = new Map();
  let closed = false;
  let nextLook: Disposer | undefined;
  let line: Promise<unknown> = Promise.resolve();
  const waiting = new Map<PartName, Waiting>();
  const failures = new Map<PartName | 'table', string>();
  /** What happened to it that was made good. */
  let note: string | undefined;
  let state: KernelEntity['table'] = { state: 'none' };
  const changes = createEmitter<KernelEntity['table']>();
  let counting: ReturnType<OwnTable['counters']> | undefined;

  function inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = line.then(work);
    line = done.catch(() => {});
    return done;
  }

  function tellState(): void {
    const next = stateNow();
    if (next.state === state.state && next.text === state.text) return;
    state = next;
    changes.emit(state);
  }

  function stateNow(): KernelEntity['table'] {
    const [failed] = failures;
    if (failed !== undefined) {
      const [what, why] = failed;
      return { state: 'failed', text: safe(what === 'table' ? why : `${what}: ${why}`, 400) };
    }
    if (table.content === undefined) return { state: 'none' };
    return { state: 'in-force', ...(note !== undefined && { text: safe(note, 400) }) };
  }

  const isNothing = (of: Iterable<TablePart>): boolean => isEmptyContent(contentOf(of, 0));

  async function apply(part: PartName, wish: TablePart): Promise<void> {
    const wished = new Map(parts).set(part, wish);
    try {
      // Who wishes nothing needs no nft. What was left of the part goes with `adopted`.
      if (table.wasRead || !isNothing([wish])) await table.put(wished);
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
    const isGone = table.isKnown ? table.content === undefined : !table.wasRead;
    if (closed || (isGone && isNothing(parts.values()))) return;
    nextLook = clock.after(lookMs, () => void inLine(look));
  }

  /** Never rejects. */
  async function look(whole = false): Promise<void> {
    if (closed || !table.wasRead) return;
    try {
      const wasKnown = table.isKnown;
      const drift = await table.drift(whole);
      if (drift !== undefined) {
        await table.put(parts);
        if (wasKnown && !isNothing(parts.values()))
          note = `${drift} by somebody else, and put in force again`;
      }
      failures.delete('table');
    } catch (error) {
      failures.set('table', (error as Error).message);
    }
    tellState();
    lookLater();
  }

  async function counters(): ReturnType<OwnTable['counters']> {
    const objects = await unlessAbsent(() => nft.list('counters', 'table', tableFamily, tableName));
    const { counts } = ownTableOf(objects, clock.now());
    return new Map([...counts].filter(([name]) => !isMark(name)));
  }

  return {
    get state() {
      return state;
    },
    changes: changes.event,

    found: () =>
      inLine(async () => {
        try {
          if (!table.wasRead) await table.read();
        } catch (error) {
          // Then nothing can be set either, and that says why.
          if (!(error instanceof NftError)) throw error;
        }
        return table.found;
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
          if (!table.wasRead) await table.read();
          table.dropLeftovers();
          await table.put(parts);
          failures.delete('table');
        } catch (error) {
          // Where nothing is wished of it, nobody misses it.
          if (!isNothing(parts.values())) failures.set('table', (error as Error).message);
        }
        tellState();
        lookLater();
      }),

    look: () => inLine(() => look(true)),

    counters() {
      // Whoever asks at the same time gets the same answer: with large maps it takes nft a tenth of a second.
      counting ??= counters().finally(() => {
        counting = undefined;
      });
      return counting;
    },

    async elements(set) {
      const isMap = [...parts.values()].some(({ sets }) =>
        sets.some(({ name, to }) => name === set && to !== undefined),
      );
      const kind = isMap ? 'map' : 'set';
      const objects = await unlessAbsent(() => nft.list(kind, tableFamily, tableName, set));
      for (const object of objects) {
        const body = isObject(object) ? object[kind] : undefined;
        if (isObject(body)) return elementsOf(body.elem, isMap);
      }
      return [];
    },

    close(how) {
      if (closed) return line.then(() => {});
      closed = true;
      nextLook?.();
      return inLine(async () => {
        // What was never looked at has nothing of ours.
        if (!table.wasRead) return;
        await (how === 'remove' ? table.remove() : table.disown());
        tellState();
      });
    },
  };
}

async function unlessAbsent(ask: () => ReturnType<Nft['list']>): Promise<Awaited<ReturnType<Nft['list']>>> {
  try {
    return await ask();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
