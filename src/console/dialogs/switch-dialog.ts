// The question before a route's TLS mode is switched: first which mode, then what the preflight found and the settings.
// It is bound to the route and to the mode that was present when it was opened. Pure.
//
//   mode ──Enter──► check ─┬─ y / the button → confirmed (the command goes)
//     ▲               │    └─ Cancel          → closed
//     └────── Esc ────┘

import type { Command } from '../../domain/command.ts';
import type { Preflight } from '../../domain/preflight.ts';
import { type Termination, terminations } from '../../domain/tls.ts';
import { type TypedText, typed } from '../typed-text.ts';

export type SwitchFocus = 'watch' | 'threshold' | 'close' | 'force' | 'cancel' | 'confirm';

/** What came of the probes so far. `failed`: they could not be begun, so nothing is known. */
export type PreflightSeen =
  | { readonly state: 'asking'; readonly since: number }
  | { readonly state: 'seen'; readonly since: number; readonly preflight: Preflight }
  | { readonly state: 'failed'; readonly reason: string };

export interface SwitchDialog {
  /** Tells the findings of one preflight from those of the one before it. */
  readonly id: number;
  readonly route: string;
  /** In force when the question was opened, or looked at again. */
  readonly present: Termination;
  readonly choice: Termination;
  readonly stage: 'mode' | 'check';
  readonly preflight: PreflightSeen;
  readonly watchMs: number;
  readonly threshold: number;
  readonly closeMs: number;
  readonly force: TypedText;
  readonly focus: SwitchFocus;
  /** Lines of findings that are scrolled out at the top. */
  readonly top: number;
  readonly hint?: string | undefined;
  /** `q` was pressed once: the next one leaves. */
  readonly leaving?: boolean;
}

const minute = 60_000;
/** 0 is "not at all". */
export const watchTimes: readonly number[] = [0, minute / 2, minute, 5 * minute, 15 * minute];
export const thresholds: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
/** 0 is "as long as they like". */
export const closeTimes: readonly number[] = [0, minute, 5 * minute, 15 * minute, 60 * minute];

export function openSwitch(id: number, route: string, present: Termination): SwitchDialog {
  return {
    id,
    route,
    present,
    choice: present === 'edge' ? 'reencrypt' : 'edge',
    stage: 'mode',
    preflight: { state: 'asking', since: 0 },
    watchMs: minute,
    threshold: 0.05,
    closeMs: 0,
    force: typed(''),
    focus: 'cancel',
    top: 0,
  };
}

export function chosenBeside(dialog: SwitchDialog, by: 1 | -1): SwitchDialog {
  const at = terminations.indexOf(dialog.choice) + by;
  const choice = terminations[(at + terminations.length) % terminations.length]!;
  return { ...dialog, choice, hint: undefined };
}

/** Unsafe, or unknown: only the route's name, typed, switches all the same. */
export function mustForce({ stage, preflight }: SwitchDialog): boolean {
  if (stage === 'mode') return false;
  return (
    preflight.state === 'failed' || (preflight.state === 'seen' && preflight.preflight.verdict === 'unsafe')
  );
}

export function isForced(dialog: SwitchDialog): boolean {
  return dialog.force.text === dialog.route;
}

export function switchFocusOrder(dialog: SwitchDialog): readonly SwitchFocus[] {
  return [
    'watch',
    'threshold',
    'close',
    ...(mustForce(dialog) ? (['force'] as const) : []),
    'cancel',
    'confirm',
  ];
}

export function movedSwitchFocus(dialog: SwitchDialog, by: 1 | -1): SwitchDialog {
  const order = switchFocusOrder(dialog);
  const at = order.indexOf(dialog.focus) + by;
  return { ...dialog, focus: order[(at + order.length) % order.length]!, hint: undefined };
}

/** Left and right: the value of a setting, or the other button. */
export function turnedSwitch(dialog: SwitchDialog, by: 1 | -1): SwitchDialog {
  const step = (values: readonly number[], value: number) =>
    values[Math.min(values.length - 1, Math.max(0, values.indexOf(value) + by))]!;
  switch (dialog.focus) {
    case 'watch':
      return { ...dialog, watchMs: step(watchTimes, dialog.watchMs) };
    case 'threshold':
      return { ...dialog, threshold: step(thresholds, dialog.threshold) };
    case 'close':
      return { ...dialog, closeMs: step(closeTimes, dialog.closeMs) };
    case 'cancel':
    case 'confirm':
      return { ...dialog, focus: by > 0 ? 'confirm' : 'cancel', hint: undefined };
    case 'force':
      return dialog;
  }
}

/** Why the switch cannot be sent as things stand; undefined where it can. */
export function whyNotSwitch(dialog: SwitchDialog): string | undefined {
  const { preflight, route } = dialog;
  if (preflight.state === 'asking') return 'the preflight has not answered yet';
  if (preflight.state === 'seen' && preflight.preflight.verdict === 'running')
    return 'the preflight is still under way';
  if (mustForce(dialog) && !isForced(dialog))
    return preflight.state === 'failed'
      ? `nothing was checked: type ${route} to switch all the same`
      : `unsafe: type ${route} to switch all the same`;
  return undefined;
}

export function switchCommand(dialog: SwitchDialog): Extract<Command, { kind: 'tls-switch' }> {
  const { route, choice, watchMs, threshold, closeMs } = dialog;
  return {
    kind: 'tls-switch',
    route,
    termination: choice,
    watchMs,
    threshold,
    closeMs,
    ...(mustForce(dialog) && isForced(dialog) ? { force: route } : {}),
  };
}
