// From a key to an outcome: ask the runtime what a command would do, let the operator decide, send it once, tell what came of it.

import type { Command, Outcome, Preview } from '../domain/command.ts';
import { takesNewClients } from '../domain/server-state.ts';
import { stateOf } from './backend-states.ts';
import type { Desk } from './desk.ts';
import {
  commandsOf,
  type Dialog,
  type DialogCommands,
  openDialog,
  type Question,
  wordsOf,
} from './dialogs/dialog.ts';
import type { View } from './view.ts';
import { whyNotAct } from './why-not.ts';

/** Previews of so many objects are shown; nobody reads more. */
const previewsShown = 4;
/** A typed or turned setting settles before the runtime is asked again. */
const settleMs = 200;

export function ask(desk: Desk, question: Question, weight?: number): void {
  const dialog = openDialog(desk.nextId(), question, desk.clock.now(), weight);
  desk.set({ overlay: { kind: 'dialog', dialog } });
  askPreview(desk, dialog);
}

/** The dialog shown, while it is still the one with this id. */
function shownDialog(desk: Desk, id: number): Dialog | undefined {
  const { overlay } = desk.state;
  return overlay?.kind === 'dialog' && overlay.dialog.id === id ? overlay.dialog : undefined;
}

export function setDialog(desk: Desk, dialog: Dialog): void {
  desk.set({ overlay: { kind: 'dialog', dialog } });
}

/** A changed setting changes what would happen: its preview is asked for again, once the setting has settled. */
export function changeDialog(desk: Desk, changed: Dialog): Dialog {
  const dialog: Dialog = {
    ...changed,
    id: desk.nextId(),
    hint: undefined,
    preview: { state: 'asking', since: desk.clock.now(), before: previewsIn(changed.preview) },
  };
  setDialog(desk, dialog);
  desk.clock.after(settleMs, () => {
    const still = shownDialog(desk, dialog.id);
    if (still) askPreview(desk, still);
  });
  return dialog;
}

function previewsIn(preview: Dialog['preview']) {
  if (preview.state === 'shown') return preview.previews;
  return preview.state === 'asking' ? preview.before : [];
}

function askPreview(desk: Desk, { id, ...dialog }: Dialog): void {
  const asked = commandsOf({ id, ...dialog });
  const answer = (preview: Dialog['preview']) => {
    const still = shownDialog(desk, id);
    if (still) setDialog(desk, { ...still, preview });
  };
  if (!asked.ok) {
    answer({ state: 'failed', reason: asked.problem });
    return;
  }
  void Promise.all(
    asked.commands.slice(0, previewsShown).map((command) => desk.client.preview(command)),
  ).then(
    (previews) => {
      const more = asked.commands.length - previews.length;
      const rest = { title: `and ${more} more, with the like for each`, lines: [] };
      const together = leftTogether(desk.context().view, asked.commands);
      answer({ state: 'shown', previews: more > 0 ? [...previews, rest] : previews, together });
    },
    (fault: unknown) => answer({ state: 'failed', reason: reasonOf(fault) }),
  );
}

/** Each preview speaks of its own server as if it were the only one; what all of them leave is said apart. */
function leftTogether(view: View, commands: readonly Command[]): string[] {
  const going = new Map<string, number>();
  for (const command of commands) {
    if (command.kind !== 'drain' && command.kind !== 'maint') continue;
    const server = view.model.server.get(command.server);
    if (server && takesNewClients(server)) going.set(server.backend, (going.get(server.backend) ?? 0) + 1);
  }
  return [...going].flatMap(([backend, count]) => {
    const { taking, servers } = stateOf(view, backend);
    return count < 2 ? [] : [`together they leave ${taking - count} of ${servers} servers in ${backend}`];
  });
}

export function confirm(desk: Desk, dialog: Dialog): void {
  const asked = commandsOf(dialog);
  const why = whyNotYet(desk, dialog, asked);
  if (why !== undefined || !asked.ok) {
    setDialog(desk, { ...dialog, hint: why });
    return;
  }
  const changed = changedSince(desk, dialog, asked.commands);
  if (changed !== undefined) {
    const again = changeDialog(desk, dialog);
    setDialog(desk, { ...again, hint: `${changed} changed meanwhile: look again` });
    return;
  }
  desk.set({ overlay: undefined });
  const seen = previewsIn(dialog.preview).map(({ from }) => from);
  send(desk, asked.commands, wordsOf(dialog.question).doing, seen);
}

function whyNotYet(desk: Desk, { preview }: Dialog, asked: DialogCommands): string | undefined {
  const why = whyNotAct(desk.context().view);
  if (why !== undefined) return why;
  if (!asked.ok) return asked.problem;
  return preview.state === 'asking' ? 'the preview is still on its way' : undefined;
}

/** A server that is not any more what its preview was made from. */
function changedSince(desk: Desk, { preview }: Dialog, commands: readonly Command[]): string | undefined {
  if (preview.state !== 'shown') return undefined;
  const { model } = desk.context().view;
  for (const [index, { from }] of preview.previews.entries()) {
    const command = commands[index];
    if (from === undefined || command === undefined) continue;
    if ('server' in command && command.kind !== 'endpoint' && 'admin' in from) {
      const server = model.server.get(command.server);
      if (server && (server.admin !== from.admin || server.weight !== from.weight)) return command.server;
    }
    if ('route' in command && 'termination' in from) {
      const mode = model.route.get(command.route)?.tls?.termination;
      if (mode !== undefined && mode !== from.termination) return command.route;
    }
  }
  return undefined;
}

/** Sends each command once, one after the other, and shows that it waits. */
export function send(
  desk: Desk,
  commands: readonly Command[],
  doing: string,
  /** What the operator decided on, of each: what is not in that state any more is left alone. */
  seen: readonly Preview['from'][] = [],
  /** True where it deals with the outcome: nothing more is said of it then. */
  dealsWith: (outcome: Outcome) => boolean = () => false,
): void {
  const id = desk.nextId();
  desk.set({
    waiting: [...desk.state.waiting, { id, text: doing, since: desk.clock.now() }],
    notice: undefined,
  });
  unmark(desk, commands.map(objectOf));
  void outcomes(desk, commands, seen).then((results) => {
    desk.set({ waiting: desk.state.waiting.filter((entry) => entry.id !== id) });
    if (commands.length !== 1 || results[0] === undefined || !dealsWith(results[0]))
      tell(desk, commands, results, doing);
  });
}

/** What was marked for an act is not marked for the next one. */
function unmark(desk: Desk, objects: readonly string[]): void {
  const { connections, backends } = desk.state;
  const without = (marks: ReadonlySet<string>) => new Set([...marks].filter((key) => !objects.includes(key)));
  if (connections.marks.size + backends.marks.size === 0) return;
  desk.set({
    connections: { ...connections, marks: without(connections.marks) },
    backends: { ...backends, marks: without(backends.marks) },
  });
}

async function outcomes(
  desk: Desk,
  commands: readonly Command[],
  seen: readonly Preview['from'][],
): Promise<Outcome[]> {
  const results: Outcome[] = [];
  for (const [index, command] of commands.entries()) {
    const from = seen[index];
    const result = await desk.client
      .execute(command, from && { from })
      .catch((fault: unknown): Outcome => ({ result: 'unknown', text: reasonOf(fault) }));
    results.push(result);
    // Without an answer nothing more is sent: first somebody has to look.
    if (result.result === 'unknown') break;
  }
  return results;
}

function tell(desk: Desk, commands: readonly Command[], results: readonly Outcome[], doing: string): void {
  const last = results.find(({ result }) => result !== 'done') ?? results[0];
  if (last === undefined) return;
  if (commands.length === 1) {
    desk.say(last.result, last.text, last.result === 'refused' ? last.remedy : undefined);
    return;
  }
  const done = results.filter(({ result }) => result === 'done').length;
  const amount = `${doing}: ${done} of ${commands.length} done`;
  if (last.result === 'done') desk.say('done', amount);
  else
    desk.say(
      last.result,
      `${amount}; ${objectOf(commands[results.indexOf(last)])}: ${last.text}`,
      last.result === 'refused' ? last.remedy : undefined,
    );
}

function objectOf(command: Command | undefined): string {
  if (command === undefined) return '';
  if ('server' in command) return command.server;
  if ('route' in command) return command.route;
  return 'connection' in command ? command.connection : command.kind;
}

function reasonOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
