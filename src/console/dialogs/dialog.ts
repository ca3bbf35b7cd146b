// A question before a command: what it would do (the runtime's preview), its settings, and a choice whose default is Cancel.
// It is bound to the objects it was opened for; rows may move beneath it as they like.
//
//   asking → shown ─┬─ y / the button → confirmed (the command goes)
//     ↑      failed ┴─ Esc / Cancel   → closed
//     └── a setting changed

import type { Command, DeadlineAction, Preview } from '../../domain/command.ts';
import type { ServerKey } from '../../domain/plan.ts';
import { type TypedText, typed } from '../typed-text.ts';

export type Question =
  | { readonly kind: 'drain'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'maint'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'weight'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'rollback'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'reset'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'write-back'; readonly servers: readonly ServerKey[] }
  | { readonly kind: 'tls-revert'; readonly route: string }
  | {
      readonly kind: 'reset-route' | 'write-back-route';
      readonly route: string;
      /** Is its TLS mode meant? */
      readonly tls: boolean;
      /** Keys of drifts of its labels. */
      readonly labels: readonly string[];
    }
  | { readonly kind: 'renew'; readonly shard: string }
  | {
      readonly kind: 'endpoint';
      readonly server: ServerKey;
      readonly endpoint: string;
      readonly admin: 'ready' | 'drain';
    }
  | {
      readonly kind: 'reset-shape' | 'write-back-shape';
      /** Keys of drifts. */
      readonly drifts: readonly string[];
      readonly name: string;
    }
  | { readonly kind: 'kill'; readonly connections: readonly string[]; readonly name: string }
  | { readonly kind: 'undo'; readonly entry: number; readonly name: string }
  | { readonly kind: 'reload' };

export type DialogFocus = 'deadline' | 'action' | 'weight' | 'cancel' | 'confirm';

export type DialogPreview =
  /** `before`: what was shown for the setting before; it stays, greyed, so that nothing jumps. */
  | { readonly state: 'asking'; readonly since: number; readonly before: readonly Preview[] }
  | { readonly state: 'shown'; readonly previews: readonly Preview[]; readonly together?: readonly string[] }
  | { readonly state: 'failed'; readonly reason: string };

export interface Dialog {
  /** Tells its own previews from those of a dialog before it. */
  readonly id: number;
  readonly question: Question;
  readonly deadlineMs: number;
  readonly then: DeadlineAction;
  readonly killRate: number;
  readonly weight: TypedText;
  readonly focus: DialogFocus;
  readonly preview: DialogPreview;
  /** Why it did not confirm, when it was asked to. */
  readonly hint?: string | undefined;
  /** `q` was pressed once: the next one leaves. */
  readonly leaving?: boolean;
}

/** 0 is "no deadline". */
export const deadlines: readonly number[] = [0, 30_000, 60_000, 300_000, 900_000, 3_600_000];
export const deadlineActions: readonly DeadlineAction[] = ['wait', 'kill', 'maint', 'ready'];

export function openDialog(id: number, question: Question, now: number, weight = 100): Dialog {
  return {
    id,
    question,
    deadlineMs: 300_000,
    then: 'wait',
    killRate: 10,
    weight: typed(String(weight)),
    focus: question.kind === 'weight' ? 'weight' : 'cancel',
    preview: { state: 'asking', since: now, before: [] },
  };
}

export function focusOrder({ question }: Dialog): readonly DialogFocus[] {
  if (question.kind === 'drain') return ['deadline', 'action', 'cancel', 'confirm'];
  return question.kind === 'weight' ? ['weight', 'cancel', 'confirm'] : ['cancel', 'confirm'];
}

export function movedFocus(dialog: Dialog, by: 1 | -1): Dialog {
  const order = focusOrder(dialog);
  const at = order.indexOf(dialog.focus) + by;
  return { ...dialog, focus: order[(at + order.length) % order.length]!, hint: undefined };
}

/** Left and right: the value of a setting, or the other button. */
export function turned(dialog: Dialog, by: 1 | -1): Dialog {
  const step = <T>(values: readonly T[], value: T) =>
    values[Math.min(values.length - 1, Math.max(0, values.indexOf(value) + by))]!;
  switch (dialog.focus) {
    case 'deadline':
      return { ...dialog, deadlineMs: step(deadlines, dialog.deadlineMs) };
    case 'action':
      return { ...dialog, then: step(deadlineActions, dialog.then) };
    case 'cancel':
    case 'confirm':
      return { ...dialog, focus: by > 0 ? 'confirm' : 'cancel', hint: undefined };
    case 'weight':
      return dialog;
  }
}

export type DialogCommands =
  | { readonly ok: true; readonly commands: readonly Command[] }
  | { readonly ok: false; readonly problem: string };

export function commandsOf(dialog: Dialog): DialogCommands {
  const { question, deadlineMs, then, killRate } = dialog;
  const each = (commands: readonly Command[]): DialogCommands => ({ ok: true, commands });
  switch (question.kind) {
    case 'drain':
      return each(question.servers.map((server) => ({ kind: 'drain', server, deadlineMs, then, killRate })));
    case 'maint':
    case 'rollback':
    case 'reset':
    case 'write-back': {
      const { kind, servers } = question;
      return each(servers.map((server) => ({ kind, server })));
    }
    case 'weight': {
      const { text } = dialog.weight;
      const weight = Number(text);
      if (!/^\d{1,3}$/.test(text) || weight > 256)
        return { ok: false, problem: `a weight is a whole number from 0 to 256, not "${text}"` };
      return each(question.servers.map((server) => ({ kind: 'weight', server, weight })));
    }
    case 'kill':
      return each(question.connections.map((connection) => ({ kind: 'kill', connection })));
    case 'tls-revert':
      return each([{ kind: question.kind, route: question.route }]);
    case 'reset-route':
    case 'write-back-route': {
      const { kind, route, tls, labels } = question;
      const ofShape = kind === 'reset-route' ? 'reset-shape' : 'write-back-shape';
      return each([
        ...(tls ? [{ kind, route }] : []),
        ...labels.map((drift) => ({ kind: ofShape, drift }) as const),
      ]);
    }
    case 'renew':
      return each([{ kind: 'renew', shard: question.shard }]);
    case 'endpoint': {
      const { kind, server, endpoint, admin } = question;
      return each([{ kind, server, endpoint, admin }]);
    }
    case 'reset-shape':
    case 'write-back-shape': {
      const { kind, drifts } = question;
      return each(drifts.map((drift) => ({ kind, drift })));
    }
    case 'undo':
      return each([{ kind: 'undo', entry: question.entry }]);
    case 'reload':
      return each([{ kind: 'reload' }]);
  }
}

/** What the question is about, bound when it was opened. */
export function subjectOf(question: Question): string {
  switch (question.kind) {
    case 'drain':
    case 'maint':
    case 'weight':
    case 'rollback':
    case 'reset':
    case 'write-back':
      return question.servers.length === 1 ? question.servers[0]! : `${question.servers.length} servers`;
    case 'kill':
      return question.connections.length === 1 ? question.name : `${question.connections.length} connections`;
    case 'tls-revert':
    case 'reset-route':
    case 'write-back-route':
      return question.route;
    case 'renew':
      return question.shard;
    case 'endpoint':
      return `${question.endpoint} of ${question.server}`;
    case 'reset-shape':
    case 'write-back-shape':
    case 'undo':
      return question.name;
    case 'reload':
      return 'configuration';
  }
}

export interface QuestionWords {
  /** "Drain web/app1". */
  readonly title: string;
  /** On the button. */
  readonly act: string;
  /** While the outcome is waited for. */
  readonly doing: string;
}

export function wordsOf(question: Question): QuestionWords {
  const subject = subjectOf(question);
  switch (question.kind) {
    case 'drain':
      return { title: `Drain ${subject}`, act: 'Drain', doing: `drain ${subject}` };
    case 'maint':
      return { title: `Set ${subject} to maint`, act: 'Set to maint', doing: `maint ${subject}` };
    case 'weight':
      return { title: `Weight of ${subject}`, act: 'Set weight', doing: `weight of ${subject}` };
    case 'rollback':
      return { title: `Roll back the drain of ${subject}`, act: 'Roll back', doing: `roll back ${subject}` };
    case 'reset':
      return {
        title: `Drop the overrides of ${subject}`,
        act: 'Drop overrides',
        doing: `drop the overrides of ${subject}`,
      };
    case 'write-back':
      return {
        title: `Write ${subject} back to the configuration`,
        act: 'Write back',
        doing: `write back ${subject}`,
      };
    case 'tls-revert':
      return {
        title: `Revert the TLS mode of ${subject}`,
        act: 'Revert',
        doing: `revert the TLS mode of ${subject}`,
      };
    case 'reset-route':
      return {
        title: `Drop the overridden ${routeParts(question)} of ${subject}`,
        act: 'Drop override',
        doing: `drop the override of ${subject}`,
      };
    case 'write-back-route':
      return {
        title: `Write the ${routeParts(question)} of ${subject} back to the configuration`,
        act: 'Write back',
        doing: `write back ${subject}`,
      };
    case 'renew':
      return { title: `Renew the instances of ${subject}`, act: 'Renew', doing: `renew ${subject}` };
    case 'endpoint':
      return question.admin === 'drain'
        ? { title: `Drain ${subject}`, act: 'Drain', doing: `drain ${subject}` }
        : { title: `Ready ${subject}`, act: 'Ready', doing: `ready ${subject}` };
    case 'reset-shape':
      return {
        title: `Drop the overrides of ${subject}`,
        act: 'Drop overrides',
        doing: `drop the overrides of ${subject}`,
      };
    case 'write-back-shape':
      return {
        title: `Write the shape of ${subject} back to the configuration`,
        act: 'Write back',
        doing: `write back ${subject}`,
      };
    case 'kill':
      return { title: `End ${subject}`, act: 'End', doing: `end ${subject}` };
    case 'undo':
      return { title: `Undo: ${subject}`, act: 'Undo', doing: `undo ${subject}` };
    case 'reload':
      return { title: 'Reload the configuration', act: 'Reload', doing: 'reload' };
  }
}

function routeParts({
  tls,
  labels,
}: Extract<Question, { kind: 'reset-route' | 'write-back-route' }>): string {
  return [...(tls ? ['TLS mode'] : []), ...(labels.length > 0 ? ['labels'] : [])].join(' and ');
}
