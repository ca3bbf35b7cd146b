// The journal's lines read back: an entry is written again when it changes, so the last line of an id counts.

import * as z from 'zod';
import type { JournalEntry } from '../domain/journal.ts';
import { drain, journalEntry } from '../protocol/schemas/entities.ts';
import { block, blockAddress, endpointAddress } from '../protocol/schemas/kernel.ts';
import { shapeChange } from '../protocol/schemas/shape.ts';
import {
  adminState,
  amount,
  count,
  line,
  routeName,
  serverKey,
  termination,
} from '../protocol/schemas/words.ts';
import type { UndoRecord } from './journal.ts';

const override = z.object({
  admin: z.object({ value: adminState, by: line, at: amount }).exactOptional(),
  weight: z.object({ value: count, by: line, at: amount }).exactOptional(),
});
const writtenText = z.object({ hash: line, at: count, length: count, was: z.string() });
const mode = z.object({ value: termination, by: line, at: amount }).nullable();
const shape = z.object({ value: shapeChange, by: line, at: amount }).nullable();
const endpointDrain = z.object({ value: z.literal('drain'), by: line, at: amount }).nullable();
const written = journalEntry.extend({
  undo: z
    .union([
      z.object({
        server: serverKey,
        before: override,
        after: override,
        job: drain.nullable().exactOptional(),
        written: writtenText.exactOptional(),
      }),
      z.object({ route: routeName, before: mode, after: mode, written: writtenText.exactOptional() }),
      z.object({
        shape: z.array(z.object({ key: line, before: shape, after: shape })),
        written: writtenText.exactOptional(),
      }),
      z.object({
        endpoint: endpointAddress,
        service: serverKey,
        before: endpointDrain,
        after: endpointDrain,
      }),
      z.object({ block: blockAddress, before: block.nullable(), after: block.nullable() }),
    ])
    .exactOptional(),
});

/** Lines that make no sense (cut by a crash, of another version) are passed over. */
export function parseJournal(text: string): {
  readonly entries: readonly JournalEntry[];
  readonly undos: ReadonlyMap<number, UndoRecord>;
  readonly newestId: number;
} {
  const entries = new Map<number, JournalEntry>();
  const undos = new Map<number, UndoRecord>();
  let newestId = 0;
  for (const raw of text.split('\n')) {
    const parsed = written.safeParse(jsonOf(raw));
    if (!parsed.success) continue;
    const { undo, ...entry } = parsed.data;
    entries.set(entry.id, entry);
    if (undo && entry.undoneBy === undefined) undos.set(entry.id, undo);
    else undos.delete(entry.id);
    newestId = Math.max(newestId, entry.id);
  }
  return {
    entries: [...entries.values()]
      .sort((a, b) => a.id - b.id)
      // Begun and never completed: the runtime ended in between.
      .map((entry) =>
        entry.kind === 'act' && entry.result === undefined ? { ...entry, result: 'unknown' } : entry,
      ),
    undos,
    newestId,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
