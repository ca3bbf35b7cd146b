// Commands, once each: remembered by id, one after another, journalled before the act and completed with what the
// engine confirmed.

import { isDeepStrictEqual } from 'node:util';
import type { Command, Outcome, RefusalCode } from '../domain/command.ts';
import type { Actor } from '../domain/journal.ts';
import type { CommandRequest } from './control/services.ts';
import type { ActResult, Journal, UndoRecord } from './journal.ts';
import type { ModelStore } from './model-store.ts';
import { commandText, subjectOf } from './wording.ts';

/** What carrying out one kind of command came to; commands.ts makes the journal entry and the outcome of it. */
export type Done =
  | {
      readonly result: 'done';
      readonly text: string;
      readonly after?: string;
      readonly severity?: ActResult['severity'];
      readonly undo?: UndoRecord;
      /** Nothing had to be done: no journal entry. */
      readonly nothing?: true;
    }
  | Refused
  | { readonly result: 'unknown'; readonly text: string };

export type Refused = {
  readonly result: 'refused';
  readonly code: RefusalCode;
  readonly text: string;
  readonly remedy?: string;
};

/** A command that may be carried out: what it acts on, and how. */
export interface Prepared {
  readonly result: 'prepared';
  readonly subject?: string;
  readonly text?: string;
  readonly before?: string;
  carryOut(entry: number): Promise<Done>;
}

export type Prepare = (
  command: Command,
  actor: Actor,
  from: CommandRequest['from'],
) => Answer | Promise<Answer>;

type Answer = Prepared | Refused | (Done & { result: 'done'; nothing: true });

export interface Commands {
  execute(request: CommandRequest): Promise<Outcome>;
  outcome(id: string, actor: Actor): Promise<Outcome> | undefined;
  /**
   * What the runtime does by itself goes through the same line, so that nothing changes a server at the same time.
   * `stillMeant` is asked when its turn comes: an operator's act before it may have settled the matter.
   */
  internally(command: Command, actor: Actor, stillMeant?: () => boolean): Promise<Outcome>;
  /**
   * The same for what is to be tried until it is confirmed. All attempts are one journal entry: answers which, where this
   * one was not confirmed and the next is to go on with it.
   */
  attempt(
    command: Command,
    actor: Actor,
    stillMeant: () => boolean,
    earlier: number | undefined,
  ): Promise<{ readonly outcome: Outcome; readonly entry?: number }>;
  /** Runs `work` when nothing else changes servers. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

const remembered = 2_000;

export function createCommands(options: {
  readonly store: ModelStore;
  readonly journal: Journal;
  readonly prepare: Prepare;
  /** What takes long, and changes nothing, before the command's turn comes; undefined where there is nothing. */
  readonly ahead?: (command: Command) => Promise<void> | undefined;
}): Commands {
  const { store, journal, prepare, ahead } = options;
  const byId = new Map<string, { readonly command: Command; readonly outcome: Promise<Outcome> }>();
  let line: Promise<unknown> = Promise.resolve();

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = line.then(work);
    line = result.catch(() => {});
    return result;
  }

  const run = async (request: Omit<CommandRequest, 'id'>): Promise<Outcome> =>
    (await carryOut(request)).outcome;

  async function carryOut(
    { command, actor, from }: Omit<CommandRequest, 'id'>,
    earlier?: number,
  ): Promise<{ outcome: Outcome; entry?: number }> {
    // Looked at when its turn comes: what the screen showed may have changed while it waited.
    const prepared = await prepare(command, actor, from);
    if (prepared.result === 'refused') return { outcome: refusalOutcome(prepared) };
    if (prepared.result === 'done')
      return { outcome: { result: 'done', seq: store.flush(), text: prepared.text } };
    const begun = earlier === undefined ? undefined : journal.entry(earlier);
    const entry =
      begun?.id ??
      (await journal.begin({
        actor,
        command,
        subject: prepared.subject ?? subjectOf(command),
        text: prepared.text ?? commandText(command),
        ...(prepared.before !== undefined && { before: prepared.before }),
      }));
    let done: Done;
    try {
      done = await prepared.carryOut(entry);
    } catch (error) {
      done = { result: 'unknown', text: error instanceof Error ? error.message : String(error) };
    }
    // The same once more is no news.
    const again = begun !== undefined && begun.result === done.result;
    switch (done.result) {
      case 'done':
        journal.complete(entry, {
          result: 'done',
          ...(begun && { note: 'confirmed when it was asked for again' }),
          severity: done.severity ?? 'note',
          ...(done.after !== undefined && { after: done.after }),
          ...(done.undo && { undo: done.undo }),
        });
        return {
          outcome: { result: 'done', ...(done.undo && { entry }), text: done.text, seq: store.flush() },
        };
      case 'refused':
        if (!again)
          journal.complete(entry, { result: 'refused', severity: 'warning', note: `refused: ${done.text}` });
        store.flush();
        return { outcome: refusalOutcome(done), entry };
      case 'unknown':
        if (!again)
          journal.complete(entry, { result: 'unknown', severity: 'bad', note: `unknown: ${done.text}` });
        store.flush();
        return { outcome: { result: 'unknown', text: done.text }, entry };
    }
  }

  function forget(): void {
    for (const id of byId.keys()) {
      if (byId.size <= remembered) return;
      byId.delete(id);
    }
  }

  return {
    alone,
    execute({ id, actor, command, from }) {
      const name = `${actor.name} ${id}`;
      const earlier = byId.get(name);
      if (earlier) {
        return isDeepStrictEqual(earlier.command, command)
          ? earlier.outcome
          : Promise.resolve(
              refusalOutcome({
                result: 'refused',
                code: 'bad-value',
                text: 'this id was used for another command',
              }),
            );
      }
      const work = () => run({ command, actor, ...(from && { from }) });
      // A connection is no server's state: ending one waits for nobody.
      const first = ahead?.(command);
      const inTurn = (): Promise<Outcome> => alone(work);
      const outcome = command.kind === 'kill' ? work() : first ? first.then(inTurn, inTurn) : inTurn();
      byId.set(name, { command, outcome });
      forget();
      return outcome;
    },
    outcome: (id, actor) => byId.get(`${actor.name} ${id}`)?.outcome,
    internally: (command, actor, stillMeant = () => true) =>
      alone(async () => (stillMeant() ? run({ command, actor }) : notMeant)),
    attempt: (command, actor, stillMeant, earlier) =>
      alone(async () => (stillMeant() ? carryOut({ command, actor }, earlier) : { outcome: notMeant })),
  };
}

const notMeant: Outcome = { result: 'refused', code: 'changed-since', text: 'not meant any more' };

function refusalOutcome({ code, text, remedy }: Refused): Outcome {
  return { result: 'refused', code, text, ...(remedy !== undefined && { remedy }) };
}
