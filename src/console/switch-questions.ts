// From `t` to an outcome: which mode, what the preflight finds, and the switch sent once; and the quick way back.

import type { Desk } from './desk.ts';
import {
  chosenBeside,
  movedSwitchFocus,
  openSwitch,
  type SwitchDialog,
  switchCommand,
  turnedSwitch,
  whyNotSwitch,
} from './dialogs/switch-dialog.ts';
import { pagedFindings, switchDialogWidth } from './dialogs/switch-dialog-view.ts';
import { layoutOf } from './layout.ts';
import { ask, send } from './questions.ts';
import { selectedOf } from './selection.ts';
import { whyNotAct } from './why-not.ts';

export function askSwitch(desk: Desk): void {
  const selected = selectedOf(desk.context());
  if (selected?.kind !== 'route' || selected.route.tls === undefined) return;
  const { name, tls } = selected.route;
  show(desk, openSwitch(desk.nextId(), name, tls.termination));
}

/** While the switch is watched the way back asks nothing: it is the brake. Later it shows first what it would do. */
export function revertSwitch(desk: Desk): void {
  const selected = selectedOf(desk.context());
  if (selected?.kind !== 'route') return;
  const { name } = selected.route;
  const command = { kind: 'tls-revert', route: name } as const;
  if (desk.context().view.model.switch.get(name)?.phase === 'watching')
    send(desk, [command], `revert the TLS mode of ${name}`);
  else ask(desk, command);
}

function show(desk: Desk, dialog: SwitchDialog): void {
  desk.set({ overlay: { kind: 'switch', dialog } });
}

export function withSwitch(desk: Desk, act: (dialog: SwitchDialog) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind === 'switch') act(overlay.dialog);
}

export function stepSwitch(desk: Desk, by: 1 | -1): void {
  withSwitch(desk, (dialog) =>
    show(desk, dialog.stage === 'mode' ? chosenBeside(dialog, by) : movedSwitchFocus(dialog, by)),
  );
}

export function turnSwitch(desk: Desk, by: 1 | -1): void {
  withSwitch(desk, (dialog) =>
    show(desk, dialog.stage === 'mode' ? chosenBeside(dialog, by) : turnedSwitch(dialog, by)),
  );
}

export function pageSwitch(desk: Desk, by: 1 | -1): void {
  withSwitch(desk, (dialog) => {
    const { size, view } = desk.context();
    const { body } = layoutOf(size);
    const world = { route: view.model.route.get(dialog.route), now: desk.clock.now() };
    const width = Math.min(body.width, switchDialogWidth);
    show(desk, pagedFindings(dialog, world, width, body.height, by));
  });
}

/** Enter: on to the check; there the button, or the next setting. */
export function chooseSwitch(desk: Desk): void {
  withSwitch(desk, (dialog) => {
    if (dialog.stage === 'mode') beginCheck(desk, dialog);
    else if (dialog.focus === 'cancel') desk.set({ overlay: undefined });
    else if (dialog.focus === 'confirm') confirmSwitch(desk, dialog);
    else show(desk, movedSwitchFocus(dialog, 1));
  });
}

function beginCheck(desk: Desk, dialog: SwitchDialog, hint?: string): void {
  const { model } = desk.context().view;
  const present = model.route.get(dialog.route)?.tls?.termination;
  if (present === undefined) {
    show(desk, { ...dialog, hint: `${dialog.route} carries no TLS any more: there is nothing to switch` });
    return;
  }
  if (present === dialog.choice) {
    show(desk, { ...dialog, present, stage: 'mode', hint: `${dialog.route} is ${present} already` });
    return;
  }
  show(desk, {
    ...dialog,
    present,
    // Another id is another preflight: the subscriptions begin it, and end the one before.
    id: desk.nextId(),
    stage: 'check',
    preflight: { state: 'asking', since: desk.clock.now() },
    focus: 'cancel',
    top: 0,
    hint,
    leaving: false,
  });
}

export function confirmSwitch(desk: Desk, dialog: SwitchDialog): void {
  if (dialog.stage === 'mode') {
    beginCheck(desk, dialog);
    return;
  }
  const { view } = desk.context();
  const present = view.model.route.get(dialog.route)?.tls?.termination;
  if (present === undefined) {
    show(desk, { ...dialog, hint: `${dialog.route} is gone: nothing was sent` });
    return;
  }
  if (present !== dialog.present) {
    beginCheck(desk, dialog, `${dialog.route} is ${present} meanwhile: look again`);
    return;
  }
  const why = whyNotAct(view, 'tls') ?? whyNotSwitch(dialog);
  if (why !== undefined) {
    show(desk, { ...dialog, hint: why });
    return;
  }
  desk.set({ overlay: undefined });
  const doing = `switch ${dialog.route} to ${dialog.choice}`;
  send(desk, [switchCommand(dialog)], doing, [{ termination: dialog.present }]);
}

/** Esc: from the check back to the modes; from there, out. */
export function backFromSwitch(desk: Desk): void {
  withSwitch(desk, (dialog) => {
    if (dialog.stage === 'mode') desk.set({ overlay: undefined });
    else show(desk, { ...dialog, stage: 'mode', hint: undefined, leaving: false });
  });
}

export function leaveFromSwitch(desk: Desk): void {
  withSwitch(desk, (dialog) => {
    if (dialog.leaving) desk.leave();
    else show(desk, { ...dialog, leaving: true });
  });
}
