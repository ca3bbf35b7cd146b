// Copies a head with some of its lines taken out or replaced: everything else goes through as it came, octet for octet.

export interface Edit {
  /** The span that goes, and what stands there instead ("" for nothing). */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** `edits` in any order, none overlapping. */
export function applyEdits(text: string, start: number, end: number, edits: Edit[]): string {
  edits.sort((a, b) => a.from - b.from);
  let out = '';
  let at = start;
  for (const edit of edits) {
    out += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return out + text.slice(at, end);
}

/** `cuts`: pairs of offsets. */
export function cutEdits(cuts: readonly number[]): Edit[] {
  const edits: Edit[] = [];
  for (let i = 0; i < cuts.length; i += 2) edits.push({ from: cuts[i]!, to: cuts[i + 1]!, text: '' });
  return edits;
}

/** Lines of a valid head whose name is one of `names` (lower case): what a Connection header listed. */
export function linesNamed(text: string, start: number, end: number, names: readonly string[]): number[] {
  const found: number[] = [];
  const wanted = new Set(names);
  let line = start;
  while (line < end - 2) {
    const next = text.indexOf('\r\n', line) + 2;
    if (wanted.has(text.slice(line, text.indexOf(':', line)).toLowerCase())) found.push(line, next);
    line = next;
  }
  return found;
}
