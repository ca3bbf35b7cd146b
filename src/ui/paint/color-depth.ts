// How many colours a terminal shows, from what it and the operator say.

export type ColorDepth = 'none' | '16' | '256' | 'truecolor';

/** https://no-color.org: any value but "" counts. ssh forwards TERM but not COLORTERM: 256 is then the usual answer. */
export function colorDepth(env: Readonly<Record<string, string | undefined>>): ColorDepth {
  const { TERM: term = '', COLORTERM: colorTerm = '', NO_COLOR: noColor = '' } = env;
  if (noColor !== '' || term === 'dumb' || /^vt\d/.test(term) || /-m(ono)?$/.test(term)) return 'none';
  if (/^(truecolor|24bit)$/i.test(colorTerm) || /-direct$/.test(term)) return 'truecolor';
  if (
    /-256(color)?$/i.test(term) ||
    /^(alacritty|foot|ghostty|wezterm)/.test(term) ||
    term.includes('kitty')
  ) {
    return '256';
  }
  return '16';
}

/** COLORFGBG ("0;15", "15;default;0") is set by some terminals to tell that they are light or dark. */
export function prefersLight(env: Readonly<Record<string, string | undefined>>): boolean {
  const background = env.COLORFGBG?.split(';').at(-1);
  return background === '7' || background === '15';
}
