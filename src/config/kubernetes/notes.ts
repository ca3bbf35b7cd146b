// What was not understood, left out or is served otherwise, with where it stands. Foreign text is made safe here, and only
// here; what may be a key is not repeated.

import { safe } from '../../domain/safe.ts';
import { isPem } from '../pem-text.ts';
import type { Note, Place } from './from-kubernetes.ts';

export type Severity = Note['severity'];

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

export class Notes {
  readonly #notes: Note[] = [];

  add(severity: Severity, { file, line }: Place, text: string): void {
    this.#notes.push({ file, line, severity, text: safe(text, 400) });
  }

  /** By file, as they were named; in each by line, the worst first. */
  inOrder(files: readonly string[]): readonly Note[] {
    const order = new Map(files.map((file, index) => [file, index]));
    return this.#notes.sort(
      (a, b) =>
        (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
        a.line - b.line ||
        ranks[a.severity] - ranks[b.severity],
    );
  }
}

/** A value in a note: short, and never what may be a key. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  if (isPem(text)) return '"-----BEGIN …"';
  return `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A foreign key in a note: as it is where it is a plain word. */
export function keyText(key: string): string {
  return /^[\w./-]{1,80}$/.test(key) ? key : quoted(key);
}
