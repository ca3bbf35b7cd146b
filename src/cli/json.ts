// JSON for machines that may still end on a terminal: valid, lossless, and free of characters a terminal would obey. Pure.

// JSON.stringify escapes C0 and lone surrogates; DEL, C1, bidi, zero-width and line separators it does not.
const obeyed = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(obeyed, escapeOf);
}

/** One document, indented. */
export function jsonDocument(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(obeyed, escapeOf);
}

/** By UTF-16 units, as JSON counts: a character beyond them becomes two escapes. */
function escapeOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
