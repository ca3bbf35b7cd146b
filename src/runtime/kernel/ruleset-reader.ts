// Reads the ruleset while somebody looks: once, anew when `nft monitor` says that it changed, and what is in sight every second
// for its counts. Of a large table only the chains in sight, since 10,000 rules cost nft a third of a second and one chain of
// them a hundredth. However long that takes: it is done a sixth of the time at most, and later instead.

import type { Clock } from '../../domain/clock.ts';
import type { Disposer } from '../../domain/event.ts';
import { safe } from '../../domain/safe.ts';
import type { Json } from '../../nft/json.ts';
import { type Nft, NftError } from '../../nft/process/nft.ts';
import type { Chain, Rule, Ruleset, Table } from '../../nft/ruleset/ruleset.ts';
import { indexRuleset, type RulesetIndex, type RuleWords, sameShape } from './ruleset-index.ts';
import { countedIn, type Rated, ratesOf } from './ruleset-rates.ts';
import type { RulesetReading } from './ruleset-rows.ts';

export interface RulesetReaderOptions {
  readonly nft: Pick<Nft, 'list' | 'monitor' | 'usable'>;
  readonly clock: Clock;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  readonly read: (objects: readonly Json[]) => Ruleset;
  readonly words: RuleWords;
  /** What the windows show of it now. */
  readonly inSight: () => readonly InSight[];
  /** After each reading, good or not. */
  readonly changed: () => void;
}

export interface InSight {
  readonly family: string;
  readonly table: string;
  /** Whose rules are in sight; undefined: its sets, maps or counters. */
  readonly chain?: string;
}

export interface RulesetFault {
  readonly fault: string;
  readonly remedy?: string;
}

export interface RulesetReader {
  /** The last good one; undefined before the first. */
  readonly reading: RulesetReading | undefined;
  /** Of the last reading; undefined where it was good. */
  readonly fault: RulesetFault | undefined;
  /** Something else is in sight: sooner than in a second. */
  look(): void;
  close(): void;
}

const pollMs = 1_000;
const changedMs = 500;
const soonMs = 100;
/** From one reading to the next, in durations of the last one. */
const rest = 5;
const failedMs = { first: 1_000, most: 15_000 };
const monitorAgainMs = 5_000;
/** Without a monitor: how soon a change is noticed. */
const unmonitoredMs = 5_000;
/** Rules and elements of a table that is read as a whole each time; and what that may take. */
const smallTable = { objects: 500, ms: 100 };
/** Of a large one, its other chains: bars are drawn against them, too. */
const wholeMs = 15_000;
const chainsAtOnce = 12;
const turnSize = 2_000;

/** Begins at once, and goes on until it is closed. */
export function readRulesets(options: RulesetReaderOptions): RulesetReader {
  const { nft, clock, monotonic, read, words, inSight, changed } = options;
  let index: RulesetIndex | undefined;
  let reading: RulesetReading | undefined;
  let fault: RulesetFault | undefined;
  const rates = new Map<string, Rated>();
  /** Tables, by handle, that few rules make slow to list: with long anonymous maps, say. */
  const slow = new Set<number>();
  const isSmall = (table: Table): boolean =>
    !slow.has(table.handle) && objectsIn(table) <= smallTable.objects;

  let closed = false;
  let busy = false;
  let dirty = true;
  let soon = true;
  let failures = 0;
  let wholeAt = Number.NEGATIVE_INFINITY;
  let wholeCost = 0;
  let lastEnd = Number.NEGATIVE_INFINITY;
  let lastCost = 0;
  let timer: Disposer | undefined;
  let monitoring: Disposer | undefined;
  let monitorTimer: Disposer | undefined;

  function plan(): void {
    if (closed || busy) return;
    timer?.();
    timer = undefined;
    const due =
      failures > 0
        ? Math.min(failedMs.first * 2 ** (failures - 1), failedMs.most)
        : soon
          ? soonMs
          : dirty
            ? changedMs
            : pollMs;
    const share = failures > 0 ? Math.min(rest * lastCost, failedMs.most) : rest * lastCost;
    const wait = lastEnd + Math.max(due, share) - monotonic();
    timer = clock.after(Math.max(0, Number.isFinite(wait) ? wait : 0), () => void run());
  }

  function isWholeDue(): boolean {
    if (dirty || index === undefined) return true;
    const age = monotonic() - wholeAt;
    if (monitoring === undefined && age >= unmonitoredMs) return true;
    const large = tablesInSight(index.ruleset, inSight()).some(({ table }) => !isSmall(table));
    return large && age >= Math.max(wholeMs, wholeCost * 4 * rest);
  }

  async function run(): Promise<void> {
    if (busy || closed) return;
    busy = true;
    const start = monotonic();
    try {
      if (isWholeDue()) {
        dirty = false;
        soon = false;
        const objects = await nft.list('ruleset');
        if (closed) return;
        const at = (start + monotonic()) / 2;
        await othersTurn(objects.length);
        const ruleset = read(objects);
        await othersTurn(objects.length);
        if (closed) return;
        take(ruleset, undefined, at);
        wholeAt = monotonic();
        wholeCost = wholeAt - start;
      } else {
        soon = false;
        await poll();
      }
      fault = undefined;
      failures = 0;
    } catch (error) {
      if (closed) return;
      dirty = true;
      failures += 1;
      fault = await faultOf(error);
    } finally {
      lastEnd = monotonic();
      lastCost = lastEnd - start;
      busy = false;
    }
    if (closed) return;
    changed();
    plan();
  }

  /** Where nothing that counts is in sight, all there is to say is that nothing changed. */
  async function poll(): Promise<void> {
    const before = index!.ruleset;
    const tables = new Map(before.tables.map((table) => [table, table]));
    for (const { table, chains } of tablesInSight(before, inSight())) {
      const start = monotonic();
      let next: Table | undefined;
      const isWhole = isSmall(table);
      if (isWhole) {
        next = await listedTable(table);
        if (monotonic() - start > smallTable.ms) slow.add(table.handle);
      } else {
        next = table;
        if (table.counters.length > 0) next = await withCounters(next);
        for (const chain of chains.slice(0, chainsAtOnce)) next = next && (await withChain(next, chain));
      }
      if (closed) return;
      if (next === undefined) {
        // It went, or is another one by now.
        dirty = true;
        continue;
      }
      tables.set(table, next);
      const at = (start + monotonic()) / 2;
      const counted = isWhole ? countedIn(next) : changedIn(table, next);
      for (const [id, rated] of ratesOf(rates, counted, at)) rates.set(id, rated);
    }
    const ruleset = { ...before, tables: [...tables.values()] };
    take({ ...ruleset, rules: countRules(ruleset) }, rates, monotonic());
  }

  /** @param known rates that were brought up to date already */
  function take(ruleset: Ruleset, known: ReadonlyMap<string, Rated> | undefined, at: number): void {
    if (known === undefined) {
      const anew = ratesOf(
        rates,
        ruleset.tables.flatMap((table) => [...countedIn(table)]),
        at,
      );
      rates.clear();
      for (const [id, rated] of anew) rates.set(id, rated);
    }
    // What explains a rule may have changed where nothing of its shape did: a whole reading comes after a change.
    index =
      index !== undefined && known !== undefined && sameShape(index.ruleset, ruleset)
        ? index.with(ruleset)
        : indexRuleset(ruleset, words, index);
    reading = { index, rates: new Map(rates), at: clock.now() };
  }

  async function listed(...what: readonly string[]): Promise<Table | undefined> {
    try {
      return read(await nft.list(...what)).tables[0];
    } catch (error) {
      if (
        error instanceof NftError &&
        error.code === 'refused' &&
        /no such file|does not exist/i.test(error.message)
      )
        return undefined;
      throw error;
    }
  }

  async function listedTable(table: Table): Promise<Table | undefined> {
    const next = await listed('table', table.family, table.name);
    return next?.handle === table.handle ? next : undefined;
  }

  async function withCounters(table: Table): Promise<Table | undefined> {
    const next = await listed('counters', 'table', table.family, table.name);
    return next && { ...table, counters: next.counters };
  }

  async function withChain(table: Table, name: string): Promise<Table | undefined> {
    const next = (await listed('chain', table.family, table.name, name))?.chains.find(
      (chain) => chain.name === name,
    );
    const before = table.chains.find((chain) => chain.name === name);
    // Without its handle it was listed only because its rules name it.
    if (next === undefined || next.handle !== before?.handle) return undefined;
    const chain = { ...next, rules: next.rules.map((rule) => withNamedCount(rule, table)) };
    return { ...table, chains: table.chains.map((one) => (one.name === name ? chain : one)) };
  }

  async function faultOf(error: unknown): Promise<RulesetFault> {
    const usable = await nft.usable().then(
      ({ read: can }) => can,
      () => true as const,
    );
    if (usable !== true)
      return { fault: safe(usable.no, 400), ...(usable.remedy !== undefined && { remedy: usable.remedy }) };
    const message = error instanceof Error ? error.message : String(error);
    return {
      fault: safe(`the ruleset could not be read: ${message}`, 400),
      remedy: 'it is tried again; `nft -j list ruleset` shows whether it can be read at all',
    };
  }

  function monitor(): void {
    monitorTimer = undefined;
    if (closed) return;
    let over = false;
    const stop = nft.monitor(
      () => {
        dirty = true;
        plan();
      },
      () => {
        over = true;
        monitoring = undefined;
        if (closed) return;
        monitorTimer = clock.after(monitorAgainMs, monitor);
        plan();
      },
    );
    if (!over) monitoring = stop;
  }

  monitor();
  plan();
  return {
    get reading() {
      return reading;
    },
    get fault() {
      return fault;
    },
    look() {
      soon = true;
      plan();
    },
    close() {
      closed = true;
      timer?.();
      monitorTimer?.();
      monitoring?.();
    },
  };
}

/** Much is gone through in several turns. */
async function othersTurn(size: number): Promise<void> {
  if (size > turnSize) await new Promise<void>((resolve) => setImmediate(resolve));
}

const rulesIn = ({ chains }: Table): number => chains.reduce((sum, { rules }) => sum + rules.length, 0);
const objectsIn = (table: Table): number =>
  rulesIn(table) + table.sets.reduce((sum, { elements }) => sum + elements.length, 0);
const countRules = ({ tables }: Pick<Ruleset, 'tables'>): number =>
  tables.reduce((sum, table) => sum + rulesIn(table), 0);

function tablesInSight(
  { tables }: Ruleset,
  sight: readonly InSight[],
): readonly { readonly table: Table; readonly chains: readonly string[] }[] {
  return tables.flatMap((table) => {
    const here = sight.filter((one) => one.table === table.name && one.family === table.family);
    const chains = new Set(here.flatMap(({ chain }) => (chain === undefined ? [] : [chain])));
    return here.length === 0 ? [] : [{ table, chains: [...chains] }];
  });
}

function* changedIn(before: Table, after: Table): ReturnType<typeof countedIn> {
  const old = new Set<Chain>(before.chains);
  for (const chain of after.chains) if (!old.has(chain)) for (const rule of chain.rules) yield [after, rule];
  if (after.counters !== before.counters) for (const counter of after.counters) yield [after, counter];
}

/** A list of one chain names its rules' named counters without their counts. */
function withNamedCount(rule: Rule, { counters }: Table): Rule {
  if (rule.counter !== undefined) return rule;
  for (const { counter } of rule.expressions) {
    const known = typeof counter === 'string' ? counters.find(({ name }) => name === counter) : undefined;
    if (known !== undefined)
      return { ...rule, counter: { name: known.name, packets: known.packets, bytes: known.bytes } };
  }
  return rule;
}
