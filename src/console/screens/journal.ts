// The Journal: who did what, from where, what it was before, what the engine confirmed. Newest first.

import type { JournalEntry } from '../../domain/journal.ts';
import { type Block, scrolledPart } from '../block.ts';
import { fact, heading, longFact } from '../facts.ts';
import type { Line, Span } from '../frame.ts';
import { newestEntries, severitySign, severityTone, shownSubject, textBeside } from '../journal-line.ts';
import type { Area } from '../layout.ts';
import { type ListShape, settleCursor } from '../list-cursor.ts';
import { blank, line, muted, selectedWhen, span } from '../spans.ts';
import type { JournalState } from '../state.ts';
import { type Column, headOfTable, placeColumns, rowOfTable } from '../table.ts';
import type { View } from '../view.ts';

export function journalList(
  view: View,
  height: number,
): ListShape & { readonly entries: readonly JournalEntry[] } {
  const entries = newestEntries(view);
  return { entries, keys: entries.map(({ id }) => String(id)), rows: Math.max(1, height - 1) };
}

export function journalScreen(view: View, state: JournalState, area: Area): Block {
  if (state.open !== undefined) {
    const lines = entryDetail(view, state.open.entry, area.width);
    return { lines: scrolledPart(lines, state.open.top, area.height) };
  }
  const list = journalList(view, area.height);
  if (list.entries.length === 0)
    return {
      lines: [
        blank,
        line(muted('   Nothing happened yet. Every act and every change of state is kept here.')),
      ],
    };
  const cursor = settleCursor(state.cursor, list);
  const placed = placeColumns(columns(view), area.width - 3);
  return {
    lines: [
      headOfTable(placed, 2),
      ...list.entries.slice(cursor.top, cursor.top + list.rows).map((entry, index) => {
        const selected = cursor.top + index === cursor.index;
        return selectedWhen(selected, {
          spans: [span(selected ? '› ' : '  ', 'accent'), ...rowOfTable(placed, entry)],
        });
      }),
    ],
  };
}

function columns(view: View): Column<JournalEntry>[] {
  return [
    { title: 'time', width: 8, cell: ({ at }) => muted(view.timeOfDay(at)) },
    { title: '', width: 1, cell: (entry) => span(severitySign(entry), severityTone(entry.severity)) },
    { title: 'object', width: 12, upTo: 16, cell: (entry) => span(shownSubject(entry)) },
    {
      title: 'what',
      width: 24,
      upTo: 90,
      cell: whatCell,
    },
    {
      title: 'by',
      width: 8,
      upTo: 10,
      cell: ({ actor, kind }) => (kind === 'act' ? span(actor.name) : muted(actor.name)),
    },
    { title: 'from', width: 12, spare: 2, cell: ({ actor }) => muted(actor.from) },
    // Wider than its words, so that on 80 columns the text has the room.
    { title: 'undo', width: 20, spare: 1, cell: undoCell },
  ];
}

/** What did not come about is said before anything else: no narrow column may hide it. */
function whatCell(entry: JournalEntry): Span[] {
  const { severity, result } = entry;
  return [
    ...(result === undefined || result === 'done' ? [] : [span(`${result}: `, 'warning', true)]),
    span(textBeside(entry), severity === 'bad' ? 'bad' : 'text'),
  ];
}

function undoCell(entry: JournalEntry): Span {
  if (entry.undoneBy !== undefined) return muted(`undone by ${entry.undoneBy}`);
  return whyNotUndoable(entry) === undefined ? span('u undoes', 'good') : span('');
}

export function entryDetail(view: View, key: string, width: number): Line[] {
  const entry = view.model.journal.get(key);
  if (entry === undefined) return [blank, line(muted(` Entry ${key} is not kept any more. Esc goes back.`))];
  return [
    heading(`${entry.subject}: ${entry.text}`),
    blank,
    fact('when', span(view.timeOfDay(entry.at)), muted(`  ${new Date(entry.at).toISOString()}`)),
    fact('who', span(entry.actor.name), muted(`  from ${entry.actor.from}`)),
    ...(entry.before === undefined ? [] : longFact('before', entry.before, width)),
    ...(entry.after === undefined ? [] : longFact('after', entry.after, width)),
    fact('confirmed', span(entry.result ?? '–', entry.result === 'done' ? 'good' : 'text')),
    fact('undo', muted(undoText(entry))),
  ];
}

/** Why an entry cannot be undone; undefined where it can. */
export function whyNotUndoable(entry: JournalEntry): string | undefined {
  if (entry.undoneBy !== undefined) return `entry ${entry.id} was undone by ${entry.undoneBy} already`;
  if (entry.kind === 'event') return 'what happened by itself cannot be undone';
  if (entry.inverse === undefined) return `"${entry.text}" cannot be undone`;
  return undefined;
}

function undoText(entry: JournalEntry): string {
  return whyNotUndoable(entry) ?? 'u brings back what was before';
}
