// One journal entry on one line, and where it is shown among others.

import type { JournalEntry } from '../domain/journal.ts';
import type { Line, Tone } from './frame.ts';
import { line, muted, span } from './spans.ts';
import type { View } from './view.ts';

export function severityTone(severity: JournalEntry['severity']): Tone {
  switch (severity) {
    case 'good':
      return 'good';
    case 'note':
      return 'text';
    case 'warning':
      return 'warning';
    case 'bad':
      return 'bad';
  }
}

export function severitySign(entry: JournalEntry): string {
  if (entry.undoneBy !== undefined) return '↶';
  switch (entry.severity) {
    case 'good':
      return '●';
    case 'note':
      return '·';
    case 'warning':
      return '▲';
    case 'bad':
      return '▼';
  }
}

const sorted = new WeakMap<View, readonly JournalEntry[]>();

/** Newest first; sorted once for each view. */
export function newestEntries(view: View, subject?: string): readonly JournalEntry[] {
  const entries = sorted.get(view) ?? [...view.model.journal.values()].sort((a, b) => b.id - a.id);
  sorted.set(view, entries);
  return subject === undefined ? entries : entries.filter((entry) => entry.subject === subject);
}

/** Of a file its name: its folders would fill a narrow column, and stand in the entry's detail. */
export function shownSubject({ subject }: JournalEntry): string {
  return subject.startsWith('/') ? subject.slice(subject.lastIndexOf('/') + 1) : subject;
}

/** "default/2 died" of default/2 is "died" where the subject stands before it, or above: the cells are needed for why. */
export function textBeside({ subject, text }: JournalEntry): string {
  return text.startsWith(`${subject} `) ? text.slice(subject.length + 1) : text;
}

export function entryLine(entry: JournalEntry, view: View, withSubject = true): Line {
  const by = entry.kind === 'act' ? ` by ${entry.actor.name}` : '';
  const result = entry.result === undefined || entry.result === 'done' ? '' : ` (${entry.result})`;
  return line(
    muted(` ${view.timeOfDay(entry.at)}  `),
    span(`${severitySign(entry)} `, severityTone(entry.severity)),
    ...(withSubject ? [span(`${shownSubject(entry)} `)] : []),
    span(textBeside(entry), entry.severity === 'bad' ? 'bad' : 'text'),
    span(result, 'warning'),
    muted(by),
  );
}
