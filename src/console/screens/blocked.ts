// Who is blocked: addresses whose packets the kernel drops, who wanted it and why, and for how long yet. What nobody confirmed
// stands first, with the seconds left.

import type { BlockEntity, BlockRates } from '../../domain/kernel.ts';
import { bytes, count, duration, rate } from '../format.ts';
import type { Line, Span } from '../frame.ts';
import { type ListCursor, type ListShape, settleCursor } from '../list-cursor.ts';
import { blank, line, muted, selectedWhen, span, staled } from '../spans.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import { widthOf, wrap } from '../text.ts';
import { kernelOf, type View } from '../view.ts';

interface BlockedRow {
  readonly block: BlockEntity;
  readonly rates: BlockRates | undefined;
}

const known = new WeakMap<View, readonly BlockEntity[]>();

/** Unconfirmed ones first, then the newest. */
export function blockedRows(view: View): readonly BlockEntity[] {
  const last = known.get(view);
  if (last !== undefined) return last;
  const rows = [...view.model.block.values()].sort(
    (a, b) =>
      Number(b.confirmBy !== undefined) - Number(a.confirmBy !== undefined) ||
      b.at - a.at ||
      (a.address < b.address ? -1 : 1),
  );
  known.set(view, rows);
  return rows;
}

/** Lines below the rows: what is so of the one under the cursor. */
function belowIn(height: number): number {
  return height >= 14 ? 4 : 2;
}

export function blockedList(view: View, height: number): ListShape {
  return {
    keys: blockedRows(view).map(({ address }) => address),
    rows: Math.max(1, height - 1 - belowIn(height)),
  };
}

/** "▲ 27 s to keep", "12 min", "no end". */
export function leftSpan({ until, confirmBy }: BlockEntity, now: number): Span {
  if (confirmBy !== undefined) return span(`▲ ${timeLeft(confirmBy, now)} to keep`, 'warning', true);
  return until === undefined ? muted('no end') : span(timeLeft(until, now));
}

/** "27 s", "12 min", "26 h": not to be taken for a time of day. */
export function timeLeft(by: number, now: number): string {
  const ms = Math.max(0, by - now);
  if (ms < 120_000) return `${Math.ceil(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.ceil(ms / 60_000)} min` : duration(ms);
}

function columnsFor(now: number, address: number): readonly Column<BlockedRow>[] {
  return [
    { title: 'address', width: address, cell: ({ block }) => span(block.address, 'text', true) },
    { title: 'left', width: 14, cell: ({ block }) => leftSpan(block, now) },
    { title: 'by', width: 8, upTo: 16, spare: 1, cell: ({ block }) => span(block.by) },
    {
      title: 'why',
      width: 12,
      upTo: 60,
      spare: 2,
      cell: ({ block }) => (block.why === '' ? muted('–') : span(block.why)),
    },
    { title: 'packets', width: 7, align: 'right', cell: ({ rates }) => span(count(rates?.packets)) },
    { title: 'bytes', width: 7, align: 'right', spare: 3, cell: ({ rates }) => span(bytes(rates?.bytes)) },
    {
      title: '/s',
      width: 5,
      align: 'right',
      cell: ({ rates }) => span(rate(rates?.packetRate), (rates?.packetRate ?? 0) > 0 ? 'warning' : 'muted'),
    },
  ];
}

export function blockedPane(view: View, state: ListCursor, width: number, height: number): Line[] {
  const blocks = blockedRows(view);
  const change = kernelOf(view)?.change ?? true;
  const cannot =
    change === true
      ? []
      : wrap(
          `▲ blocks cannot be put in force here: ${change.no}${change.remedy ? `; ${change.remedy}` : ''}`,
          width - 4,
        );
  if (blocks.length === 0)
    return [
      blank,
      ...(cannot.length > 0
        ? cannot.map((text) => line(span(`   ${text}`, 'warning')))
        : [line(muted('   Nobody is blocked.  b drops all packets from an address or a network.'))]),
    ];
  const list = blockedList(view, height);
  const cursor = settleCursor(state, list);
  const shownBlocks = blocks.slice(cursor.top, cursor.top + list.rows);
  // Whom it is about is never cut; of all in sight the longest.
  const widest = shownBlocks.reduce((most, { address }) => Math.max(most, widthOf(address)), 15);
  const placed = placeColumns(columnsFor(view.now, Math.min(43, widest)), width - 2);
  const isStale = view.stale;
  const rows = shownBlocks.map((block, index) => {
    const selected = cursor.top + index === cursor.index;
    const shown = {
      spans: [
        span(selected ? '›' : ' ', 'accent'),
        ...rowOfTable(placed, { block, rates: view.traffic.blocks.get(block.address) }),
      ],
    };
    return selectedWhen(selected, isStale ? staled(shown) : shown);
  });
  const padded = [...rows, ...new Array<Line>(Math.max(0, list.rows - rows.length)).fill(blank)];
  const selected = blocks[cursor.index];
  return [
    headOfTable(placed, 1),
    ...padded,
    line(span('─'.repeat(width), 'border')),
    ...[
      ...cannot.map((text) => line(span(` ${text}`, 'warning'))),
      ...(selected === undefined ? [] : selectedLines(view, selected, width)),
    ].slice(0, belowIn(height) - 1),
  ];
}

function selectedLines(
  view: View,
  { address, by, why, at, until, confirmBy }: BlockEntity,
  width: number,
): Line[] {
  const end = until === undefined ? 'until it is unblocked' : `until ${view.timeOfDay(until)}`;
  const words = `All packets from ${address} are dropped ${end}. By ${by} at ${view.timeOfDay(at)}${why === '' ? '' : `: ${why}`}.`;
  const keep =
    confirmBy === undefined
      ? []
      : wrap(
          `▲ Nobody confirmed it: y keeps it, else it takes itself back in ${timeLeft(confirmBy, view.now)}.`,
          width - 2,
        ).map((text) => line(span(` ${text}`, 'warning')));
  return [...keep, ...wrap(words, width - 2).map((text) => line(span(` ${text}`)))];
}
