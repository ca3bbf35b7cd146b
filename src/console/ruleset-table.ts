// The window on the kernel's ruleset: which rows to ask for, and how a new answer replaces the last one. Ten thousand rules
// stay in the runtime; the cursor is bound to its rule, not to its row.

import type { RulesetQuery, RulesetRow, RulesetWindow } from '../domain/kernel.ts';
import type { Desk } from './desk.ts';
import { type Area, detailPaneFrom, layoutOf } from './layout.ts';
import { scrolledTo } from './list-cursor.ts';
import { explainedLines } from './ruleset-look.ts';
import type { NftablesState } from './state.ts';

/** Rows change places at most this often. */
const settleEveryMs = 2_000;
/** So many rows above and below those in sight are asked for, too: a step over the edge is not a hole for a round trip. */
const overscan = 5;
/** The most that a runtime sends. */
const mostRows = 200;

/** Lines above the rows: which pane, and the head of the table. */
const above = 2;

export interface RulesetPlace {
  /** Lines for rows and, where all are explained, their explanations. */
  readonly lines: number;
  readonly width: number;
  /** Lines below them, the rule between included, that explain the row under the cursor. 0: it is explained elsewhere. */
  readonly below: number;
}

/** Of the screen's body. */
export function rulesetPlace(body: Pick<Area, 'width' | 'height'>, explains: boolean): RulesetPlace {
  const beside = body.width >= detailPaneFrom;
  const width = beside ? Math.max(110, Math.floor(body.width * 0.6)) : body.width;
  const below = beside || explains ? 0 : body.height >= 26 ? 8 : body.height >= 13 ? 5 : 3;
  return { lines: Math.max(1, body.height - above - below), width, below };
}

export function rulesetQueryOf(state: NftablesState, { lines }: RulesetPlace): RulesetQuery {
  const { filter, order, folded, cursor, seeks } = state;
  const offset = Math.max(0, cursor.top - overscan);
  const limit = seeks === undefined ? Math.min(mostRows, lines + 2 * overscan) : mostRows;
  return { filter, order, folded: [...folded], offset, limit };
}

/** The row at an index into all that match, where it is here. */
export function rulesetRowAt({ window }: NftablesState, index: number): RulesetRow | undefined {
  return window?.rows[index - window.query.offset];
}

export function withRuleset(
  state: NftablesState,
  window: RulesetWindow,
  place: RulesetPlace,
  now: number,
  /** Never under a dialog. */
  held: boolean,
): NftablesState {
  // A reading that failed has no rows: those of the last one stay, and say of when they are.
  const shown =
    isEmptyFault(window) && state.window !== undefined ? { ...state.window, ...faultOf(window) } : window;
  const same = state.window?.query.offset === shown.query.offset && shown.query.order === 'traffic';
  const keepPlaces = same && (held || now - state.settledAt < settleEveryMs);
  const inPlace = keepPlaces ? { ...shown, rows: inPlaces(state.window!.rows, shown.rows) } : shown;
  const next = {
    ...state,
    window: inPlace,
    settledAt: keepPlaces ? state.settledAt : now,
    open: openedIn(state.open, inPlace),
  };
  return { ...next, ...settled(next, state.window, inPlace, place) };
}

function isEmptyFault({ fault, rows, total }: RulesetWindow): boolean {
  return fault !== undefined && rows.length === 0 && total === 0;
}

function faultOf({ fault, remedy }: RulesetWindow): Pick<RulesetWindow, 'fault' | 'remedy'> {
  return { ...(fault === undefined ? {} : { fault }), ...(remedy === undefined ? {} : { remedy }) };
}

/** The rows as they stood, with their new values; a row that left keeps its place until rows may move. */
function inPlaces(before: readonly RulesetRow[], after: readonly RulesetRow[]): RulesetRow[] {
  const fresh = new Map(after.map((row) => [row.key, row]));
  const known = new Set(before.map(({ key }) => key));
  return [
    ...before.map((row) => fresh.get(row.key) ?? row),
    ...after.slice(before.length).filter(({ key }) => !known.has(key)),
  ];
}

/** A rule that is not among the rows may only be out of the window: it is gone for sure where its place is here. */
function openedIn(open: NftablesState['open'], window: RulesetWindow): NftablesState['open'] {
  if (open === undefined) return undefined;
  const row = window.rows.find(({ key }) => key === open.row.key);
  return row === undefined ? { ...open, gone: true } : { ...open, row, gone: false };
}

function settled(
  state: NftablesState,
  before: RulesetWindow | undefined,
  window: RulesetWindow,
  place: RulesetPlace,
): Pick<NftablesState, 'cursor' | 'outOfSight' | 'seeks'> {
  const { cursor, seeks } = state;
  const { offset } = window.query;
  const key = seeks ?? cursor.key;
  const last = Math.max(0, window.total - 1);
  const found = key === undefined ? -1 : window.rows.findIndex((row) => row.key === key);
  if (seeks !== undefined && found < 0) {
    if (offset > 0)
      return {
        cursor: { index: 0, top: Math.max(0, offset - mostRows + overscan) },
        outOfSight: undefined,
        seeks,
      };
    return { cursor: { index: 0, top: 0 }, outOfSight: undefined, seeks: undefined };
  }
  if (key !== undefined && found < 0) {
    const outOfSight = state.outOfSight ?? before?.rows.find((row) => row.key === key);
    const index = Math.min(last, cursor.index);
    const top = topFor(state, cursor.top, index, place);
    if (outOfSight !== undefined) return { cursor: { key, index, top }, outOfSight, seeks: undefined };
  }
  const index = Math.min(last, found >= 0 ? offset + found : cursor.index);
  const top = topFor(state, cursor.top, index, place);
  return { cursor: cursorAt(state, index, top), outOfSight: undefined, seeks: undefined };
}

/** By traffic, the first place is whoever is first. */
function cursorAt(state: NftablesState, index: number, top: number): NftablesState['cursor'] {
  const row = rulesetRowAt(state, index);
  return row === undefined || (index === 0 && state.order === 'traffic')
    ? { index, top }
    : { key: row.key, index, top };
}

/** The first row in sight, so that the cursor's is too: where all are explained, a row takes several lines. */
export function topFor(
  state: NftablesState,
  before: number,
  index: number,
  { lines, width }: RulesetPlace,
): number {
  const total = state.window?.total ?? 0;
  if (!state.explains) return scrolledTo(before, index, index, total, lines);
  let top = Math.min(before, index);
  let used = 0;
  for (let at = top; at <= index; at += 1) used += linesOfRow(state, at, width, lines);
  while (used > lines && top < index) {
    used -= linesOfRow(state, top, width, lines);
    top += 1;
  }
  return Math.max(0, top);
}

function linesOfRow(state: NftablesState, index: number, width: number, most: number): number {
  const row = rulesetRowAt(state, index);
  return row === undefined ? 1 : 1 + explainedLines(row, width, most - 1).length;
}

export function moveRuleset(desk: Desk, by: number): void {
  const { nftables } = desk.state;
  const { window, cursor, outOfSight } = nftables;
  if (window === undefined || window.total === 0) return;
  const { size, view } = desk.context();
  const place = rulesetPlace(layoutOf(size).body, nftables.explains);
  // A frozen picture has the rows it has: live ones among them would be a lie.
  const [least, most] =
    view.frozenAt === undefined
      ? [0, window.total - 1]
      : [window.query.offset, window.query.offset + window.rows.length - 1];
  const wished = cursor.index + (outOfSight !== undefined && by > 0 ? by - 1 : by);
  const index = Math.min(most, Math.max(least, wished));
  if (view.frozenAt !== undefined && index !== wished && index === cursor.index) {
    desk.say('note', 'the picture is frozen, with these rows alone: f lets it go on');
    return;
  }
  const top = topFor(nftables, cursor.top, index, place);
  desk.set({
    nftables: {
      ...nftables,
      cursor: cursorAt(nftables, index, top),
      outOfSight: undefined,
      seeks: undefined,
    },
  });
}

/** The table or chain that is folded: the row itself, or what it is in. */
export function foldRuleset(desk: Desk, how: 'fold' | 'unfold' | 'toggle'): void {
  const { nftables } = desk.state;
  const row = nftables.outOfSight ?? rulesetRowAt(nftables, nftables.cursor.index);
  if (row === undefined) return;
  const isFolded = nftables.folded.has(row.key);
  const isOpenBranch = isBranch(row) && !isFolded;
  if (how === 'unfold' || (how === 'toggle' && isFolded)) {
    if (!isFolded) return;
    const folded = new Set(nftables.folded);
    folded.delete(row.key);
    desk.set({ nftables: { ...nftables, folded } });
    return;
  }
  if (isOpenBranch) {
    desk.set({ nftables: { ...nftables, folded: new Set([...nftables.folded, row.key]) } });
    return;
  }
  const parent = parentOf(nftables, row);
  if (parent === undefined) return;
  const folded = new Set([...nftables.folded, parent.key]);
  desk.set({
    nftables:
      parent.index === undefined
        ? { ...nftables, folded, outOfSight: undefined, seeks: parent.key }
        : {
            ...nftables,
            folded,
            outOfSight: undefined,
            cursor: {
              key: parent.key,
              index: parent.index,
              top: Math.min(nftables.cursor.top, parent.index),
            },
          },
  });
}

export function isBranch({ kind }: RulesetRow): boolean {
  return kind === 'table' || kind === 'chain';
}

function parentOf(
  state: NftablesState,
  row: RulesetRow,
): { readonly key: string; readonly index?: number } | undefined {
  if (row.depth === 0) return undefined;
  const { window } = state;
  const offset = window?.query.offset ?? 0;
  const rows = window?.rows ?? [];
  const at = rows.findIndex(({ key }) => key === row.key);
  for (let index = at - 1; index >= 0; index -= 1)
    if (rows[index]!.depth < row.depth && isBranch(rows[index]!))
      return { key: rows[index]!.key, index: offset + index };
  // Above the rows that are here: named by the row's own key, "inet sluice input 12".
  const words = row.key.split(' ');
  return words.length > 2 ? { key: words.slice(0, row.depth + 1).join(' ') } : undefined;
}

export function sameRulesetQuery(a: RulesetQuery, b: RulesetQuery): boolean {
  return (
    a.filter === b.filter &&
    a.order === b.order &&
    a.offset === b.offset &&
    a.limit === b.limit &&
    a.folded.length === b.folded.length &&
    a.folded.every((key, index) => key === b.folded[index])
  );
}
