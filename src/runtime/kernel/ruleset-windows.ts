// Windows of the ruleset for whoever looks. Nothing is read, and nothing is kept, while nobody does.

import type { RulesetQuery, RulesetWindow } from '../../domain/kernel.ts';
import type { ControlServices, RulesetWatch } from '../control/services.ts';
import {
  type InSight,
  type RulesetReader,
  type RulesetReaderOptions,
  readRulesets,
} from './ruleset-reader.ts';
import { type RulesetEntry, rulesetWindow, unsought } from './ruleset-rows.ts';

export interface RulesetWindows {
  readonly watch: ControlServices['watchRuleset'];
  close(): void;
}

export type RulesetSource = Omit<RulesetReaderOptions, 'inSight' | 'changed'>;

interface Watch {
  query: RulesetQuery;
  entries: readonly RulesetEntry[];
  readonly tell: () => void;
}

/** Words of so many rules are found at a time when something is sought in all of them; then others have their turn. */
const atOnce = 300;
const beforeReadingMs = 150;

export function createRulesetWindows(source: RulesetSource): RulesetWindows {
  const { clock } = source;
  const watches = new Set<Watch>();
  let reader: RulesetReader | undefined;

  const inSight = (): readonly InSight[] => [...watches].flatMap(({ entries }) => entries.flatMap(sightOf));

  function open(query: RulesetQuery, listener: (window: RulesetWindow) => void): RulesetWatch {
    let sending = false;
    let again = false;
    const watch: Watch = { query, entries: [], tell: () => void tell() };

    async function tell(): Promise<void> {
      if (sending) {
        again = true;
        return;
      }
      sending = true;
      do {
        again = false;
        await send();
      } while (again && watches.has(watch));
      sending = false;
    }

    async function send(): Promise<void> {
      const reading = reader?.reading;
      const fault = reader?.fault;
      if (reading === undefined) {
        if (fault !== undefined) listener({ ...emptyWindow(watch.query, clock.now()), ...fault });
        return;
      }
      if (watch.query.filter.trim() !== '') {
        const words = unsought(reading.index);
        for (let next = 0; next < words.length && watches.has(watch); next += atOnce) {
          for (const find of words.slice(next, next + atOnce)) find();
          if (words.length > atOnce) await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
      if (!watches.has(watch)) return;
      const before = sightKey(watch.entries);
      const { window, entries } = rulesetWindow(reading, watch.query);
      watch.entries = entries;
      listener(fault === undefined ? window : { ...window, ...fault });
      if (sightKey(entries) !== before) reader?.look();
    }

    watches.add(watch);
    reader ??= readRulesets({
      ...source,
      inSight,
      changed: () => {
        for (const { tell: tellOne } of watches) tellOne();
      },
    });
    // Not before its caller has it.
    clock.after(0, () => {
      if (watches.has(watch)) void tell();
    });
    return {
      update(next) {
        if (!watches.has(watch)) return;
        watch.query = next;
        void tell();
      },
      close() {
        watches.delete(watch);
        if (watches.size > 0) return;
        reader?.close();
        reader = undefined;
      },
    };
  }

  return {
    watch: open,
    close() {
      watches.clear();
      reader?.close();
      reader = undefined;
    },
  };
}

/** Where there is no kernel to ask: it says so, once for each question. */
export function noRulesetWindows(clock: RulesetSource['clock']): RulesetWindows {
  return {
    watch(query, listener) {
      let cancel = () => {};
      const say = (asked: RulesetQuery): void => {
        cancel();
        cancel = clock.after(beforeReadingMs, () =>
          listener({ ...emptyWindow(asked, clock.now()), fault: 'this runtime does not use nftables' }),
        );
      };
      say(query);
      return { update: say, close: () => cancel() };
    },
    close() {},
  };
}

function emptyWindow(query: RulesetQuery, at: number): RulesetWindow {
  return { query, at, rules: 0, total: 0, rows: [], mostPacketRate: 0 };
}

function sightOf(entry: RulesetEntry): readonly InSight[] {
  const { family, name } = entry.table;
  switch (entry.kind) {
    case 'table':
    case 'chain':
      return [];
    case 'rule':
      return [{ family, table: name, chain: entry.chain.name }];
    default:
      return [{ family, table: name }];
  }
}

function sightKey(entries: readonly RulesetEntry[]): string {
  return [
    ...new Set(entries.flatMap(sightOf).map(({ family, table, chain }) => `${family} ${table} ${chain}`)),
  ].join('\n');
}
