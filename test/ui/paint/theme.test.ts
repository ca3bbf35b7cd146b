import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { colorDepth } from '../../../src/ui/paint/color-depth.ts';
import { createPalette, type Palette } from '../../../src/ui/paint/palette.ts';
import { transition, plain as unstyled } from '../../../src/ui/paint/sgr.ts';
import { parseTheme, type Token, tokens } from '../../../src/ui/paint/theme.ts';
import { chooseTheme, loadTheme, themeNames } from '../../../src/ui/paint/theme-file.ts';

const plain = Object.fromEntries(tokens.map((token) => [token, {}]));
const names = ['colour-blind', 'dark', 'high-contrast', 'light', 'monochrome'];

function sequence(palette: Palette, token: Token, selected: boolean): string {
  return transition(unstyled, palette.style(token, selected, false)).sequence;
}

describe('the themes that come with Sluice', () => {
  it('are these', async () => {
    expect(await themeNames()).toEqual(names);
  });

  it.each(names)('%s is right and named after its file', async (name) => {
    expect((await loadTheme(name)).name).toBe(name);
  });

  it.each(names)('%s tells bad, warning and good apart at every depth', async (name) => {
    const theme = await loadTheme(name);
    for (const depth of ['16', '256', 'truecolor'] as const) {
      const palette = createPalette(theme, depth);
      // On the row under the cursor 16 colours could not be read.
      for (const selected of depth === '16' ? [false] : [false, true]) {
        const looks = (['bad', 'warning', 'good'] as const).map((tone) => sequence(palette, tone, selected));
        expect(new Set(looks).size).toBe(3);
      }
    }
  });

  it('monochrome tells the states apart without any colour', async () => {
    const palette = createPalette(await loadTheme('monochrome'), 'none');
    const looks = (['good', 'warning', 'bad', 'drain', 'maint', 'unknown', 'stale'] as const).map((tone) =>
      sequence(palette, tone, false),
    );
    expect(new Set(looks).size).toBe(looks.length);
    expect(looks.join('')).not.toMatch(/\u001b\[(3|4|9|10)\d/);
    expect(sequence(palette, 'bad', true)).not.toBe(sequence(palette, 'text', true));
  });

  it.each(['dark', 'high-contrast', 'colour-blind'])('%s can be read on black', async (name) => {
    const { looks } = await loadTheme(name);
    for (const token of tokens) {
      const { color, background } = looks[token];
      if (color === undefined || token === 'border') continue;
      expect(contrast(color.rgb, background?.rgb ?? [0, 0, 0]), token).toBeGreaterThan(4.5);
    }
  });

  it('light can be read on white', async () => {
    const { looks } = await loadTheme('light');
    for (const token of tokens) {
      const { color, background } = looks[token];
      if (color === undefined || token === 'border') continue;
      // What is stale should look it.
      expect(contrast(color.rgb, background?.rgb ?? [255, 255, 255]), token).toBeGreaterThan(
        token === 'stale' ? 3 : 4.5,
      );
    }
  });

  it.each(names)('%s can be read in the row under the cursor', async (name) => {
    const { looks } = await loadTheme(name);
    const under = looks.selected.background;
    for (const token of ['good', 'warning', 'bad', 'drain', 'maint', 'accent', 'title'] as const) {
      const { color } = looks[token];
      if (color === undefined || under === undefined) continue;
      expect(contrast(color.rgb, under.rgb), token).toBeGreaterThan(3);
    }
  });
});

/** WCAG 2.2, contrast ratio. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const luminance = (rgb: readonly number[]) =>
    rgb
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe('a theme that is wrong', () => {
  it.each<[string, unknown, string[]]>([
    ['no object', 7, ['is 7: must be an object']],
    [
      'no name',
      { tokens: plain },
      ['name: is missing: must be a word of lower-case letters, digits and hyphens'],
    ],
    [
      'a misspelt token',
      { name: 'x', tokens: { ...plain, god: {} } },
      [
        expect.stringContaining(
          'tokens.god: is not known here: must be one of text, muted',
        ) as unknown as string,
      ],
    ],
    ['a missing token', { name: 'x', tokens: { ...plain, good: undefined } }, ['tokens.good: is missing']],
    [
      'a colour by name',
      { name: 'x', tokens: { ...plain, good: { color: 'green', ansi: 'green' } } },
      ['tokens.good.color: "green": must be a colour such as "#80c0ff"'],
    ],
    [
      'no fallback',
      { name: 'x', tokens: { ...plain, good: { color: '#00ff00' } } },
      [
        expect.stringContaining(
          'tokens.good.ansi: is missing: must be one of black, red',
        ) as unknown as string,
      ],
    ],
    [
      'an unknown attribute, and more: all at once',
      { name: 'X Y', tokens: { ...plain, good: { attributes: ['blink'] } }, extra: 1 },
      [
        'extra: is not known here: must be one of name, tokens',
        'name: "X Y": must be a word of lower-case letters, digits and hyphens',
        'tokens.good.attributes: "blink": must be one of bold, dim, italic, underline, reverse',
      ],
    ],
  ])('%s', (_, json, problems) => {
    expect(parseTheme(json)).toEqual({ ok: false, problems });
  });
});

describe('loading a theme', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-theme-'));
    await writeFile(join(directory, 'own.json'), JSON.stringify({ name: 'own', tokens: plain }));
    await writeFile(join(directory, 'broken.json'), '{');
    await writeFile(
      join(directory, 'wrong.json'),
      JSON.stringify({ name: 'wrong', tokens: { ...plain, bad: 1 } }),
    );
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('takes a path', async () => {
    expect((await loadTheme(join(directory, 'own.json'))).name).toBe('own');
  });

  it.each([
    ['nope', /^theme "nope" does not exist: choose one of colour-blind, dark, .*, or give the path/],
    ['./nope.json', /^theme \.\/nope\.json: cannot be read: ENOENT/],
  ])('says what is wrong with %s', async (name, message) => {
    await expect(loadTheme(name)).rejects.toThrow(message);
  });

  it('names the file and the key', async () => {
    await expect(loadTheme(join(directory, 'broken.json'))).rejects.toThrow(/broken\.json: is not JSON/);
    await expect(loadTheme(join(directory, 'wrong.json'))).rejects.toThrow(
      /wrong\.json: tokens\.bad: 1: must be an object such as/,
    );
  });

  it.each([
    [undefined, 'truecolor', {}, 'dark'],
    [undefined, '256', { COLORFGBG: '0;15' }, 'light'],
    [undefined, '256', { COLORFGBG: '15;default;0' }, 'dark'],
    ['high-contrast', '16', {}, 'high-contrast'],
    ['high-contrast', 'none', {}, 'monochrome'],
  ] as const)('asked for %s at depth %s with %o: %s', async (asked, depth, env, name) => {
    expect((await chooseTheme(asked, depth, env)).name).toBe(name);
  });
});

describe('colour depth', () => {
  it.each([
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'truecolor'],
    [{ TERM: 'xterm-256color' }, '256'],
    [{ TERM: 'screen-256color', COLORTERM: '' }, '256'],
    [{ TERM: 'xterm-kitty' }, '256'],
    [{ TERM: 'xterm-direct' }, 'truecolor'],
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'linux' }, '16'],
    [{}, '16'],
    [{ TERM: 'vt220' }, 'none'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
  ] as const)('%o: %s', (env, depth) => {
    expect(colorDepth(env)).toBe(depth);
  });
});
