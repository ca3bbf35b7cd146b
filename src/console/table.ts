// Tables: columns are data, placed by one pure function. Fixed places, so that nothing jumps when a value changes.

import type { Line, Span } from './frame.ts';
import { fill, span } from './spans.ts';

export interface Column<Row> {
  readonly title: string;
  /** Cells at least. */
  readonly width: number;
  /** May take spare room, up to this many cells. */
  readonly upTo?: number;
  readonly align?: 'right';
  /** Leaves first when room is short, the highest number first; a column without it always stays. */
  readonly spare?: number;
  /** Given the width it was placed with, for cells that draw a shape. */
  cell(row: Row, width: number): Span | readonly Span[];
}

export interface PlacedColumn<Row> {
  readonly column: Column<Row>;
  readonly width: number;
  readonly left: number;
}

/** Which columns fit into `width` cells, where, and how wide. Spare room goes to gaps first, then to columns that may grow. */
export function placeColumns<Row>(columns: readonly Column<Row>[], width: number): PlacedColumn<Row>[] {
  const kept = [...columns];
  const least = () => kept.reduce((sum, column) => sum + column.width, 0) + Math.max(0, kept.length - 1);
  while (least() > width) {
    const spare = kept.reduce((most, column) => Math.max(most, column.spare ?? 0), 0);
    if (spare === 0) break;
    kept.splice(
      kept.findLastIndex((column) => (column.spare ?? 0) === spare),
      1,
    );
  }
  let room = Math.max(0, width - least());
  const gap = room >= kept.length - 1 ? 2 : 1;
  if (gap === 2) room -= kept.length - 1;
  const widths = kept.map((column) => column.width);
  // A cell at a time and in turn, so that growing columns share alike.
  for (let grew = true; room > 0 && grew; ) {
    grew = false;
    for (const [index, column] of kept.entries()) {
      if (room === 0 || widths[index]! >= (column.upTo ?? column.width)) continue;
      widths[index]! += 1;
      room -= 1;
      grew = true;
    }
  }
  let left = 0;
  return kept.map((column, index) => {
    const placed = { column, width: widths[index]!, left };
    left += placed.width + gap;
    return placed;
  });
}

function inPlaces<Row>(
  placed: readonly PlacedColumn<Row>[],
  content: (column: Column<Row>, width: number) => Span | readonly Span[],
): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const { column, width, left } of placed) {
    if (left > at) spans.push({ text: ' '.repeat(left - at), tone: 'text' });
    const cell = content(column, width);
    spans.push(...fill('text' in cell ? [cell] : cell, width, column.align));
    at = left + width;
  }
  return spans;
}

export function headOfTable<Row>(placed: readonly PlacedColumn<Row>[], margin: number): Line {
  return {
    spans: [
      { text: ' '.repeat(margin), tone: 'text' },
      ...inPlaces(placed, (column) => span(column.title, 'muted')),
    ],
  };
}

export function rowOfTable<Row>(placed: readonly PlacedColumn<Row>[], row: Row): Span[] {
  return inPlaces(placed, (column, width) => column.cell(row, width));
}
