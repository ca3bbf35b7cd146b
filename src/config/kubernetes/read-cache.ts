// What pieces of text came to when they were read, so that a folder that is read again costs what changed in it alone.
// Held by the hash of the text, and only as long as the next reading still needs it.

import { createHash } from 'node:crypto';
import type { Lines } from './located.ts';

/** The documents of one piece; lines count from its first one, which is 1. */
export interface ReadPiece {
  readonly roots: readonly { readonly value: unknown; readonly line: number }[];
  readonly lines: Lines;
}

export class ReadCache {
  #recent: ReadonlyMap<string, ReadPiece> = new Map();
  #now = new Map<string, ReadPiece>();

  read(text: string, parse: () => ReadPiece): ReadPiece {
    const key = createHash('sha256').update(text).digest('base64');
    const known = this.#now.get(key) ?? this.#recent.get(key) ?? parse();
    this.#now.set(key, known);
    return known;
  }

  /** A reading is over: what it did not need is forgotten. */
  turn(): void {
    this.#recent = this.#now;
    this.#now = new Map();
  }
}
