// Undo of what was done to the shape: the exact former overrides, while nobody changed them since.

import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Prepared, Refused } from '../commands.ts';
import type { Journal, ShapeUndo } from '../journal.ts';
import { incapable, refuse } from '../server-commands.ts';
import { subjectOfShape } from '../wording.ts';
import type { FileEdits } from '../write-back.ts';
import { prepareWriteBackUndo, undoText } from '../write-back-undo.ts';
import { isAbout, withHeld } from './held-shape.ts';
import { type Plans, plansOf } from './plans.ts';
import { putShape, type ShapeContext } from './shape-commands.ts';
import { shapeText } from './shape-wording.ts';

/** Why an act upon the shape cannot be taken back now. */
export function shapeUndoFault(
  { shape }: ShapeUndo,
  { engine, plans }: Pick<ShapeContext, 'engine' | 'plans'>,
): Refused | undefined {
  const unable = incapable(engine, 'shards');
  if (unable) return unable;
  const { configured, running, shape: held } = plans();
  for (const { key, before, after } of shape) {
    const change = (before ?? after)!.value;
    const subject = subjectOfShape(change);
    if (!isAbout(change, configured))
      return refuse(
        change.kind === 'relabel' ? 'no-such-route' : 'no-such-shard',
        `${subject} is not in the configuration any more`,
      );
    const now = held.get(key) ?? null;
    if (!isDeepStrictEqual(now, after))
      return refuse(
        'changed-since',
        `${key} was changed since: now ${shapeText(now?.value ?? change, running)}${now ? `, by ${now.by}` : ''}`,
        'set what you want instead',
      );
  }
  return undefined;
}

/** The plans that it leads back to. */
export function plansUndone({ shape }: ShapeUndo, { configured, shape: held }: Plans): Plans {
  return plansOf(configured, withHeld(held, formerly(shape)));
}

function formerly(shape: ShapeUndo['shape']): Parameters<typeof withHeld>[1] {
  return new Map(shape.map(({ key, before }) => [key, before]));
}

export function subjectOfUndo({ shape }: ShapeUndo): string {
  const subjects = shape.map(({ before, after }) => subjectOfShape((before ?? after)!.value));
  return [...new Set(subjects)].join(', ');
}

export async function prepareShapeUndo(
  entry: JournalEntry,
  record: ShapeUndo,
  journal: Journal,
  context: ShapeContext,
  edits: FileEdits,
): Promise<Prepared | Refused> {
  const subject = subjectOfUndo(record);
  if (record.written)
    return prepareWriteBackUndo(entry, record.written, {
      subject,
      edits,
      journal,
      save: () => context.save(),
      held: () => ({ shape: withHeld(context.plans().shape, formerly(record.shape)) }),
      text: () => `what runs stays as it is, with an override of ${subject}`,
    });
  return {
    result: 'prepared',
    subject,
    text: undoText(entry),
    before: `plan ${context.plans().running.hash}`,
    async carryOut(id) {
      const done = await putShape(plansUndone(record, context.plans()), context);
      if (done.result !== 'done') return done;
      journal.undone(entry.id, id);
      return { ...done, text: `${done.text} (undone: ${entry.text}, by ${entry.actor.name})` };
    },
  };
}
