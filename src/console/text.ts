// Text measured in terminal cells: cut, pad and wrap by what is seen, never by UTF-16 units. Knows no tones.

import stringWidth from 'string-width';
import { graphemesOf, isOneCellEach } from './graphemes.ts';

/** A frame measures the same few rules, bars and signs again and again; each measuring reads every character. */
const measured = new Map<string, number>();
const mostMeasured = 4_000;

export function widthOf(text: string): number {
  if (isOneCellEach(text)) return text.length;
  const known = measured.get(text);
  if (known !== undefined) return known;
  if (measured.size >= mostMeasured) measured.clear();
  const width = stringWidth(text);
  measured.set(text, width);
  return width;
}

/** At most `width` cells; where something was cut, the last cell is "…". A wide glyph is never halved. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (isOneCellEach(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const size = widthOf(segment);
    if (used + size > width - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept}…`;
}

/** At most `width` cells of the end: of a path its name says more than its folders. */
export function cutStart(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const { segment } of [...graphemesOf(text)].reverse()) {
    if (widthOf(segment) + widthOf(kept) > width - 1) break;
    kept = segment + kept;
  }
  return width <= 0 ? '' : `…${kept}`;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Lines of at most `width` cells, broken at spaces; a word that is longer than a line is broken inside. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > width) {
      const head = headOf(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

function headOf(text: string, width: number): string {
  let head = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const size = widthOf(segment);
    // A glyph wider than the line still has to go somewhere, or wrapping would never end.
    if (used + size > width && head !== '') break;
    head += segment;
    used += size;
  }
  return head;
}
