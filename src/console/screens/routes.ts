// The Routes screen: what goes where, in which TLS mode, how it fares, and how long its certificate holds.

import { type Termination, terminations } from '../../domain/tls.ts';
import { type Block, besides, scrolledPart } from '../block.ts';
import { expirySpan } from '../certificate-look.ts';
import { bytes, count, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type Area, detailPaneFrom } from '../layout.ts';
import { settleCursor } from '../list-cursor.ts';
import { modeSpans, placeSpans, targetSpans } from '../route-look.ts';
import { routeTroubles, servedBySpans, troubleLooks } from '../shard-look.ts';
import { apart, blank, line, muted, selectedWhen, span } from '../spans.ts';
import type { RoutesState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { shortModes } from '../tls-words.ts';
import type { TypedText } from '../typed-text.ts';
import type { View } from '../view.ts';
import { routeDetail } from './route-detail.ts';
import { aboveRoutes, endsWithUs, linesOfRoute, type RouteRow, routeList, routeRows } from './route-rows.ts';
import { switchLine } from './switch-line.ts';
import { wordFilterLine } from './word-filter.ts';

function columnsFor(view: View): Column<RouteRow>[] {
  return [
    { title: 'host / path', width: 26, upTo: 46, cell: ({ route }) => placeSpans(route) },
    { title: '', width: 1, cell: signCell },
    { title: 'tls', width: 11, upTo: 18, cell: ({ route }, width) => modeSpans(route, width) },
    { title: 'to', width: 15, upTo: 36, spare: 2, cell: ({ route }) => targetSpans(view, route) },
    ...(view.model.shard.size > 1
      ? [
          {
            title: 'shard',
            width: 9,
            upTo: 20,
            spare: 2.5,
            cell: ({ route }: RouteRow, width: number) => servedBySpans(route, width),
          },
        ]
      : []),
    { title: 'plain HTTP', width: 10, spare: 3, cell: policyCell },
    ...terminations.map(openColumn),
    {
      title: 'hs/s',
      width: 5,
      align: 'right',
      spare: 5,
      cell: ({ rates }) => span(rate(rates?.handshakes)),
    },
    { title: 'req/s', width: 6, align: 'right', cell: ({ rates }) => span(rate(rates?.requests)) },
    {
      title: 'err/s',
      width: 5,
      align: 'right',
      spare: 1,
      cell: ({ rates }) => span(rate(rates?.errors), (rates?.errors ?? 0) > 0 ? 'warning' : 'text'),
    },
    { title: '↓/s', width: 6, align: 'right', spare: 6, cell: ({ rates }) => span(bytes(rates?.bytesIn)) },
    { title: '↑/s', width: 6, align: 'right', spare: 6, cell: ({ rates }) => span(bytes(rates?.bytesOut)) },
    { title: 'cert', width: 7, align: 'right', cell: (row) => certificateCell(row, view.now) },
  ];
}

/** Open connections, by the mode they came in: after a switch some stay in the one before. */
function openColumn(mode: Termination): Column<RouteRow> {
  return {
    title: shortModes[mode],
    width: 5,
    align: 'right',
    spare: 4,
    cell: ({ route, rates }) => {
      if (route.tls === undefined) return muted('–');
      const open = rates?.open[mode];
      return span(count(open), open === 0 || route.tls.termination !== mode ? 'muted' : 'text');
    },
  };
}

function signCell({ route, told, certificate, trouble }: RouteRow): Span {
  if (told?.phase === 'reverted') return span('▲', 'bad', true);
  if (trouble !== undefined) {
    const { sign, tone } = troubleLooks[trouble];
    return span(sign, tone, true);
  }
  const unserved = endsWithUs(route) && certificate === undefined;
  return route.warnings.length > 0 || unserved ? span('▲', 'warning') : span(' ');
}

function policyCell({ route: { tls } }: RouteRow): Span {
  switch (tls?.insecureEdgeTerminationPolicy) {
    case undefined:
      return span('served');
    case 'None':
      return muted('not at all');
    case 'Allow':
      return span('allowed');
    case 'Redirect':
      return muted('redirected');
  }
}

function certificateCell(row: RouteRow, now: number): Span | Span[] {
  if (!endsWithUs(row.route)) return muted('–');
  const { certificate } = row;
  if (certificate === undefined) return span('none', 'warning', true);
  return certificate.disk.state === 'same'
    ? expirySpan(certificate, now)
    : [span('▲', 'warning'), expirySpan(certificate, now)];
}

export function routesScreen(view: View, state: RoutesState, area: Area, typing?: TypedText): Block {
  if (state.open !== undefined) {
    const { open } = state;
    return { lines: scrolledPart(routeDetail(view, open.route, area.width), open.top, area.height) };
  }
  const rows = routeRows(view, state);
  const wide = area.width >= detailPaneFrom;
  const width = wide ? Math.max(104, Math.floor(area.width * 0.6)) : area.width;
  const top = typing === undefined ? undefined : wordFilterLine(typing, 'such as passthrough, shop', width);
  const lines = [
    ...(top?.lines ?? [summary(view, state, rows, width)]),
    ...table(view, state, rows, width, area.height),
  ];
  const cursor = top?.cursor === undefined ? {} : { cursor: top.cursor };
  if (!wide) return { lines, ...cursor };
  const selected = rows[settleCursor(state.cursor, routeList(rows, area.height)).index];
  const pane = selected === undefined ? [] : routeDetail(view, selected.route.name, area.width - width - 1);
  return { lines: besides(lines, width, pane, area.height), ...cursor };
}

function summary(view: View, { filter }: RoutesState, rows: readonly RouteRow[], width: number): Line {
  const all = [...view.model.route.values()];
  const modes = terminations.flatMap((mode) => {
    const amount = all.filter(({ tls }) => tls?.termination === mode).length;
    return amount === 0 ? [] : [muted(' · '), span(count(amount)), muted(` ${mode}`)];
  });
  const plain = all.filter(({ tls }) => tls === undefined).length;
  const matches =
    filter === '' ? [] : [span(count(rows.length)), muted(' match  '), span(filter, 'accent'), span(' ')];
  return apart(
    [
      span(` ${count(all.length)}`, 'text', true),
      muted(all.length === 1 ? ' route' : ' routes'),
      ...unserved(view),
      ...modes,
      ...(plain === 0 ? [] : [muted(' · '), span(count(plain)), muted(' without TLS')]),
    ],
    matches,
    width,
  );
}

/** How many are served by nobody, or twice. */
function unserved(view: View): Span[] {
  const troubles = routeTroubles(view);
  return (['orphaned', 'refused', 'doubly'] as const).flatMap((trouble) => {
    const amount = troubles[trouble].length;
    const { sign, tone, words } = troubleLooks[trouble];
    return amount === 0 ? [] : [muted(' · '), span(`${sign} ${amount} ${words}`, tone)];
  });
}

function table(
  view: View,
  state: RoutesState,
  rows: readonly RouteRow[],
  width: number,
  height: number,
): Line[] {
  if (rows.length === 0)
    return [
      blank,
      line(
        muted(
          view.model.route.size > 0
            ? `   No route matches ${state.filter}.  / changes the filter, Esc drops it.`
            : '   No routes are configured: every bind sends to its default backend.',
        ),
      ),
    ];
  const placed = placeColumns(columnsFor(view), width - 2);
  const visible = Math.max(1, height - aboveRoutes);
  const cursor = settleCursor(state.cursor, routeList(rows, height));
  const lines: Line[] = [headOfTable(placed, 1)];
  let at = 0;
  for (const [index, row] of rows.entries()) {
    const end = at + linesOfRoute(row);
    if (end > cursor.top && at < cursor.top + visible) {
      const selected = index === cursor.index;
      const sign = span(selected ? '›' : ' ', 'accent');
      if (at >= cursor.top) lines.push(selectedWhen(selected, { spans: [sign, ...rowOfTable(placed, row)] }));
      if (row.told !== undefined) lines.push(line(span('   '), ...switchLine(row.told, view.now)));
    }
    at = end;
  }
  return lines;
}
