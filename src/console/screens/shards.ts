// The Shards screen: routes → shard, clients → instance, requests → server; what is wrong before what is well.

import { type Block, besides, scrolledPart } from '../block.ts';
import { bytes, count, duration, percent, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type Area, detailPaneFrom } from '../layout.ts';
import { settleCursor } from '../list-cursor.ts';
import {
  evennessSpans,
  instanceStateSpan,
  isReshaped,
  type ShardLoad,
  selectionText,
  spreadBar,
  spreadScale,
  troubleLooks,
} from '../shard-look.ts';
import { blank, fill, line, muted, selectedWhen, span } from '../spans.ts';
import type { ShardsState } from '../state.ts';
import { type Column, headOfTable, type PlacedColumn, placeColumns, rowOfTable } from '../table.ts';
import { widthOf } from '../text.ts';
import { runtimeOf, type View } from '../view.ts';
import { shareSpans } from './server-shares.ts';
import { detailOfRow } from './shard-detail.ts';
import {
  linesOfRow,
  type Passed,
  type Section,
  type ShardsRow,
  shardsList,
  shardsRows,
} from './shard-rows.ts';

type RowOf<Kind extends ShardsRow['kind']> = Extract<ShardsRow, { kind: Kind }>;

export function shardsScreen(view: View, state: ShardsState, area: Area): Block {
  if (state.open !== undefined) {
    const { key, top } = state.open;
    return { lines: scrolledPart(detailOfRow(view, key, area.width), top, area.height) };
  }
  const rows = shardsRows(view);
  if (rows.length === 0) return { lines: [blank, line(muted(`   ${noShards(view)}`))] };
  const wide = area.width >= detailPaneFrom;
  const width = wide ? Math.max(104, Math.floor(area.width * 0.58)) : area.width;
  const lines = table(view, state, rows, width, area.height);
  if (!wide) return { lines };
  const { key } = settleCursor(state.cursor, shardsList(rows, area.height));
  const pane = key === undefined ? [] : detailOfRow(view, key, area.width - width - 1);
  return { lines: besides(lines, width, pane, area.height) };
}

function noShards(view: View): string {
  const capable = runtimeOf(view)?.capabilities.shards;
  if (typeof capable === 'object') return capable.no;
  return view.model.runtime.size === 0
    ? 'The shards show here once the runtime answers.'
    : 'This runtime tells of no shards.';
}

/** Lines of the list that are out of sight below. */
export function shardsBelow(view: View, state: ShardsState, height: number): number {
  const rows = shardsRows(view);
  const list = shardsList(rows, height);
  const all = rows.reduce((sum, row) => sum + linesOfRow(row), 0);
  return Math.max(0, all - settleCursor(state.cursor, list).top - list.rows);
}

interface Placed {
  readonly view: View;
  readonly width: number;
  readonly shards: readonly PlacedColumn<RowOf<'shard'>>[];
  readonly instances: readonly PlacedColumn<RowOf<'instance'>>[];
}

function table(
  view: View,
  state: ShardsState,
  rows: readonly ShardsRow[],
  width: number,
  height: number,
): Line[] {
  const placed: Placed = {
    view,
    width,
    shards: placeColumns(shardColumns(view), width - 2),
    instances: placeColumns(instanceColumns(view, width), width - 2),
  };
  const list = shardsList(rows, height);
  const cursor = settleCursor(state.cursor, list);
  const bottom = cursor.top + list.rows;
  const lines: Line[] = [];
  let head: Section | undefined;
  let at = 0;
  for (const [index, row] of rows.entries()) {
    const end = at + linesOfRow(row);
    if (end > cursor.top && at < bottom) {
      head ??= at + row.above.length > cursor.top ? sectionBefore(rows, index) : row.section;
      const drawn = [
        ...row.above.map((passed) => () => passedLine(placed, passed)),
        () => rowLine(placed, row, index === cursor.index),
      ];
      for (const [offset, draw] of drawn.entries())
        if (at + offset >= cursor.top && at + offset < bottom) lines.push(draw());
    }
    at = end;
  }
  return [sectionLine(placed, head ?? 'routes'), ...lines];
}

/** Of the line above this row: that one's heading is out of sight. */
function sectionBefore(rows: readonly ShardsRow[], index: number): Section {
  const { above, section } = rows[index]!;
  return above.some(({ kind }) => kind === 'section') ? (rows[index - 1]?.section ?? section) : section;
}

function passedLine(placed: Placed, passed: Passed): Line {
  switch (passed.kind) {
    case 'blank':
      return blank;
    case 'section':
      return sectionLine(placed, passed.section);
    case 'sums':
      return sumsLine(placed, passed.load);
  }
}

const sectionTitles: Readonly<Record<Section, string>> = {
  routes: 'routes → shard',
  clients: 'clients → instance',
  requests: 'requests → server',
};

/** The section's name where its first columns have none of their own. */
function sectionLine(placed: Placed, section: Section): Line {
  const title = span(sectionTitles[section], 'title', true);
  const headed = <Row>(columns: readonly PlacedColumn<Row>[]): Line => {
    const from = columns.findIndex(({ column }) => column.title !== '');
    const start = columns[from]?.left ?? 0;
    const titled = columns.slice(from).map((column) => ({ ...column, left: column.left - start }));
    return { spans: [...fill([span(' '), title], start + 1), ...headOfTable(titled, 0).spans] };
  };
  switch (section) {
    case 'routes':
      return headed(placed.shards);
    case 'clients':
      return headed(placed.instances);
    case 'requests':
      return line(
        ...fill([span(' '), title], nameWidth + 1),
        ...fill([muted('req/s')], 8, 'right'),
        muted('  share of each server'),
      );
  }
}

function sumsLine({ instances, width }: Placed, load: ShardLoad): Line {
  const { shard, sums } = load;
  const at = instances.findIndex(({ column }) => column.title === 'clients');
  const start = instances[at]?.left ?? width;
  const amounts: Readonly<Record<string, string>> = {
    clients: count(sums?.clients),
    conns: count(sums?.connections),
    'req/s': rate(sums?.requests),
  };
  const shown = instances.slice(at).filter(({ column }) => amounts[column.title] !== undefined);
  return {
    spans: [
      ...fill([span(` ${shard.name}`, 'text', true), span('  '), ...spreadWords(load)], start + 1),
      ...shown.flatMap(({ column, left, width: cells }, index) => [
        ...fill([], left - (index === 0 ? left : shown[index - 1]!.left + shown[index - 1]!.width)),
        ...fill([muted(amounts[column.title]!)], cells, 'right'),
      ]),
    ],
  };
}

/** That the kernel steers is worth a word, and more that it was wished and does not. */
function steeredBy({ steering: { by, why } }: ShardLoad['shard']): Span[] {
  if (by === 'nft') return [muted(' by nft')];
  return why === undefined ? [] : [span(' ▲ not by nft', 'warning')];
}

/** How even it is; before that, who is missing. */
function spreadWords({ shard, even, settling, serving, instances }: ShardLoad): Span[] {
  if (instances.length === 0) return [span('▼ no instance', 'bad')];
  if (serving.length < shard.instances)
    return [span(`▼ ${serving.length} of ${shard.instances} serve`, 'bad')];
  if (even !== undefined) return [...evennessSpans(even, settling), ...steeredBy(shard)];
  return [muted(shard.instances < 2 ? 'one instance accepts for itself' : 'evenness –')];
}

function rowLine(placed: Placed, row: ShardsRow, selected: boolean): Line {
  const sign = span(selected ? '›' : ' ', 'accent');
  return selectedWhen(selected, { spans: [sign, ...rowSpans(placed, row)] });
}

function rowSpans(placed: Placed, row: ShardsRow): Span[] {
  switch (row.kind) {
    case 'trouble':
      return troubleSpans(row, placed.width - 2);
    case 'shard':
      return rowOfTable(placed.shards, row);
    case 'instance':
      return rowOfTable(placed.instances, row);
    case 'backend':
      return backendSpans(placed.view, row, placed.width - 1);
  }
}

/** The worst of them by name; Enter shows them all. */
function troubleSpans({ trouble, routes }: RowOf<'trouble'>, width: number): Span[] {
  const { sign, tone, words } = troubleLooks[trouble];
  const named = routes.slice(0, 3).map(({ name, shards }) => {
    if (trouble === 'orphaned') return name;
    if (trouble === 'doubly')
      return `${name} (${shards.flatMap((s) => (s.admitted ? [s.shard] : [])).join(', ')})`;
    const refusal = shards.find(({ admitted }) => !admitted);
    return refusal !== undefined && !refusal.admitted ? `${name} (${refusal.reason})` : name;
  });
  const more = routes.length > named.length ? ` and ${routes.length - named.length} more` : '';
  return fill(
    [
      span(`${sign} ${count(routes.length)} ${words}`, tone, true),
      span('  '),
      span(named.join(', ')),
      muted(more),
    ],
    width,
  );
}

function shardColumns(view: View): Column<RowOf<'shard'>>[] {
  return [
    {
      title: '',
      width: 14,
      upTo: 24,
      cell: ({ shard }) => [span(shard.name, 'text', true), span(isReshaped(shard) ? ' ≠' : '', 'warning')],
    },
    { title: 'routes', width: 6, align: 'right', cell: ({ shard }) => span(count(shard.routes.length)) },
    {
      title: 'served',
      width: 24,
      upTo: 60,
      cell: ({ shard }) => [
        shard.refused.length > 0 ? span(`▲${count(shard.refused.length)} refused `, 'warning') : span(''),
        shard.routes.length === 0 ? muted('none') : span(shard.routes.join(' ')),
      ],
    },
    { title: 'selects', width: 18, upTo: 44, spare: 1, cell: ({ shard }) => muted(selectionText(shard)) },
    { title: 'domain', width: 16, upTo: 30, spare: 2, cell: ({ shard }) => muted(shard.domain ?? '–') },
    {
      title: 'binds',
      width: 12,
      upTo: 30,
      spare: 3,
      cell: ({ shard }) => {
        const failed = shard.binds.some((bind) => view.model.bind.get(bind)?.state === 'failed');
        return [span(failed ? '▼ ' : '', 'bad'), muted(shard.binds.join(' '))];
      },
    },
  ];
}

/** What is spared goes to the bars: names and states get what they need. */
function instanceColumns(view: View, width: number): Column<RowOf<'instance'>>[] {
  let names = 9;
  for (const { name } of view.model.instance.values()) names = Math.max(names, widthOf(name));
  const ratesOf = ({ instance }: RowOf<'instance'>) => view.traffic.instances.get(instance.id);
  return [
    { title: '', width: Math.min(names, width < 100 ? 11 : 24), cell: ({ instance }) => span(instance.name) },
    {
      title: '',
      width: width < 100 ? 15 : 26,
      cell: ({ instance }, width) => instanceStateSpan(instance, view.now, width),
    },
    { title: '', width: 12, upTo: 48, cell: (row, width) => barCell(view, row, width) },
    { title: 'clients', width: 7, align: 'right', cell: (row) => span(count(ratesOf(row)?.clients)) },
    {
      title: 'conns',
      width: 6,
      align: 'right',
      spare: 1,
      cell: (row) => span(count(ratesOf(row)?.connections)),
    },
    { title: 'req/s', width: 6, align: 'right', cell: (row) => span(rate(ratesOf(row)?.requests)) },
    {
      title: 'new/s',
      width: 5,
      align: 'right',
      spare: 4,
      cell: (row) => span(rate(ratesOf(row)?.newConnections)),
    },
    { title: 'cpu', width: 5, align: 'right', spare: 2, cell: (row) => cpuCell(ratesOf(row)?.cpu) },
    {
      title: 'mem',
      width: 6,
      align: 'right',
      spare: 2.5,
      cell: (row) => span(bytes(ratesOf(row)?.rssBytes)),
    },
    {
      title: 'loop',
      width: 7,
      align: 'right',
      spare: 5,
      cell: (row) => muted(delay(ratesOf(row)?.loopDelayMs)),
    },
    {
      title: 'up',
      width: 5,
      align: 'right',
      spare: 3,
      cell: ({ instance }) =>
        muted(instance.state === 'gone' ? '–' : duration(view.now - instance.startedAt)),
    },
  ];
}

function delay(ms: number | undefined): string {
  return ms === undefined ? '–' : `${ms.toFixed(1)} ms`;
}

/** A core of its own is all that an instance can have. */
function cpuCell(cpu: number | null | undefined): Span {
  return span(percent(cpu), (cpu ?? 0) > 0.85 ? 'warning' : 'text');
}

/** All bars of a shard have one scale; those of an instance that leaves are of another time, and plain. */
function barCell(view: View, { instance, load }: RowOf<'instance'>, width: number): Span[] {
  const clients = (id: string) => view.traffic.instances.get(id)?.clients;
  const values = load.serving.flatMap(({ id }) => clients(id) ?? []);
  const scale = spreadScale(values);
  const value = clients(instance.id);
  if (instance.state === 'serving') return spreadBar(value, scale, width, load.uneven);
  return spreadBar(value, { mean: scale.most, most: scale.most }, width, false).filter(
    ({ tone }) => tone === 'bar',
  );
}

const nameWidth = 20;

function backendSpans(view: View, { backend }: RowOf<'backend'>, width: number): Span[] {
  const rates = view.traffic.backends.get(backend.name);
  return [
    ...fill([span(backend.name), muted(`  ${backend.algorithm}`)], nameWidth),
    ...fill([span(rate(rates?.requests))], 8, 'right'),
    span('  '),
    ...shareSpans(view, backend.name, width - nameWidth - 10),
  ];
}
