// The Backends screen: who is healthy, and what somebody wants of whom. Admin and operational state are two columns.

import { type Block, besides, scrolledPart } from '../block.ts';
import { count, latencyOf, percent, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type Area, detailPaneFrom } from '../layout.ts';
import { settleCursor } from '../list-cursor.ts';
import { adminTone, checkText, operationalSpan } from '../server-look.ts';
import { line, muted, selectedWhen, span } from '../spans.ts';
import { bar } from '../sparkline.ts';
import type { BackendsState } from '../state.ts';
import { type Column, headOfTable, type PlacedColumn, placeColumns, rowOfTable } from '../table.ts';
import { padStart } from '../text.ts';
import { noBackends, type View } from '../view.ts';
import { backendDetail } from './backend-detail.ts';
import { type BackendRow, backendList, backendRows, linesOf } from './backend-rows.ts';
import { drainLine } from './drain-line.ts';
import { serverDetail } from './server-detail.ts';

const none: Span = { text: '', tone: 'text' };

function columnsFor(now: number): Column<BackendRow>[] {
  return [
    { title: 'backend / server', width: 16, upTo: 30, cell: nameCell },
    {
      title: 'admin',
      width: 5,
      cell: adminCell,
    },
    { title: 'state', width: 13, upTo: 14, cell: (row) => stateCell(row, now) },
    { title: 'check', width: 15, upTo: 16, spare: 2, cell: checkCell },
    { title: 'address, or why it fails', width: 28, upTo: 70, spare: 4, cell: whereCell },
    { title: 'conns', width: 6, align: 'right', cell: connectionsCell },
    { title: 'queue', width: 5, align: 'right', spare: 1, cell: queueCell },
    { title: 'req/s', width: 6, align: 'right', cell: requestsCell },
    {
      title: 'err/s',
      width: 6,
      align: 'right',
      spare: 5,
      cell: errorsCell,
    },
    {
      title: 'p99',
      width: 7,
      align: 'right',
      spare: 3,
      cell: (row) => (row.kind === 'endpoint' ? none : span(latencyOf(row.rates?.latency?.p99))),
    },
    { title: 'wt', width: 4, align: 'right', cell: weightCell },
  ];
}

function adminCell(row: BackendRow): Span {
  return row.kind === 'server' ? span(row.server.admin, adminTone(row.server.admin)) : none;
}

function connectionsCell(row: BackendRow): Span {
  return span(count(row.kind === 'endpoint' ? row.rates?.connections : row.rates?.streams));
}

function requestsCell(row: BackendRow): Span {
  return row.kind === 'endpoint' ? none : span(rate(row.rates?.requests));
}

function errorsCell(row: BackendRow): Span {
  if (row.kind === 'endpoint') return none;
  return span(rate(row.rates?.errors), (row.rates?.errors ?? 0) > 0 ? 'warning' : 'text');
}

const shareBarWidth = 7;

function nameCell(row: BackendRow): Span[] {
  if (row.kind === 'endpoint')
    return [
      muted(`    ${row.last ? '└' : '├'}⇢ `),
      span(row.endpoint.address, isIdle(row) ? 'muted' : 'text'),
    ];
  if (row.kind === 'server')
    return [span(`    ${row.server.name}`), ...(row.server.backup ? [muted(' backup')] : [])];
  const { backend, folded } = row;
  const how = backend.mode === 'tcp' ? `tcp, ${backend.algorithm}` : backend.algorithm;
  return [muted(folded ? '▸ ' : '▾ '), span(backend.name, 'text', true), muted(`  ${how}`)];
}

/** An endpoint's name is its address, which needs the room; that it drains stands in its state. */
function withoutAdmin(placed: readonly PlacedColumn<BackendRow>[]): readonly PlacedColumn<BackendRow>[] {
  const [name, admin, ...rest] = placed;
  return name === undefined || admin === undefined
    ? placed
    : [{ ...name, width: admin.left + admin.width }, ...rest];
}

/** Its service is not in force: nobody gets there by us. */
function isIdle({ server }: Extract<BackendRow, { kind: 'endpoint' }>): boolean {
  return server.service?.inForce !== true;
}

/** Its share of new connections, and how many they are beside it. */
function shareSpans({ share, endpoint }: Extract<BackendRow, { kind: 'endpoint' }>): Span[] {
  if (endpoint.admin === 'drain') return [span('◐ drain', 'drain')];
  if (share === undefined) return [muted('–')];
  return [span(bar(share, shareBarWidth), 'bar'), muted(padStart(percent(share), 6))];
}

function stateCell(row: BackendRow, now: number): Span | Span[] {
  if (row.kind === 'server') return operationalSpan(row.server, now);
  if (row.kind === 'endpoint') return shareSpans(row);
  const { state } = row;
  const partly = state.up < state.servers;
  const words = partly ? `${state.up} of ${state.servers} up` : state.text || `${state.up} up`;
  return span(`${state.look.sign} ${words}`, state.look.tone);
}

function checkCell(row: BackendRow): Span {
  if (row.kind === 'backend') return none;
  if (row.kind === 'endpoint') {
    const fresh = row.rates?.newConnections;
    return fresh === undefined || fresh === null ? muted('– new/s') : span(`${rate(fresh)} new/s`);
  }
  const { check } = row.server;
  return span(checkText(check), check === undefined || check.ok ? 'muted' : 'bad');
}

/** Where it is; while checks fail, what they say instead: that is what somebody looks for then. */
function whereCell(row: BackendRow): Span | Span[] {
  if (row.kind === 'backend') return muted(row.backend.check ?? 'no check');
  if (row.kind === 'endpoint') return endpointWhere(row);
  const { address, check, checkProgress } = row.server;
  if (check === undefined || check.ok) return muted(address);
  const progress =
    checkProgress === undefined
      ? ''
      : `${checkProgress.done} of ${checkProgress.of} to ${checkProgress.towards} · `;
  return [muted(progress), span(check.reason, 'warning')];
}

function endpointWhere({ server, endpoint }: Extract<BackendRow, { kind: 'endpoint' }>): Span {
  const inForce = server.service?.inForce ?? true;
  if (inForce !== true) return span(`▲ ${inForce.no}`, 'warning');
  return muted(endpoint.adminBy === undefined ? '' : `by ${endpoint.adminBy}`);
}

function queueCell(row: BackendRow): Span {
  if (row.kind === 'endpoint') return none;
  const value = row.rates?.queued;
  return span(count(value), (value ?? 0) > 0 ? 'warning' : 'text');
}

/** "≠" marks a weight that is not the configuration's, so that it shows without colour. */
function weightCell(row: BackendRow): Span {
  if (row.kind === 'backend') return none;
  if (row.kind === 'endpoint') return span(String(row.endpoint.weight));
  const { weight, configuredWeight } = row.server;
  return weight === configuredWeight ? span(String(weight)) : span(`≠${weight}`, 'warning');
}

export function backendsScreen(view: View, state: BackendsState, area: Area): Block {
  if (state.open !== undefined) {
    const { open } = state;
    return { lines: scrolledPart(serverDetail(view, open.server, area.width), open.top, area.height) };
  }
  const rows = backendRows(view, state);
  if (area.width < detailPaneFrom) return { lines: tree(view, state, rows, area.width, area.height) };
  const first = Math.max(110, Math.floor(area.width * 0.6));
  const selected = rows[settleCursor(state.cursor, backendList(rows, area.height - 1)).index];
  const pane =
    selected === undefined
      ? []
      : selected.kind === 'server' || selected.kind === 'endpoint'
        ? serverDetail(view, selected.server.key, area.width - first - 1)
        : backendDetail(view, selected.backend.name, area.width - first - 1);
  return { lines: besides(tree(view, state, rows, first, area.height), first, pane, area.height) };
}

function tree(
  view: View,
  state: BackendsState,
  rows: readonly BackendRow[],
  width: number,
  height: number,
): Line[] {
  if (rows.length === 0)
    return [
      line(),
      line(
        muted(
          state.problemsOnly && view.model.backend.size > 0
            ? '   No server is in trouble.  ! shows all of them again.'
            : `   ${noBackends(view)}`,
        ),
      ),
    ];
  const placed = placeColumns(columnsFor(view.now), width - 2);
  const forAddress = withoutAdmin(placed);
  const visible = height - 1;
  const cursor = settleCursor(state.cursor, backendList(rows, visible));
  const lines: Line[] = [headOfTable(placed, 1)];
  let at = 0;
  for (const [index, row] of rows.entries()) {
    const end = at + linesOf(row);
    if (end > cursor.top && at < cursor.top + visible) {
      const selected = index === cursor.index;
      const mark = state.marks.has(row.key)
        ? span('*', 'accent', true)
        : span(selected ? '›' : ' ', 'accent');
      if (at >= cursor.top)
        lines.push(
          selectedWhen(selected, {
            spans: [mark, ...rowOfTable(row.kind === 'endpoint' ? forAddress : placed, row)],
          }),
        );
      if (row.kind === 'server' && row.drain !== undefined)
        lines.push(line(span('       '), ...drainLine(row.drain, view.now, width - 8)));
    }
    at = end;
  }
  return lines;
}
