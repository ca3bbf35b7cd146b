// A plain value that was read from YAML, with the lines of its keys. Whoever reads it takes nothing for granted: what is of
// another kind reads as missing.

import type { Place } from './from-kubernetes.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The line of each key of a map, and of each entry of a list ("0", "1", …), from 1 in its piece of the text. */
export type Lines = WeakMap<object, Readonly<Record<string, number>>>;

export class Located {
  readonly value: unknown;
  readonly file: string;
  readonly line: number;
  readonly #lines: Lines;
  readonly #before: number;

  /** @param before lines of the file before the piece of text */
  constructor(value: unknown, place: Place, lines: Lines, before = 0) {
    this.value = value;
    this.file = place.file;
    this.line = place.line;
    this.#lines = lines;
    this.#before = before;
  }

  /** What stands there, with the line of its key; of what is missing, the line of the nearest thing around it. */
  at(...steps: readonly string[]): Located {
    let { value, line } = this;
    for (const step of steps) {
      line = this.#lineOf(value, step) ?? line;
      value = isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    }
    return new Located(value, { file: this.file, line }, this.#lines, this.#before);
  }

  #lineOf(value: unknown, step: string): number | undefined {
    const line = typeof value === 'object' && value !== null ? this.#lines.get(value)?.[step] : undefined;
    return line === undefined ? undefined : line + this.#before;
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Undefined where it is no text, or empty: Kubernetes writes "" for what is not set. */
  get text(): string | undefined {
    return typeof this.value === 'string' && this.value !== '' ? this.value : undefined;
  }

  /** Of a label, an annotation or a port, where people forget the quotation marks. */
  get looseText(): string | undefined {
    const { value } = this;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : this.text;
  }

  get integer(): number | undefined {
    return Number.isSafeInteger(this.value) ? (this.value as number) : undefined;
  }

  get items(): Located[] {
    const { value } = this;
    if (!Array.isArray(value)) return [];
    return value.map((item: unknown, index) => {
      const line = this.#lineOf(value, String(index)) ?? this.line;
      return new Located(item, { file: this.file, line }, this.#lines, this.#before);
    });
  }

  get keys(): string[] {
    return isFields(this.value) ? Object.keys(this.value) : [];
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
