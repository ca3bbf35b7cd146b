// Rows as paint/ writes them: colours and one-cell characters only. The build hands them past the parts of Ink that
// take any text apart and put it together again, which would find them as they are.

import { isOneCellEach } from '../../console/graphemes.ts';

// biome-ignore lint/complexity/useRegexLiterals: a literal would hold control characters
const sgr = new RegExp('\\u001b\\[[\\d;]*m', 'g');

/** Ink asks about a row several times a frame, and most rows are those of the frame before. */
const known = new Map<string, number>();
const mostKnown = 1_000;

/** Cells of a row that is nothing but colours and one-cell characters; undefined for any other text. */
export function paintedWidth(text: string): number | undefined {
  let width = known.get(text);
  if (width === undefined) {
    const seen = text.replace(sgr, '');
    width = isOneCellEach(seen) ? seen.length : Number.NaN;
    if (known.size >= mostKnown) known.clear();
    known.set(text, width);
  }
  return Number.isNaN(width) ? undefined : width;
}
