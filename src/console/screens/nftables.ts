// The nftables screen: what the kernel's rules count, in words; who is blocked; and what proxy and kernel counted of the same.

import { type Block, besides, scrolledPart } from '../block.ts';
import { count } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type Area, detailPaneFrom } from '../layout.ts';
import { rulesetPlace, rulesetRowAt } from '../ruleset-table.ts';
import { apart, blank, line, muted, span, spansWidth } from '../spans.ts';
import type { NftablesPane, NftablesState } from '../state.ts';
import { wrap } from '../text.ts';
import type { TypedText } from '../typed-text.ts';
import { kernelOf, type View } from '../view.ts';
import { blockedPane, blockedRows } from './blocked.ts';
import { comparedPane } from './compared.ts';
import { explanationLines, ruleDetail } from './rule-detail.ts';
import { rulesetLines } from './ruleset-lines.ts';
import { wordFilterLine } from './word-filter.ts';

export const nftablesPanes: readonly NftablesPane[] = ['rules', 'blocked', 'compared'];

const paneWords: Readonly<Record<NftablesPane, string>> = {
  rules: 'rules',
  blocked: 'blocked',
  compared: 'proxy / kernel',
};

export function nftablesScreen(view: View, state: NftablesState, area: Area, typing?: TypedText): Block {
  if (state.pane === 'rules' && state.open !== undefined) {
    const { open } = state;
    return {
      lines: scrolledPart(ruleDetail(view, state, open.row, open.gone, area.width), open.top, area.height),
    };
  }
  const top: Block =
    typing === undefined
      ? { lines: [panesLine(view, state, area.width)] }
      : wordFilterLine(typing, 'words that a rule has: dport 443, docker, drops every', area.width);
  const room = area.height - 1;
  const below = ((): Line[] => {
    switch (state.pane) {
      case 'rules':
        return rulesPane(view, state, { ...area, height: room });
      case 'blocked':
        return blockedPane(view, state.blocked, area.width, room);
      case 'compared':
        return comparedPane(view, state.compared, area.width, room);
    }
  })();
  return { ...top, lines: [...top.lines, ...below] };
}

/** Which of the three is shown, with what each amounts to; at the right how the rules are ordered. */
function panesLine(view: View, state: NftablesState, width: number): Line {
  const { window, filter, order, outOfSight } = state;
  const blocked = blockedRows(view);
  const unconfirmed = blocked.filter(({ confirmBy }) => confirmBy !== undefined).length;
  const amounts: Readonly<Record<NftablesPane, Span[]>> = {
    rules:
      window === undefined
        ? []
        : [span(` ${count(window.rules)}`, state.pane === 'rules' ? 'text' : 'muted')],
    blocked: [
      span(` ${count(blocked.length)}`, state.pane === 'blocked' ? 'text' : 'muted'),
      ...(unconfirmed > 0 ? [span(` ▲ ${unconfirmed} to confirm`, 'warning')] : []),
    ],
    compared: [],
  };
  const panes = nftablesPanes.flatMap((pane, index) => [
    muted(index === 0 ? ' ' : ' · '),
    pane === state.pane ? span(paneWords[pane], 'accent', true) : muted(paneWords[pane]),
    ...amounts[pane],
  ]);
  if (state.pane !== 'rules') return apart(panes, [], width);
  const matches =
    window === undefined || filter === ''
      ? []
      : [muted('  '), span(count(window.total)), muted(' rows have '), span(filter, 'accent')];
  const late =
    window !== undefined && isLate(view, window.at) ? [muted(` at ${view.timeOfDay(window.at)}`)] : [];
  const left = outOfSight === undefined ? [] : [muted('  '), span('› its row has gone or moved', 'accent')];
  const words = order === 'traffic' ? 'by traffic ▼ ' : 'kernel order ';
  const first = [...panes, ...late, ...left, ...matches];
  // On a narrow terminal the filter says more than the order, which its key tells.
  return apart(first, spansWidth(first) + words.length + 1 <= width ? [muted(words)] : [], width);
}

const lateMs = 5_000;

function isLate(view: View, at: number): boolean {
  return view.stale || view.now - at > lateMs;
}

function rulesPane(view: View, state: NftablesState, area: Area): Line[] {
  const { window } = state;
  const { read } = kernelOf(view) ?? { read: true };
  if (window === undefined || window.total === 0) {
    const why =
      window?.fault !== undefined
        ? { no: window.fault, ...(window.remedy === undefined ? {} : { remedy: window.remedy }) }
        : read === true
          ? undefined
          : read;
    if (why !== undefined) return faultLines(why.no, why.remedy, area.width);
    if (window === undefined) return [blank, line(muted('   asking for the rules of the kernel…'))];
    return [
      blank,
      line(
        muted(
          state.filter === ''
            ? '   The kernel has no rules: no table of nftables is there.'
            : `   No rule has ${state.filter}.  / changes the filter, Esc drops it.`,
        ),
      ),
    ];
  }
  const place = rulesetPlace({ width: area.width, height: area.height + 1 }, state.explains);
  const isStale = window.fault !== undefined || isLate(view, window.at);
  const rows = rulesetLines(state, place, isStale);
  const row = state.outOfSight ?? rulesetRowAt(state, state.cursor.index);
  if (area.width >= detailPaneFrom) {
    const side = area.width - place.width - 1;
    const detail =
      row === undefined ? [] : ruleDetail(view, state, row, state.outOfSight !== undefined, side);
    return besides(rows, place.width, [...staleLines(view, state, side), ...detail], area.height);
  }
  if (place.below === 0) return rows;
  const padded = [...rows, ...new Array<Line>(Math.max(0, place.lines + 1 - rows.length)).fill(blank)];
  const told = row === undefined ? [] : explanationLines(row, area.width);
  return [
    ...padded,
    line(span('─'.repeat(area.width), 'border')),
    ...[...staleLines(view, state, area.width), ...told].slice(0, place.below - 1),
  ];
}

/** Why what is shown is old. */
function staleLines(view: View, { window }: NftablesState, width: number): Line[] {
  if (window?.fault === undefined) return [];
  const remedy = window.remedy === undefined ? '' : ` · ${window.remedy}`;
  const words = `▲ not read since ${view.timeOfDay(window.at)}: ${window.fault}${remedy}`;
  return wrap(words, width - 2).map((text) => line(span(` ${text}`, 'warning')));
}

/** There is nothing to show: why, what helps, and that the rest goes on. */
export function faultLines(no: string, remedy: string | undefined, width: number): Line[] {
  const room = Math.max(20, Math.min(76, width - 6));
  const wrapped = (text: string, tone: Span['tone']) =>
    wrap(text, room).map((part) => line(span(`   ${part}`, tone)));
  return [
    blank,
    ...wrap(`▼ ${no}`, room).map((part, index) =>
      line(span(`${index === 0 ? '   ' : '     '}${part}`, 'bad')),
    ),
    ...(remedy === undefined ? [] : [blank, ...wrapped(remedy, 'text')]),
    blank,
    ...wrapped('Serving, checks, drains and all other screens work without it.', 'muted'),
  ];
}
