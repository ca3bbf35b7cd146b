// Finding by a few letters: the letters in their order, better where they stand together or begin a word. Pure.

/** Higher is better; undefined where the letters are not all there. */
export function fuzzyScore(query: string, text: string): number | undefined {
  const wanted = query.toLowerCase().replace(/\s+/g, '');
  if (wanted === '') return 0;
  const within = text.toLowerCase();
  const whole = within.indexOf(query.toLowerCase().trim());
  let score = whole === 0 ? 60 : whole > 0 && startsWord(within, whole) ? 50 : whole > 0 ? 30 : 0;
  let at = 0;
  let before = -2;
  for (const letter of wanted) {
    const found = within.indexOf(letter, at);
    if (found < 0) return undefined;
    score += found === before + 1 ? 4 : startsWord(within, found) ? 3 : 1;
    before = found;
    at = found + letter.length;
  }
  // Of two that match alike, the shorter one was meant.
  return score - text.length / 100;
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || /[\s/:.,_-]/.test(text[at - 1]!);
}
