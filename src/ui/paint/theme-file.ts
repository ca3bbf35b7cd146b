// Reads themes: the ones that come with Sluice by name, an operator's own by path.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ColorDepth } from './color-depth.ts';
import { prefersLight } from './color-depth.ts';
import { parseTheme, type Theme } from './theme.ts';

export class ThemeError extends Error {
  override readonly name = 'ThemeError';
}

/** The package's themes/ folder, from the source tree as from the bundle. */
export function themesDirectory(from: string = import.meta.dirname): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'themes');
    if (existsSync(join(candidate, 'dark.json'))) return candidate;
    if (directory === dirname(directory))
      throw new ThemeError(`no themes folder above ${from}: install Sluice again`);
  }
}

/** @throws ThemeError that names the file, each key and value that is wrong, and what is right */
export async function loadTheme(nameOrFile: string, directory = themesDirectory()): Promise<Theme> {
  const isFile = /[/\\]|\.json$/.test(nameOrFile);
  const file = isFile ? nameOrFile : join(directory, `${nameOrFile}.json`);
  const text = await readFile(file, 'utf8').catch(async (cause: NodeJS.ErrnoException) => {
    if (isFile || cause.code !== 'ENOENT') {
      throw new ThemeError(`theme ${file}: cannot be read: ${cause.message}`, { cause });
    }
    const names = await themeNames(directory);
    throw new ThemeError(
      `theme "${nameOrFile}" does not exist: choose one of ${names.join(', ')}, or give the path of a .json file`,
    );
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ThemeError(`theme ${file}: is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = parseTheme(json);
  if (!result.ok)
    throw new ThemeError(result.problems.map((problem) => `theme ${file}: ${problem}`).join('\n'));
  return result.theme;
}

export async function themeNames(directory = themesDirectory()): Promise<readonly string[]> {
  const files = await readdir(directory);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** The theme asked for, or the one that fits; without colours always the monochrome one, whose states differ by attributes. */
export async function chooseTheme(
  asked: string | undefined,
  depth: ColorDepth,
  env: Readonly<Record<string, string | undefined>>,
  directory = themesDirectory(),
): Promise<Theme> {
  // Read even when it is not shown: a mistake in it should be told.
  const theme = await loadTheme(asked ?? (prefersLight(env) ? 'light' : 'dark'), directory);
  return depth === 'none' ? loadTheme('monochrome', directory) : theme;
}
