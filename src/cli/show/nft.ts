// `sluice show nft`: the kernel's ruleset as a table, with what passes by.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Clock } from '../../domain/clock.ts';
import type { RulesetQuery, RulesetRow, RulesetWindow } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { attached } from '../attachment.ts';
import { CliFailure } from '../failure.ts';
import { jsonDocument } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { systemClock } from '../system-clock.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { short } from '../wording.ts';

export interface ShowNftOptions {
  readonly filter: string;
  readonly sort: RulesetQuery['order'];
  readonly limit: number;
  readonly explain?: boolean;
}

/** Rows asked for at a time; the protocol bounds a window. */
const windowRows = 200;
/** 10,000 rules take nft a third of a second; a machine that is busy longer. */
const patienceMs = 20_000;
/** A rate needs two readings, a second apart: too long to wait for it at each of very many windows. */
const ratesMs = 2_500;
const mostWithRates = 1_000;

export function showNft(context: VerbContext, options: ShowNftOptions): Promise<void> {
  return attached(context, async (client) => {
    const window = await collectRuleset(client, options, systemClock);
    const { terminal } = context;
    const { at, rules, total, rows, fault, remedy } = window;
    if (fault !== undefined && rows.length === 0)
      throw new CliFailure('refused', safe(fault), remedy && safe(remedy));
    if (context.options.json === true) {
      terminal.print(jsonDocument({ at, rules, total, rows }));
      return;
    }
    if (rows.length > 0)
      terminal.print(renderTable(columnsFor(options.explain === true), rows, terminal.color));
    if (fault !== undefined) terminal.note(`what is shown is old: ${safe(fault)}`);
    const shown = rows.length < total ? `, ${rows.length} shown` : '';
    terminal.note(`${rules} rules; ${total} rows${shown}`);
  });
}

/** Windows one after the other until `limit`; each as it is once rates are known, or after a while without. */
export function collectRuleset(
  client: Pick<RuntimeClient, 'openRuleset'>,
  options: Pick<ShowNftOptions, 'filter' | 'sort' | 'limit'>,
  clock: Clock,
): Promise<RulesetWindow> {
  return new Promise((resolve, reject) => {
    const rows = new Map<string, RulesetRow>();
    let offset = 0;
    let newest: RulesetWindow | undefined;
    const query = (): RulesetQuery => ({
      filter: options.filter,
      order: options.sort,
      folded: [],
      offset,
      limit: Math.min(windowRows, options.limit - offset),
    });
    const waitOn = () =>
      clock.after(patienceMs, () => {
        watch.close();
        reject(
          new CliFailure(
            'refused',
            `the runtime sent nothing of the ruleset within ${patienceMs / 1_000} s`,
            'see whether `nft -j list ruleset` answers on its machine',
          ),
        );
      });
    let giveUp = waitOn();
    let impatient = () => {};
    const finish = (window: RulesetWindow): void => {
      // The first window may arrive before `watch` is known.
      queueMicrotask(() => watch.close());
      resolve({ ...window, rows: [...rows.values()] });
    };
    const take = (window: RulesetWindow): void => {
      impatient();
      impatient = () => {};
      giveUp();
      newest = undefined;
      for (const row of window.rows) rows.set(row.key, row);
      offset += window.rows.length;
      if (
        window.fault !== undefined ||
        window.rows.length === 0 ||
        offset >= Math.min(options.limit, window.total)
      )
        finish(window);
      else {
        giveUp = waitOn();
        watch.update(query());
      }
    };
    const watch = client.openRuleset(query(), (window) => {
      if (window.query.offset !== offset) return;
      if (window.fault !== undefined || window.total > mostWithRates || knowsRates(window))
        return take(window);
      if (newest === undefined) impatient = clock.after(ratesMs, () => newest && take(newest));
      newest = window;
    });
  });
}

const knowsRates = ({ rows }: RulesetWindow): boolean => rows.every(({ packetRate }) => packetRate !== null);

function columnsFor(explain: boolean): readonly Column<RulesetRow>[] {
  return [
    {
      title: 'table / chain / rule',
      cell: ({ depth, text }) => `${'  '.repeat(depth)}${text.slice(0, 120)}`,
    },
    { title: 'about', cell: ({ about }) => about },
    { title: 'counts', cell: countsCell },
    { title: 'packets', align: 'right', cell: ({ packets }) => short(packets) },
    { title: 'bytes', align: 'right', cell: ({ bytes }) => short(bytes) },
    { title: 'per s', align: 'right', cell: ({ packetRate }) => short(packetRate) },
    ...(explain ? [{ title: 'in plain English', cell: explanationCell }] : []),
  ];
}

function countsCell({ kind, counts }: RulesetRow): Cell {
  if (counts !== 'none') return counts;
  return kind === 'rule' ? { text: 'no counter', shade: 'muted' } : '';
}

function explanationCell({ explanation, understood }: RulesetRow): Cell {
  const text = explanation.join(' ');
  return understood ? text : { text: `${text} (not all of it is understood)`, shade: 'warning' };
}
