// Foreign text (hosts, paths, headers, names, check bodies) made fit for a screen or a log file: what a terminal
// would obey, hide or reorder becomes a visible escape. The type keeps raw strings away from where only these may go.

declare const safeBrand: unique symbol;
export type SafeText = string & { readonly [safeBrand]: true };

/**
 * Cc: C0, DEL, C1. Cf: bidi controls, zero-width, soft hyphen, tags. Cs: a surrogate without its other half.
 * Zl, Zp: line separators. The rest has no width or no meaning, but is in another category.
 */
const unsafe =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Variation_Selector}]|\u034f|[\u115f\u1160\u3164\uffa0]|\u17b4|\u17b5/gu;

/** Most text by far: tables are redrawn several times a second, so it is let through without the long look. */
const plain = /^[\x20-\x7e]*$/;

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * Safe text stays as it is, so applying it twice changes nothing. With `maxLength` the result has at most so many
 * UTF-16 units, the last of them "…" where something was cut; neither an escape nor a character is cut in half.
 */
export function safe(raw: string, maxLength = Number.POSITIVE_INFINITY): SafeText {
  // Escaping never shortens, so what lies behind the limit need not be looked at.
  const within = raw.length > maxLength ? raw.slice(0, maxLength + 1) : raw;
  if (plain.test(within))
    return (within.length <= maxLength ? within : cutPlain(within, maxLength)) as SafeText;
  const text = within.replace(unsafe, escapeOf);
  return (text.length <= maxLength ? text : cut(within, maxLength)) as SafeText;
}

/** For what may be several lines: a message at the edge of the process. Only the line breaks stay. */
export function safeLines(raw: string): string {
  return raw
    .split('\n')
    .map((line) => safe(line))
    .join('\n');
}

function cutPlain(text: string, maxLength: number): string {
  return maxLength < 1 ? '' : `${text.slice(0, maxLength - 1)}…`;
}

function cut(raw: string, maxLength: number): string {
  let text = '';
  for (const character of raw) {
    const piece = character.replace(unsafe, escapeOf);
    if (text.length + piece.length > maxLength - 1) break;
    text += piece;
  }
  return maxLength < 1 ? '' : `${text}…`;
}
