// The Connections screen: who is here, doing what. Only the visible rows are ever here; the runtime keeps the rest.

import type { ConnectionPhase, ConnectionRow } from '../../domain/connection.ts';
import { parseFilter } from '../../domain/filter.ts';
import { type Block, scrolledPart } from '../block.ts';
import { bytes, count, duration } from '../format.ts';
import type { Line, Span, Tone } from '../frame.ts';
import type { Area } from '../layout.ts';
import { apart, blank, line, muted, selectedWhen, span, staled } from '../spans.ts';
import type { ConnectionsState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { shortModes } from '../tls-words.ts';
import { shownPart, type TypedText } from '../typed-text.ts';
import type { View } from '../view.ts';
import { connectionDetail } from './connection-detail.ts';

/** Lines above the rows: what is shown, and the head of the table. */
const above = 2;

export function connectionRows(height: number): number {
  return Math.max(1, height - above);
}

export const orderWords: Readonly<Record<ConnectionsState['order']['by'], string>> = {
  age: 'age',
  idle: 'idle time',
  bytesIn: 'bytes ↓',
  bytesOut: 'bytes ↑',
  rate: 'rate',
  requests: 'requests',
  client: 'client',
  server: 'server',
  phase: 'phase',
};

/** What is asked for most at night: requests that a server has not answered. */
const exampleFilter = 'phase=wait idle>1s';

const optional: Span = { text: '', tone: 'text' };

const columns: readonly Column<ConnectionRow>[] = [
  { title: 'client', width: 19, upTo: 28, cell: (row) => span(row.client) },
  { title: 'bind', width: 5, upTo: 16, spare: 1, cell: (row) => span(row.bind) },
  { title: 'instance', width: 10, upTo: 20, spare: 3.5, cell: (row) => span(row.instance) },
  { title: 'tls', width: 5, cell: tlsCell },
  { title: 'mode', width: 4, spare: 9, cell: (row) => muted(row.mode) },
  {
    title: 'route',
    width: 6,
    upTo: 16,
    spare: 1.5,
    cell: (row) => (row.route ? span(row.route) : muted('–')),
  },
  {
    title: 'server',
    width: 12,
    upTo: 24,
    cell: (row) => (row.server ? span(row.server) : row.backend ? muted(`${row.backend}/–`) : muted('–')),
  },
  { title: 'request', width: 23, upTo: 80, spare: 4, cell: requestCell },
  { title: 'phase', width: 7, upTo: 9, cell: phaseCell },
  {
    title: 'st',
    width: 4,
    spare: 5,
    align: 'right',
    cell: (row) =>
      row.status === undefined
        ? muted('–')
        : span(String(row.status), row.status >= 500 ? 'bad' : row.status >= 400 ? 'warning' : 'text'),
  },
  { title: 'reqs', width: 5, align: 'right', spare: 8, cell: (row) => span(count(row.requests)) },
  {
    title: 'idle',
    width: 5,
    align: 'right',
    spare: 6,
    cell: (row) => muted(row.uncounted ? '–' : duration(row.idleMs)),
  },
  { title: 'age', width: 5, align: 'right', cell: (row) => span(duration(row.ageMs)) },
  { title: '↓', width: 6, align: 'right', spare: 3, cell: (row) => countedCell(row, row.bytesIn) },
  { title: '↑', width: 6, align: 'right', spare: 2, cell: (row) => countedCell(row, row.bytesOut) },
  {
    title: '/s',
    width: 6,
    align: 'right',
    cell: (row) => (row.phase === 'ended' ? optional : countedCell(row, row.rate)),
  },
];

const columnOfOrder: Partial<Record<ConnectionsState['order']['by'], string>> = {
  idle: 'idle',
  bytesIn: '↓',
  bytesOut: '↑',
  requests: 'reqs',
};

/** Whoever sorts by a column looks at it: that one is left out last. */
function columnsIn(view: View, { by }: ConnectionsState['order']): readonly Column<ConnectionRow>[] {
  // Of one instance everybody's is the same.
  const told = columns.filter(({ title }) => title !== 'instance' || view.model.instance.size > 1);
  return told.map((column) => (column.title === columnOfOrder[by] ? { ...column, spare: 0 } : column));
}

function requestCell({ method, host, path }: ConnectionRow): Span | Span[] {
  if (method === undefined && host === undefined && path === undefined) return muted('–');
  // The path first: many requests share a host, and the end is what a narrow column cuts.
  return [
    muted(method ? `${method} ` : ''),
    span(path ?? ''),
    muted(path ? `  ${host ?? ''}` : (host ?? '')),
  ];
}

/** The mode it came in, and keeps: the route's may be another by now. */
function tlsCell({ tls }: ConnectionRow): Span {
  return tls === undefined ? muted('–') : span(shortModes[tls]);
}

/** Bytes that nobody counts are not none. */
function countedCell({ uncounted }: ConnectionRow, amount: number): Span {
  return uncounted ? muted('–') : span(bytes(amount));
}

function phaseCell({ phase, termination, kernel }: ConnectionRow): Span {
  if (kernel && phase !== 'ended') return span('⇢ kern', 'accent');
  return span(phase === 'ended' ? (termination ?? 'ended') : phase, phaseTone(phase));
}

function phaseTone(phase: ConnectionPhase): Tone {
  switch (phase) {
    case 'queue':
      return 'warning';
    case 'handshake':
    case 'connect':
    case 'wait':
      return 'accent';
    case 'idle':
    case 'ended':
      return 'muted';
    case 'head':
    case 'data':
    case 'tunnel':
      return 'text';
  }
}

export function connectionsScreen(
  view: View,
  state: ConnectionsState,
  area: Area,
  typing?: TypedText,
): Block {
  if (state.open !== undefined) {
    const lines = connectionDetail(view, state.open, area.width);
    return { lines: scrolledPart(lines, state.open.top, area.height) };
  }
  const top =
    typing === undefined ? { lines: [summary(view, state, area.width)] } : typingLine(typing, area.width);
  const placed = placeColumns(columnsIn(view, state.order), area.width - 3);
  return { ...top, lines: [...top.lines, headOfTable(placed, 2), ...rows(view, state, placed, area)] };
}

function rows(
  view: View,
  state: ConnectionsState,
  placed: ReturnType<typeof placeColumns<ConnectionRow>>,
  area: Area,
): Line[] {
  const { table, cursor, offset, outOfSight } = state;
  const capable = view.model.runtime.get('runtime')?.capabilities.connections;
  if (typeof capable === 'object') return [blank, line(muted(`   ${capable.no}`))];
  if (table === undefined) return [blank, line(muted('   asking for the connections…'))];
  if (table.matched === 0)
    return [
      blank,
      line(
        muted(
          table.total > 0
            ? `   No connection matches ${state.filter}.  / changes the filter, Esc drops it.`
            : '   No connections yet. Clients show here as soon as a bind accepts them.',
        ),
      ),
    ];
  return Array.from(
    // Rows held in their places, ended or no longer matching, push nobody out of sight.
    {
      length: Math.min(
        connectionRows(area.height),
        Math.max(table.matched, offset + table.rows.length) - cursor.top,
      ),
    },
    (_, index) => {
      const at = cursor.top + index;
      const row = table.rows[at - offset];
      if (row === undefined) return line(muted('   …'));
      const selected = at === cursor.index && outOfSight === undefined;
      const sign = state.marks.has(row.id) ? span('*', 'accent', true) : span(selected ? '›' : ' ', 'accent');
      const shown = { spans: [sign, span(' '), ...rowOfTable(placed, row)] };
      return selectedWhen(selected, row.phase === 'ended' ? staled(shown) : shown);
    },
  );
}

function summary(view: View, state: ConnectionsState, width: number): Line {
  const { table, filter, order, marks, outOfSight } = state;
  const marked = marks.size === 0 ? [] : [span(` · ${marks.size} marked`, 'accent')];
  const amounts =
    table === undefined
      ? [muted(' –')]
      : [span(` ${count(table.total)}`, 'text', true), muted(' connections')];
  const matches =
    table === undefined || filter === ''
      ? []
      : [muted(' · '), span(count(table.matched)), muted(' match  '), span(filter, 'accent')];
  const late =
    table !== undefined && (view.stale || isOfAnotherTime(view, table.at))
      ? [muted(` at ${view.timeOfDay(table.at)}`)]
      : [];
  const left = outOfSight ? [muted(' · '), span(`› ${outOfSight.client} is out of sight`, 'accent')] : [];
  return apart(
    [...amounts, ...late, ...marked, ...left, ...matches],
    [muted(`by ${orderWords[order.by]} ${order.descending ? '▼' : '▲'}`), span(' ')],
    width,
  );
}

/** Rows that were not here when the picture was frozen came when the screen was opened, and are held from then on. */
function isOfAnotherTime({ frozenAt }: View, at: number): boolean {
  return frozenAt !== undefined && Math.abs(at - frozenAt) > 2_000;
}

/** What is wrong is told while it is typed, and where. */
function typingLine(typing: TypedText, width: number): Block {
  const result = parseFilter(typing.text);
  const help = result.ok
    ? muted(typing.text === '' ? `  such as ${exampleFilter}` : '  Enter filters, Esc leaves it')
    : span(`  ▲ at ${result.at + 1}: ${result.message}${result.remedy ? `; ${result.remedy}` : ''}`, 'bad');
  const room = Math.max(20, result.ok ? width - 34 : Math.floor(width / 2));
  const { text, column } = shownPart(typing, room - 1);
  return {
    lines: [line(span(' / ', 'key', true), span(text, result.ok ? 'accent' : 'text'), help)],
    cursor: { row: 0, column: 3 + column },
  };
}
