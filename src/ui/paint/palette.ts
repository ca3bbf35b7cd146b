// A theme at a terminal's colour depth: the style of each token, alone and in the row under the cursor.

import type { ColorDepth } from './color-depth.ts';
import { plain, type Sgr, type Style, sgr } from './sgr.ts';
import {
  type Attribute,
  ansiColors,
  type Color,
  type Look,
  type Theme,
  type Token,
  tokens,
} from './theme.ts';

export interface Palette {
  style(token: Token, selected: boolean, bold: boolean): Style;
}

const attributeStyles: Readonly<Record<Attribute, Sgr>> = {
  bold: sgr('1', 22),
  dim: sgr('2', 22),
  italic: sgr('3', 23),
  underline: sgr('4', 24),
  reverse: sgr('7', 27),
};

export function createPalette(theme: Theme, depth: ColorDepth): Palette {
  const table = new Map<string, Style>();
  for (const token of tokens) {
    for (const selected of [false, true]) {
      for (const bold of [false, true]) {
        table.set(`${token} ${selected} ${bold}`, styleOf(theme, depth, token, selected, bold));
      }
    }
  }
  return { style: (token, selected, bold) => table.get(`${token} ${selected} ${bold}`) ?? plain };
}

function styleOf(theme: Theme, depth: ColorDepth, token: Token, selected: boolean, bold: boolean): Style {
  // What is stale is pale, and would be hard to read on the row under the cursor.
  const look = theme.looks[selected && token === 'stale' ? 'unknown' : token];
  const under: Look = selected ? theme.looks.selected : { attributes: [] };
  const wanted = new Set<Attribute>([...look.attributes, ...under.attributes]);
  if (bold) wanted.add('bold');
  // Reversed on a reversed row would look like the row: show that it matters in another way.
  if (look.attributes.includes('reverse') && under.attributes.includes('reverse') && token !== 'selected') {
    wanted.add('bold').add('underline');
  }
  // Dim text on the row under the cursor would be hard to read, and the row is what the operator looks at.
  if (selected && depth !== 'none') wanted.delete('dim');
  const codes = [...wanted].map((attribute) => attributeStyles[attribute]);
  const background = under.background ?? look.background;
  // The plain text of a selected row takes the row's colour, a tone that means something keeps its own; but among 16 colours
  // hardly two can be read on each other, so there the signs and words alone say it.
  const own = token !== 'text' && token !== 'muted' && !(selected && depth === '16');
  const color = own ? (look.color ?? under.color) : (under.color ?? look.color);
  if (depth !== 'none' && color !== undefined) codes.push(sgr(colorCode(color, depth, 30), 39));
  if (depth !== 'none' && background !== undefined) codes.push(sgr(colorCode(background, depth, 40), 49));
  return codes.length === 0 ? plain : codes;
}

/** @param base 30 for the text, 40 for the background */
function colorCode(color: Color, depth: Exclude<ColorDepth, 'none'>, base: 30 | 40): string {
  switch (depth) {
    case 'truecolor':
      return `${base + 8};2;${color.rgb.join(';')}`;
    case '256':
      return `${base + 8};5;${nearest256(color.rgb)}`;
    case '16': {
      const number = ansiColors.indexOf(color.ansi);
      return String(number < 8 ? base + number : base + 60 + number - 8);
    }
  }
}

const cubeLevels = [0, 95, 135, 175, 215, 255] as const;

/** The nearest of the colour cube (16–231) and the greys (232–255); the first 16 are the terminal's own choice. */
export function nearest256([red, green, blue]: Color['rgb']): number {
  const cube = [red, green, blue].map((value) => nearestLevel(value)) as [number, number, number];
  const cubeRgb = cube.map((level) => cubeLevels[level] ?? 0);
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const greyLevel = 8 + grey * 10;
  const distance = (to: readonly number[]) =>
    [red, green, blue].reduce((sum, value, index) => sum + (value - (to[index] ?? 0)) ** 2, 0);
  return distance([greyLevel, greyLevel, greyLevel]) < distance(cubeRgb)
    ? 232 + grey
    : 16 + 36 * cube[0] + 6 * cube[1] + cube[2];
}

function nearestLevel(value: number): number {
  let best = 0;
  cubeLevels.forEach((level, index) => {
    if (Math.abs(level - value) < Math.abs((cubeLevels[best] ?? 0) - value)) best = index;
  });
  return best;
}
