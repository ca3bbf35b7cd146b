// What is believed of our table in the kernel: what was told last, or read. It is read again whenever a refusal or a look says
// otherwise. One thing at a time is done with it: see create-own-table.ts.

import type { Clock } from '../../domain/clock.ts';
import { isObject } from '../json-fields.ts';
import { type Nft, NftError } from '../process/nft.ts';
import type { SetElement } from '../ruleset/ruleset.ts';
import { checkParts } from './check-parts.ts';
import { isMark, otherOwner, ownMark } from './ownership.ts';
import { type OwnTableRead, readOwnTable } from './read-own-table.ts';
import { removeTable, tableChange } from './table-change.ts';
import { contentOf, emptyContent, isEmptyContent, type TableContent } from './table-content.ts';
import { driftOf } from './table-drift.ts';
import { type PartName, type TablePart, tableFamily, tableName } from './table-part.ts';

export interface BelievedTable {
  /** It was read at least once, so what was there at first is known. */
  readonly wasRead: boolean;
  readonly isKnown: boolean;
  /** Undefined: there is no such table, or it is not known. */
  readonly content: TableContent | undefined;
  /** Elements by set, as they were at first. */
  readonly found: ReadonlyMap<string, readonly SetElement[]>;
  /** @throws NftError, also where the table is another runtime's */
  read(): Promise<unknown>;
  /** Puts exactly these in force, besides what is left of earlier. @throws NftError; then it is as it was */
  put(parts: ReadonlyMap<PartName, TablePart>): Promise<void>;
  /** What is left of earlier is wanted by nobody. */
  dropLeftovers(): void;
  /** What somebody else made of it; it is not known any more then. @throws NftError */
  drift(whole: boolean): Promise<string | undefined>;
  /** @throws NftError */
  remove(): Promise<void>;
  /** It is nobody's from now on: the next runtime may begin before this process has ended. @throws NftError */
  disown(): Promise<void>;
}

const tries = 4;
/** In some 250 KB of rules, or a blocklist of 3,000, a look at all of it is no small matter. */
const largeText = 256 * 1024;
/** Every so many looks it is read as a whole, and not only whether it is there. */
const wholeEvery = { small: 6, large: 60 };

export function createBelievedTable(nft: Nft, clock: Clock): BelievedTable {
  let has: { readonly content: TableContent | undefined } | undefined;
  /** Of its chains, as they were seen last; undefined where a change came after that. */
  let handles: ReadonlyMap<string, number> | undefined;
  let leftovers: TableContent = emptyContent;
  let found: ReadonlyMap<string, readonly SetElement[]> = new Map();
  let wasRead = false;
  let looks = 0;

  async function read(): Promise<OwnTableRead | undefined> {
    const table = await readOwnTable(nft, () => clock.now());
    const owner = otherOwner(table?.content.counters.keys() ?? []);
    if (owner !== undefined)
      throw new NftError(
        'refused',
        `the table inet sluice belongs to the runtime with pid ${owner}; only one can have it in a network namespace`,
      );
    has = { content: table?.content };
    handles = undefined;
    if (!wasRead) {
      wasRead = true;
      leftovers = table === undefined ? emptyContent : withoutMarks(table.content);
      found = table?.elements ?? new Map();
    }
    return table;
  }

  async function put(parts: ReadonlyMap<PartName, TablePart>): Promise<void> {
    checkParts(parts);
    for (let left = tries; ; left -= 1) {
      if (has === undefined) await read();
      const before = has!.content;
      const content = marked(contentOf(parts.values(), clock.now()), leftovers);
      const commands = tableChange(before, content, clock.now());
      if (commands.length === 0) return;
      // Whether a commit was made is not known until it is answered, nor after a timeout.
      has = undefined;
      try {
        await nft.transact(commands, 'check');
        await nft.transact(commands);
        has = { content: isEmptyContent(content) ? undefined : content };
        handles = undefined;
        return;
      } catch (error) {
        if (!(error instanceof NftError) || error.code !== 'refused') throw error;
        const drift = driftOf(await read(), before ?? emptyContent);
        if (left <= 1) throw error;
        if (drift !== undefined || (left === tries && isTimed(before))) continue;
        // What an earlier version left may be what stands in the way.
        if (isEmptyContent(leftovers)) throw error;
        leftovers = emptyContent;
      }
    }
  }

  async function seenDrift(whole: boolean): Promise<string | undefined> {
    if (has === undefined) return 'the table was not known';
    looks += 1;
    const believed = has.content ?? emptyContent;
    const every = textLength(believed) > largeText ? wholeEvery.large : wholeEvery.small;
    if (whole || believed.chains.size === 0 || looks % every === 0) {
      const drift = driftOf(await read(), believed);
      // What was read knows the rules in nft's own form alone.
      if (drift === undefined && !isEmptyContent(believed)) has = { content: believed };
      return drift;
    }
    // Not tables: with those nft 1.0.6 reads every element of every set, for nothing.
    const seen = ownChains(await nft.list('chains', tableFamily));
    if (seen.size === 0) return 'the table was removed';
    const before = handles;
    handles = seen;
    for (const name of believed.chains.keys()) {
      if (!seen.has(name)) return `chain "${name}" was removed`;
      if (before !== undefined && before.get(name) !== seen.get(name)) return `chain "${name}" was replaced`;
    }
    return undefined;
  }

  return {
    get wasRead() {
      return wasRead;
    },
    get isKnown() {
      return has !== undefined;
    },
    get content() {
      return has?.content;
    },
    get found() {
      return found;
    },
    read,
    put,
    dropLeftovers() {
      leftovers = emptyContent;
    },
    async drift(whole) {
      const drift = await seenDrift(whole);
      if (drift !== undefined) has = undefined;
      return drift;
    },
    async remove() {
      if (has === undefined) await read();
      if (has?.content === undefined) return;
      await nft.transact(removeTable);
      has = { content: undefined };
    },
    async disown() {
      if (has === undefined) await read();
      const marks = [...(has?.content?.counters.keys() ?? [])].filter(isMark);
      await nft.transact(
        marks.map((name) => ({ delete: { counter: { family: tableFamily, table: tableName, name } } })),
      );
    },
  };
}

/** Elements that the kernel let go of meanwhile are no drift, but may be why it refused. */
function isTimed(content: TableContent | undefined): boolean {
  return [...(content?.sets.values() ?? [])].some(({ elements }) =>
    [...elements.values()].some(({ until }) => until !== undefined),
  );
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

function textLength(content: TableContent): number {
  let length = 0;
  for (const { text } of content.chains.values()) length += text.length;
  for (const { elements } of content.sets.values()) length += elements.size * 80;
  return length;
}

function ownChains(objects: Awaited<ReturnType<Nft['list']>>): ReadonlyMap<string, number> {
  const handles = new Map<string, number>();
  for (const object of objects) {
    const chain = isObject(object) ? object.chain : undefined;
    if (!isObject(chain) || chain.family !== tableFamily || chain.table !== tableName) continue;
    if (typeof chain.name === 'string' && typeof chain.handle === 'number')
      handles.set(chain.name, chain.handle);
  }
  return handles;
}
