// The undo of a write-back, of whatever was written: the file is as before, and what runs stays as it is, by the override
// that held then.

import type { JournalEntry } from '../domain/journal.ts';
import type { Prepared, Refused } from './commands.ts';
import type { Journal, WrittenText } from './journal.ts';
import { type FileEdits, type Held, linesText } from './write-back.ts';

export async function prepareWriteBackUndo(
  entry: JournalEntry,
  written: WrittenText,
  undo: {
    /** Of the journal: "web/app1". */
    readonly subject: string;
    readonly edits: FileEdits;
    readonly journal: Pick<Journal, 'undone'>;
    save(): Promise<void>;
    /** What holds again with the former text. */
    held(): Held;
    /** "web/app1 stays drain, weight 100, as an override", once it is so. */
    text(): string;
  },
): Promise<Prepared | Refused> {
  const { subject, edits, journal } = undo;
  const edit = await edits.ofUndo(written);
  if ('result' in edit) return edit;
  return {
    result: 'prepared',
    subject,
    text: undoText(entry),
    before: linesText(edit, 'was'),
    async carryOut(id) {
      const done = await edits.carryOut(edit, undo.held());
      if (done.result !== 'done') return done;
      journal.undone(entry.id, id);
      await undo.save();
      return {
        result: 'done',
        after: linesText(edit, 'is'),
        text: `${undo.text()}; ${edit.file} is as before (${done.text})`,
      };
    },
  };
}

export function undoText({ actor, text }: JournalEntry): string {
  return `undo of ${actor.name}'s "${text}"`;
}
