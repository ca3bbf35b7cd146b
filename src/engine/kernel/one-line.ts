// What nft says, as a screen shows it: one safe line of bounded length.

import { safe } from '../../domain/safe.ts';

const longest = 300;

export function oneLine(text: string): string {
  return safe(text.replaceAll(/\s+/g, ' '), longest);
}
