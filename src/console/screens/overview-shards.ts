// The shards of the Overview, where there is more than one of them or of their instances: who carries how much.

import { count, percent, rate, share } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type ShardLoad, shardLoads } from '../shard-look.ts';
import { muted, span } from '../spans.ts';
import { bar } from '../sparkline.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import type { View } from '../view.ts';

/** Rows of shards; more are counted, and shown on their own screen. */
const mostShards = 8;
const fewShards = 3;

/** Lines that the table of shards gets on a body of this height; none where one shard has one instance. */
export function shardLineCount({ model }: View, height: number): number {
  const shards = model.shard.size;
  if (height < 16 || shards === 0 || (shards === 1 && model.instance.size < 2)) return 0;
  const most = height >= 24 ? mostShards : fewShards;
  return 1 + Math.min(shards, most) + (shards > most ? 1 : 0) + 1;
}

interface ShardRow {
  readonly load: ShardLoad;
  readonly share: number | null;
}

const columns: readonly Column<ShardRow>[] = [
  { title: 'shard', width: 12, upTo: 28, cell: ({ load }) => span(load.shard.name) },
  { title: 'routes', width: 6, align: 'right', cell: ({ load }) => routesCell(load) },
  { title: 'inst', width: 7, align: 'right', cell: ({ load }) => instancesCell(load) },
  {
    title: 'clients',
    width: 9,
    align: 'right',
    cell: ({ load }) => [load.uneven ? span('▲ ', 'warning') : span(''), span(count(load.sums?.clients))],
  },
  { title: 'conns', width: 6, align: 'right', cell: ({ load }) => span(count(load.sums?.connections)) },
  { title: 'req/s', width: 6, align: 'right', cell: ({ load }) => span(rate(load.sums?.requests)) },
  {
    title: 'share',
    width: 16,
    upTo: 50,
    cell: ({ share: portion }, width) =>
      portion === null
        ? muted('–')
        : [span(bar(portion, width - 6), 'bar'), span(percent(portion).padStart(6))],
  },
];

function routesCell({ shard }: ShardLoad): Span[] {
  return [shard.refused.length > 0 ? span('▲ ', 'warning') : span(''), span(count(shard.routes.length))];
}

/** "2", or "▼ 1/2" while one is missing. */
function instancesCell({ shard, serving }: ShardLoad): Span {
  return serving.length < shard.instances
    ? span(`▼ ${serving.length}/${shard.instances}`, 'bad')
    : span(count(shard.instances));
}

/** Where instances are missing, then what is refused or uneven, then as configured: few rows may be all there is. */
function troubledFirst(loads: readonly ShardLoad[]): ShardLoad[] {
  const severity = ({ shard, serving, uneven }: ShardLoad): number =>
    serving.length < shard.instances ? 2 : shard.refused.length > 0 || uneven ? 1 : 0;
  return loads.toSorted((a, b) => severity(b) - severity(a));
}

/** With a blank line below. */
export function shardTable(view: View, width: number, height: number): Line[] {
  const room = shardLineCount(view, height);
  if (room === 0) return [];
  const placed = placeColumns(columns, width - 2);
  const loads = troubledFirst([...shardLoads(view).values()]);
  const whole = loads.reduce<number | null>(
    // Of a whole that is not known nobody has a share: a shard whose instances are away would make the others 100 %.
    (sum, { sums }) => (sum === null || sums?.requests === null ? null : sum + (sums?.requests ?? 0)),
    0,
  );
  const more = loads.length > room - 2;
  const shown = more ? loads.slice(0, room - 3) : loads;
  return [
    headOfTable(placed, 1),
    ...shown.map((load) => ({
      spans: [span(' '), ...rowOfTable(placed, { load, share: share(load.sums?.requests, whole) })],
    })),
    ...(more ? [{ spans: [muted(`  and ${loads.length - shown.length} more shards: key 5`)] }] : []),
    { spans: [] },
  ];
}
