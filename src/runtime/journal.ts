// The journal: who did what, and what happened by itself. The newest entries are in the model; all of them are in a file
// where one is configured, an act's before it is carried out.

import { type FileHandle, mkdir, open as openFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { Command } from '../domain/command.ts';
import type { DrainJob } from '../domain/drain.ts';
import type { Actor, JournalEntry } from '../domain/journal.ts';
import type { BlockEntity } from '../domain/kernel.ts';
import type { ServerKey } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import type { Termination } from '../domain/tls.ts';
import { parseJournal } from './journal-file.ts';
import type { ModelStore } from './model-store.ts';
import type { Override, Wished } from './overrides.ts';
import type { HeldShape } from './shape/held-shape.ts';

/** What an undo restores, and what must still hold for it. */
export type UndoRecord = ServerUndo | RouteUndo | ShapeUndo | EndpointUndo | BlockUndo;

export interface ServerUndo {
  readonly server: ServerKey;
  readonly before: Override;
  readonly after: Override;
  /** The drain job that the act ended or changed; null where it began one; nothing where it left jobs alone. */
  readonly job?: DrainJob | null;
  /** Of a write-back: what is to be put back into the configuration's file. */
  readonly written?: WrittenText;
}

/** Of a blocked address. Null: not blocked. */
export interface BlockUndo {
  readonly block: string;
  readonly before: BlockEntity | null;
  readonly after: BlockEntity | null;
}

/** Of a route's TLS mode. Null: no override, the configuration's own. */
export interface RouteUndo {
  readonly route: string;
  readonly before: Wished<Termination> | null;
  readonly after: Wished<Termination> | null;
  readonly written?: WrittenText;
}

/** Of overrides of shape, by drift key, in the order of the act. Null: none. */
export interface ShapeUndo {
  readonly shape: readonly {
    readonly key: string;
    readonly before: HeldShape | null;
    readonly after: HeldShape | null;
  }[];
  readonly written?: WrittenText;
}

/** Of one endpoint of a service. Null: ready, as configured. */
export interface EndpointUndo {
  readonly endpoint: string;
  readonly service: ServerKey;
  readonly before: Wished<'drain'> | null;
  readonly after: Wished<'drain'> | null;
}

/** One stretch of a file that was replaced. */
export interface WrittenText {
  /** SHA-256 of the whole text as it was written, in hex. */
  readonly hash: string;
  /** In UTF-16 units: where the stretch is now, and how long. */
  readonly at: number;
  readonly length: number;
  readonly was: string;
}

export interface Act {
  readonly actor: Actor;
  readonly subject: string;
  readonly text: string;
  readonly command: Command;
  readonly before?: string;
}

export interface ActResult {
  readonly result: 'done' | 'refused' | 'unknown';
  readonly severity: JournalEntry['severity'];
  readonly after?: string;
  /** Added to the text: why it was refused, what the engine said. */
  readonly note?: string;
  readonly undo?: UndoRecord;
}

export interface Happening {
  readonly subject: string;
  readonly text: string;
  readonly severity: JournalEntry['severity'];
  /** "check", "drain job", "engine", … */
  readonly from: string;
}

export interface Journal {
  /** Until then nothing is read or written. Answers a warning where the file cannot be used. */
  open(): Promise<string | undefined>;
  /** Resolves once it is written down. */
  begin(act: Act): Promise<number>;
  complete(id: number, result: ActResult): void;
  event(happening: Happening): void;
  entry(id: number): JournalEntry | undefined;
  undoOf(id: number): UndoRecord | undefined;
  newestUndoable(): number | undefined;
  undone(id: number, by: number): void;
  /** What these acts did is over by itself: there is nothing to undo any more. */
  settled(is: (undo: UndoRecord) => boolean): void;
  close(): Promise<void>;
}

const kept = 500;
const readBackBytes = 512 * 1024;

export function createJournal(path: string | undefined, store: ModelStore, clock: Clock): Journal {
  const undos = new Map<number, UndoRecord>();
  let nextId = 1;
  let file: FileHandle | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let fileFailed = false;

  async function open(): Promise<string | undefined> {
    if (path === undefined) return undefined;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      file = await openFile(path, 'a+', 0o600);
      const { entries, undos: saved, newestId } = await readBack(path, file);
      nextId = newestId + 1;
      for (const entry of entries.slice(-kept)) store.set('journal', String(entry.id), entry);
      for (const [id, undo] of saved) if (store.model.journal.has(String(id))) undos.set(id, undo);
      return undefined;
    } catch (error) {
      return `journal ${path} cannot be used: ${(error as Error).message}; acts are remembered in memory only`;
    }
  }

  function write(line: object, durable: boolean): Promise<void> {
    const handle = file;
    if (!handle) return Promise.resolve();
    const done = writing.then(async () => {
      // What a write that failed left of its line must not swallow this one.
      await handle.appendFile(`${fileFailed ? '\n' : ''}${JSON.stringify(line)}\n`);
      if (durable) await handle.datasync();
      fileFailed = false;
    });
    writing = done.catch((error: Error) => {
      if (fileFailed) return;
      // Told once, until it can be written again. An operator with a full disk must still be able to act.
      fileFailed = true;
      put({
        ...blank(),
        kind: 'event',
        actor: { name: 'runtime', from: 'journal' },
        subject: 'journal',
        text: `journal file cannot be written: ${error.message}`,
        severity: 'bad',
      });
    });
    return writing as Promise<void>;
  }

  const blank = (): { id: number; at: number } => ({ id: nextId++, at: clock.now() });

  /** Answers what may be written down. */
  function put(entry: JournalEntry): JournalEntry {
    // Errors of the engine and of files end up here: one safe line each, and not an endless one.
    const shown = { ...entry, text: safe(entry.text, 1_000) };
    store.set('journal', String(entry.id), shown);
    for (const key of store.model.journal.keys()) {
      if (store.model.journal.size <= kept) break;
      store.remove('journal', key);
      undos.delete(Number(key));
    }
    return shown;
  }

  const entryOf = (id: number): JournalEntry | undefined => store.model.journal.get(String(id));

  return {
    open,

    async begin({ actor, subject, text, command, before }) {
      const entry: JournalEntry = {
        ...blank(),
        kind: 'act',
        actor,
        subject,
        text,
        severity: 'note',
        command,
        ...(before !== undefined && { before }),
      };
      await write(put(entry), true);
      return entry.id;
    },

    complete(id, { result, severity, after, note, undo }) {
      const begun = entryOf(id);
      if (!begun) return;
      const entry: JournalEntry = {
        ...begun,
        text: note === undefined ? begun.text : `${begun.text}: ${note}`,
        severity,
        result,
        ...(after !== undefined && { after }),
        ...(undo && { inverse: { kind: 'undo', entry: id } as const }),
      };
      if (undo) undos.set(id, undo);
      const shown = put(entry);
      void write(undo ? { ...shown, undo } : shown, false);
    },

    event({ subject, text, severity, from }) {
      const entry: JournalEntry = {
        ...blank(),
        kind: 'event',
        actor: { name: 'runtime', from },
        subject,
        text,
        severity,
      };
      void write(put(entry), false);
    },

    entry: entryOf,
    undoOf: (id) => undos.get(id),
    newestUndoable: () =>
      [...undos.keys()].reduce<number | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined),

    undone(id, by) {
      undos.delete(id);
      const entry = entryOf(id);
      if (!entry) return;
      const { inverse: _, ...rest } = entry;
      put({ ...rest, undoneBy: by });
      void write({ ...rest, undoneBy: by }, false);
    },

    settled(is) {
      for (const [id, undo] of undos) {
        if (!is(undo)) continue;
        undos.delete(id);
        const entry = entryOf(id);
        if (!entry) continue;
        const { inverse: _, ...rest } = entry;
        put(rest);
        void write(rest, false);
      }
    },

    async close() {
      await writing;
      await file?.close();
      file = undefined;
    },
  };
}

async function readBack(path: string, file: FileHandle): Promise<ReturnType<typeof parseJournal>> {
  const { size } = await stat(path);
  const from = Math.max(0, size - readBackBytes);
  const buffer = Buffer.alloc(size - from);
  await file.read(buffer, 0, buffer.length, from);
  const text = buffer.toString('utf8');
  // A line cut by a crash must not swallow the next one.
  if (size > 0 && !text.endsWith('\n')) await file.appendFile('\n');
  return parseJournal(from > 0 ? text.slice(text.indexOf('\n') + 1) : text);
}
