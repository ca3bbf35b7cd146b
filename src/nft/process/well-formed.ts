// nft 1.0.6 says nothing of JSON that it cannot read: it exits with 0 and has done nothing. So it is never given any: texts with
// a NUL or half a surrogate pair, which its JSON library refuses, are found before.

import type { Json } from '../json.ts';

/** The first text in it that nft would not read; undefined where there is none. */
export function unreadableText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? value : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value}`;
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = unreadableText(key) ?? unreadableText(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
