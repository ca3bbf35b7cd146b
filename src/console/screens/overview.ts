// The Overview: is it well, what changed, how much traffic? Totals, backends with the troubled ones first, newest events.

import type { BackendEntity } from '../../domain/model.ts';
import type { BackendRates } from '../../domain/sample.ts';
import { stateOf } from '../backend-states.ts';
import { type Block, besides, toHeight } from '../block.ts';
import { count, latencyOf, percent, rate, share } from '../format.ts';
import type { Line } from '../frame.ts';
import { entryLine, newestEntries } from '../journal-line.ts';
import { type Area, sidePaneFrom, splitBody } from '../layout.ts';
import { settleCursor } from '../list-cursor.ts';
import type { BackendState } from '../server-look.ts';
import { blank, line, muted, selectedWhen, span } from '../spans.ts';
import { sparkline } from '../sparkline.ts';
import type { OverviewState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { lastMinute } from '../traffic.ts';
import { noBackends, type View } from '../view.ts';
import { bindLines } from './overview-binds.ts';
import { chartSlots } from './overview-charts.ts';
import { shardLineCount, shardTable } from './overview-shards.ts';
import { totalsLines } from './overview-totals.ts';

interface OverviewRow {
  readonly backend: BackendEntity;
  readonly state: BackendState;
  readonly rates: BackendRates | undefined;
}

/** Troubled backends first, then as configured. */
export function overviewOrder(view: View): string[] {
  return [...view.model.backend.keys()]
    .map((name, index) => ({ name, index, severity: stateOf(view, name).severity }))
    .sort((a, b) => b.severity - a.severity || a.index - b.index)
    .map(({ name }) => name);
}

/** The order last settled on, without what is gone and with what is new at its end. */
export function overviewKeys(view: View, order: readonly string[]): string[] {
  const known = new Set(order);
  return [
    ...order.filter((name) => view.model.backend.has(name)),
    ...[...view.model.backend.keys()].filter((name) => !known.has(name)),
  ];
}

export function overviewScreen(view: View, state: OverviewState, area: Area): Block {
  if (area.width >= sidePaneFrom) {
    const { main, side } = splitBody(area, area.width >= 170 ? Math.floor(area.width / 2) : 79);
    const charts = chartSlots(view, { ...side, top: 0, left: side.left });
    return {
      lines: besides(tables(view, state, main.width, area.height), main.width, [], area.height),
      charts,
    };
  }
  if (!state.charts) return { lines: tables(view, state, area.width, area.height) };
  const totals = totalsLines(view, area.width);
  const rest = { left: 1, top: totals.length, width: area.width - 2, height: area.height - totals.length };
  return { lines: totals, charts: chartSlots(view, rest) };
}

/** From this height on there is room for the binds too. */
const bindsFrom = 24;
const bindsShown = 6;

/** Rows that the table of backends gets, so that a few events (and the binds) stay in sight below it. */
export function overviewTableRows(view: View, backends: number, height: number): number {
  // No more than there are, or a line that says so: what they leave is the backends'.
  const eventsAtLeast = Math.min(
    height >= 16 ? 4 : height >= 12 ? 2 : 0,
    Math.max(1, newestEntries(view).length),
  );
  const binds = height >= bindsFrom ? Math.min(bindsShown + 1, view.model.bind.size) + 2 : 0;
  const shards = shardLineCount(view, height);
  return Math.max(
    1,
    Math.min(backends, height - 4 - blankRows(height) - shards - 1 - 1 - eventsAtLeast - binds),
  );
}

/** Between totals and table: air only where it costs no row of the table. */
function blankRows(height: number): 0 | 1 {
  return height >= 12 ? 1 : 0;
}

function tables(view: View, state: OverviewState, width: number, height: number): Line[] {
  const keys = overviewKeys(view, state.order);
  const rows = overviewTableRows(view, keys.length, height);
  const cursor = settleCursor(state.cursor, { keys, rows });
  const placed = placeColumns(columns(view), width - 2);
  const backends =
    keys.length === 0
      ? [line(muted(` ${noBackends(view)}`))]
      : [
          headOfTable(placed, 1),
          ...keys.slice(cursor.top, cursor.top + rows).map((name) => {
            const selected = name === cursor.key;
            const row = {
              backend: view.model.backend.get(name)!,
              state: stateOf(view, name),
              rates: view.traffic.backends.get(name),
            };
            return selectedWhen(selected, {
              spans: [span(selected ? '›' : ' ', 'accent'), ...rowOfTable(placed, row)],
            });
          }),
        ];
  const air = new Array<Line>(blankRows(height)).fill(blank);
  const above = [...totalsLines(view, width), ...air, ...shardTable(view, width, height), ...backends, blank];
  const hidden = keys.length - rows;
  if (hidden > 0)
    above[above.length - 1] = line(
      muted(`  backends ${cursor.top + 1}–${cursor.top + rows} of ${keys.length}`),
    );
  if (height >= bindsFrom) above.push(...bindLines(view, width, bindsShown), blank);
  const events = newestEntries(view).slice(0, Math.max(0, height - above.length));
  return toHeight(
    [
      ...above,
      ...(events.length === 0
        ? [line(muted(' nothing happened yet'))]
        : events.map((entry) => entryLine(entry, view))),
    ],
    height,
  );
}

function columns(view: View): Column<OverviewRow>[] {
  return [
    {
      title: 'backend',
      width: 12,
      upTo: 28,
      cell: ({ backend }) => [span(backend.name), muted(backend.mode === 'tcp' ? ' (tcp)' : '')],
    },
    { title: 'up/all', width: 6, align: 'right', cell: ({ state }) => span(`${state.up}/${state.servers}`) },
    {
      title: 'state',
      width: 14,
      cell: ({ state }) => span(`${state.look.sign} ${state.text}`, state.look.tone),
    },
    {
      title: 'queue',
      width: 5,
      align: 'right',
      cell: ({ rates }) => span(count(rates?.queued), (rates?.queued ?? 0) > 0 ? 'warning' : 'text'),
    },
    { title: 'conns', width: 6, align: 'right', spare: 3, cell: ({ rates }) => span(count(rates?.streams)) },
    { title: 'req/s', width: 6, align: 'right', cell: ({ rates }) => span(rate(rates?.requests)) },
    {
      title: '5xx',
      width: 6,
      align: 'right',
      cell: ({ rates }) => {
        const failed = failedShare(rates);
        return span(percent(failed), (failed ?? 0) > 0 ? 'bad' : 'text');
      },
    },
    {
      title: 'p99',
      width: 7,
      align: 'right',
      spare: 1,
      cell: ({ rates }) => span(latencyOf(rates?.latency?.p99)),
    },
    {
      title: 'last minute',
      width: 10,
      upTo: 60,
      spare: 2,
      cell: ({ backend }, width) =>
        span(
          sparkline(
            lastMinute(view.traffic.past, view.now, width, (point) => point.backends[backend.name]),
            width,
            2,
          ),
          'bar',
        ),
    },
  ];
}

function failedShare(rates: BackendRates | undefined): number | null {
  const status = rates?.status;
  return status
    ? share(
        status[4],
        status.reduce((sum, value) => sum + value, 0),
      )
    : null;
}
