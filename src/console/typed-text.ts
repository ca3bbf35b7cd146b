// One line that is being typed: text and a place in it, edited grapheme by grapheme. Pure.

import type { KeyPress } from './console.ts';
import { graphemesOf } from './graphemes.ts';
import { cut, widthOf } from './text.ts';

export interface TypedText {
  readonly text: string;
  /** UTF-16 index, on a grapheme's edge. */
  readonly at: number;
}

const longest = 1_000;

export function typed(text: string): TypedText {
  return { text, at: text.length };
}

export function insert({ text, at }: TypedText, piece: string): TypedText {
  // A pasted line break would be a key press elsewhere; here it is a blank.
  const clean = piece.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, longest - text.length);
  return { text: text.slice(0, at) + clean + text.slice(at), at: at + clean.length };
}

function before({ text, at }: TypedText): number {
  let edge = 0;
  for (const { index } of graphemesOf(text)) {
    if (index >= at) break;
    edge = index;
  }
  return edge;
}

function after({ text, at }: TypedText): number {
  for (const { index } of graphemesOf(text)) if (index > at) return index;
  return text.length;
}

/** The text after a key, or undefined where the key does not edit. */
export function edited(line: TypedText, { key, ctrl, alt }: KeyPress): TypedText | undefined {
  const { text, at } = line;
  if (alt) return undefined;
  if (ctrl) {
    if (key === 'a') return { text, at: 0 };
    if (key === 'e') return { text, at: text.length };
    if (key === 'u') return { text: text.slice(at), at: 0 };
    if (key === 'k') return { text: text.slice(0, at), at };
    if (key === 'w') {
      const kept = text.slice(0, at).replace(/\S*\s*$/, '');
      return { text: kept + text.slice(at), at: kept.length };
    }
    return undefined;
  }
  switch (key) {
    case 'left':
      return { text, at: before(line) };
    case 'right':
      return { text, at: after(line) };
    case 'home':
      return { text, at: 0 };
    case 'end':
      return { text, at: text.length };
    case 'backspace':
      return { text: text.slice(0, before(line)) + text.slice(at), at: before(line) };
    case 'delete':
      return { text: text.slice(0, at) + text.slice(after(line)), at };
    case 'space':
      return insert(line, ' ');
    default:
      return [...graphemesOf(key)].length === 1 ? insert(line, key) : undefined;
  }
}

/** The part that fits into `width` cells with the cursor in it, and the cursor's cell. */
export function shownPart({ text, at }: TypedText, width: number): { text: string; column: number } {
  const starts = [...[...graphemesOf(text)].map(({ index }) => index), text.length];
  // One cell is the cursor's own, behind the last glyph.
  const start = starts.find((index) => index >= at || widthOf(text.slice(index, at)) < width) ?? at;
  return { text: cut(text.slice(start), width), column: widthOf(text.slice(start, at)) };
}
