// What a theme is: a colour and attributes for every tone, checked before anything is drawn with it.

import { type Tone, tones } from '../../console/frame.ts';

/** What a theme gives a look to: the tones, and the row under the cursor. */
export type Token = Tone | 'selected';

export const tokens: readonly Token[] = [...tones, 'selected'];

export const attributes = ['bold', 'dim', 'italic', 'underline', 'reverse'] as const;
export type Attribute = (typeof attributes)[number];

/** The 16 colours every terminal has, in the order of their numbers. */
export const ansiColors = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightblack',
  'brightred',
  'brightgreen',
  'brightyellow',
  'brightblue',
  'brightmagenta',
  'brightcyan',
  'brightwhite',
] as const;
export type AnsiColor = (typeof ansiColors)[number];

/** Absent: the terminal's own colour. `ansi` is what 16 colours show in the place of `rgb`. */
export interface Color {
  readonly rgb: readonly [red: number, green: number, blue: number];
  readonly ansi: AnsiColor;
}

export interface Look {
  readonly color?: Color;
  readonly background?: Color;
  readonly attributes: readonly Attribute[];
}

export interface Theme {
  readonly name: string;
  readonly looks: Readonly<Record<Token, Look>>;
}

export type ThemeResult =
  | { readonly ok: true; readonly theme: Theme }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * A theme from parsed JSON. Every problem is told at once, each with its place, the value, and what would be right.
 * Shape: `{ "name": "…", "tokens": { "good": { "color": "#rrggbb", "ansi": "green", "background": …, "ansiBackground": …, "attributes": ["bold"] } } }`
 */
export function parseTheme(json: unknown): ThemeResult {
  const problems: string[] = [];
  if (!isRecord(json)) return { ok: false, problems: [`is ${show(json)}: must be an object`] };
  for (const key of Object.keys(json)) {
    if (key !== 'name' && key !== 'tokens') problems.push(unknownKey(key, '', ['name', 'tokens']));
  }
  const { name } = json;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name)) {
    problems.push(`name: ${show(name)}: must be a word of lower-case letters, digits and hyphens`);
  }
  const looks: Partial<Record<Token, Look>> = {};
  if (!isRecord(json.tokens)) {
    problems.push(
      `tokens: ${show(json.tokens)}: must be an object with a look for each of ${tokens.join(', ')}`,
    );
  } else {
    for (const key of Object.keys(json.tokens)) {
      if (!isToken(key)) problems.push(unknownKey(key, 'tokens.', tokens));
    }
    for (const token of tokens) {
      const look = json.tokens[token];
      if (look === undefined) problems.push(`tokens.${token}: is missing`);
      else looks[token] = parseLook(look, `tokens.${token}`, problems);
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, theme: { name: name as string, looks: looks as Record<Token, Look> } };
}

const lookKeys = ['color', 'ansi', 'background', 'ansiBackground', 'attributes'] as const;

function parseLook(json: unknown, at: string, problems: string[]): Look {
  if (!isRecord(json)) {
    problems.push(`${at}: ${show(json)}: must be an object such as { "color": "#80c080", "ansi": "green" }`);
    return { attributes: [] };
  }
  for (const key of Object.keys(json)) {
    if (!(lookKeys as readonly string[]).includes(key)) problems.push(unknownKey(key, `${at}.`, lookKeys));
  }
  const color = parseColor(json, 'color', 'ansi', at, problems);
  const background = parseColor(json, 'background', 'ansiBackground', at, problems);
  const list = json.attributes ?? [];
  if (!Array.isArray(list)) {
    problems.push(`${at}.attributes: ${show(list)}: must be a list of ${attributes.join(', ')}`);
  }
  const known: Attribute[] = [];
  for (const entry of Array.isArray(list) ? list : []) {
    if (isAttribute(entry)) known.push(entry);
    else problems.push(`${at}.attributes: ${show(entry)}: must be one of ${attributes.join(', ')}`);
  }
  return {
    ...(color === undefined ? {} : { color }),
    ...(background === undefined ? {} : { background }),
    attributes: known,
  };
}

function parseColor(
  json: Record<string, unknown>,
  rgbKey: 'color' | 'background',
  ansiKey: 'ansi' | 'ansiBackground',
  at: string,
  problems: string[],
): Color | undefined {
  const { [rgbKey]: rgb, [ansiKey]: ansi } = json;
  if (rgb === undefined && ansi === undefined) return undefined;
  const hex = typeof rgb === 'string' ? /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(rgb) : null;
  if (hex === null) problems.push(`${at}.${rgbKey}: ${show(rgb)}: must be a colour such as "#80c0ff"`);
  if (!isAnsiColor(ansi)) {
    problems.push(
      `${at}.${ansiKey}: ${show(ansi)}: must be one of ${ansiColors.join(', ')} (shown where ${rgbKey} cannot be)`,
    );
  }
  if (hex === null || !isAnsiColor(ansi)) return undefined;
  const channel = (index: number) => Number.parseInt(hex[index] ?? '', 16);
  return { rgb: [channel(1), channel(2), channel(3)], ansi };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isToken(value: string): value is Token {
  return (tokens as readonly string[]).includes(value);
}

function isAttribute(value: unknown): value is Attribute {
  return (attributes as readonly unknown[]).includes(value);
}

function isAnsiColor(value: unknown): value is AnsiColor {
  return (ansiColors as readonly unknown[]).includes(value);
}

function unknownKey(key: string, at: string, known: readonly string[]): string {
  return `${at}${key.slice(0, 40)}: is not known here: must be one of ${known.join(', ')}`;
}

function show(value: unknown): string {
  return value === undefined ? 'is missing' : (JSON.stringify(value)?.slice(0, 60) ?? String(value));
}
