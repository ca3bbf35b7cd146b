// Text cut at what a reader takes for one character.

let segmenter: Intl.Segmenter | undefined;

/** The first segmenter of a process loads tables for longer than a whole frame takes: none before it is needed. */
export function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

// Printable ASCII and Latin without the soft hyphen; dashes, quotes and dots; arrows, signs, boxes, blocks, shapes and Braille.
const others =
  /[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc\u2800-\u28ff]/;

/** Each UTF-16 unit is one character of one cell, whatever stands beside it: nearly all that a console shows. */
export function isOneCellEach(text: string): boolean {
  return !others.test(text);
}
