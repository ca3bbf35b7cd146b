// A cursor in a list that changes under it: it stays on the object, not on the row. Pure.

export interface ListCursor {
  /** The object it stands on; undefined before the list was first seen, or while it is empty. */
  readonly key?: string;
  readonly index: number;
  /** First visible line. */
  readonly top: number;
}

export const atTop: ListCursor = { index: 0, top: 0 };

/** A list as far as a cursor cares: its objects' keys in order, and how many lines each takes (one, unless said). */
export interface ListShape {
  readonly keys: readonly string[];
  /** Lines visible at once. */
  readonly rows: number;
  readonly heightOf?: (index: number) => number;
}

/** Where the cursor stands after the list took this shape. */
export function settleCursor(cursor: ListCursor, list: ListShape): ListCursor {
  const { keys } = list;
  if (keys.length === 0) return atTop;
  const found = cursor.key === undefined ? -1 : keys.indexOf(cursor.key);
  // An object that left gives its place to the one that moved up there.
  const index = found >= 0 ? found : Math.min(Math.max(0, cursor.index), keys.length - 1);
  return { key: keys[index]!, index, top: topOf(cursor.top, index, list) };
}

export function moveCursor(cursor: ListCursor, list: ListShape, by: number): ListCursor {
  const settled = settleCursor(cursor, list);
  const { keys } = list;
  if (keys.length === 0) return settled;
  const index = Math.min(keys.length - 1, Math.max(0, settled.index + by));
  return { key: keys[index]!, index, top: topOf(settled.top, index, list) };
}

function topOf(top: number, index: number, { keys, rows, heightOf }: ListShape): number {
  if (heightOf === undefined) return scrolledTo(top, index, index, keys.length, rows);
  let first = 0;
  for (let before = 0; before < index; before += 1) first += heightOf(before);
  let total = first;
  for (let from = index; from < keys.length; from += 1) total += heightOf(from);
  return scrolledTo(top, first, first + heightOf(index) - 1, total, rows);
}

/** The least scrolling that shows lines `first` to `last`, and no emptiness below while there are lines above. */
export function scrolledTo(top: number, first: number, last: number, total: number, rows: number): number {
  const visible = Math.max(1, rows);
  let moved = top;
  if (last >= moved + visible) moved = last - visible + 1;
  if (first < moved) moved = first;
  return Math.max(0, Math.min(moved, total - visible));
}
