// Walking raw values with their paths. Nothing is taken for granted: what is of another kind reads as missing, because
// the schema reports it.

import type { Finding, Path } from './problem.ts';
import { valueAt } from './source.ts';

export interface Found {
  readonly value: unknown;
  readonly path: Path;
}

export const at = ({ value, path }: Found, ...steps: Path): Found => ({
  value: valueAt(value, steps),
  path: [...path, ...steps],
});

export const items = ({ value, path }: Found): Found[] =>
  Array.isArray(value) ? value.map((item: unknown, index) => ({ value: item, path: [...path, index] })) : [];

export const textOf = ({ value }: Found): string | undefined =>
  typeof value === 'string' ? value : undefined;

export const isThere = ({ value }: Found): boolean => value !== undefined;

/** Each name that was there before. `remedy` for the one found again. */
export function duplicates(
  kind: string,
  names: readonly Found[],
  remedy: (name: Found) => string = () => 'choose another name',
): Finding[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const text = textOf(name);
    if (text === undefined) return [];
    if (seen.has(text))
      return [{ path: name.path, message: `the ${kind} "${text}" is there twice`, remedy: remedy(name) }];
    seen.add(text);
    return [];
  });
}
