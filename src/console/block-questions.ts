// From `b` to an outcome: an address is asked for, the runtime says what blocking it would do, and it is sent once. Whom it
// would lock out is told by the runtime's refusal; the same question then asks for the address once more.

import type { Outcome } from '../domain/command.ts';
import type { BlockEntity } from '../domain/kernel.ts';
import { addressOf } from './client-address.ts';
import type { Desk } from './desk.ts';
import {
  addressFault,
  addressIn,
  type BlockDialog,
  blockCommand,
  movedBlockFocus,
  notYet,
  openBlock,
  retypedBlock,
  turnedBlock,
  whyNotBlock,
} from './dialogs/block-dialog.ts';
import { send } from './questions.ts';
import { blockedRows } from './screens/blocked.ts';
import { selectedOf } from './selection.ts';
import type { TypedText } from './typed-text.ts';
import { whyNotAct } from './why-not.ts';

/** What is typed settles before the runtime is asked. */
const settleMs = 250;

export function askBlock(desk: Desk): void {
  const selected = selectedOf(desk.context());
  const address = selected?.kind === 'connection' ? (addressOf(selected.row.client) ?? '') : '';
  begin(desk, openBlock(desk.nextId(), 'block', address));
}

export function askUnblock(desk: Desk): void {
  const selected = selectedOf(desk.context());
  const address = selected?.kind === 'blocked' ? selected.block.address : '';
  begin(desk, openBlock(desk.nextId(), 'unblock', address));
}

/** The unconfirmed one that `y` is about: the one under the cursor, else the one whose time is up first. */
export function blockToKeep(context: Parameters<typeof selectedOf>[0]): BlockEntity | undefined {
  const selected = context.state.screen === 'nftables' ? selectedOf(context) : undefined;
  if (selected?.kind === 'blocked' && selected.block.confirmBy !== undefined) return selected.block;
  return blockedRows(context.view)
    .filter(({ confirmBy }) => confirmBy !== undefined)
    .sort((a, b) => (a.confirmBy ?? 0) - (b.confirmBy ?? 0))[0];
}

export function keepBlock(desk: Desk): void {
  const block = blockToKeep(desk.context());
  if (block === undefined) return;
  send(desk, [{ kind: 'confirm-block', address: block.address }], `keep ${block.address} blocked`);
}

function begin(desk: Desk, dialog: BlockDialog): void {
  show(desk, dialog);
  askPreview(desk, dialog, 0);
}

function show(desk: Desk, dialog: BlockDialog): void {
  desk.set({ overlay: { kind: 'block', dialog } });
}

export function withBlock(desk: Desk, act: (dialog: BlockDialog) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind === 'block') act(overlay.dialog);
}

/** The dialog shown, while what it asks is still this. */
function still(desk: Desk, id: number, act: (dialog: BlockDialog) => void): void {
  withBlock(desk, (dialog) => {
    if (dialog.id === id) act(dialog);
  });
}

export function changeBlock(desk: Desk, dialog: BlockDialog, text: TypedText): void {
  changed(desk, dialog, retypedBlock(dialog, text));
}

/** What was changed changes what would happen, unless it is only the word that forces. */
function changed(desk: Desk, before: BlockDialog, next: BlockDialog): void {
  const asks = (dialog: BlockDialog) => JSON.stringify(blockCommand({ ...dialog, lockOut: undefined }));
  if (asks(before) === asks(next)) show(desk, next);
  else askPreview(desk, { ...next, id: desk.nextId(), hint: undefined }, settleMs);
}

function askPreview(desk: Desk, dialog: BlockDialog, afterMs: number): void {
  const fault = addressFault(addressIn(dialog));
  if (fault !== undefined) {
    const why = addressIn(dialog) === '' ? notYet : fault;
    show(desk, { ...dialog, preview: { state: 'none', why } });
    return;
  }
  const { id, preview } = dialog;
  const before =
    preview.state === 'shown' ? preview.preview : preview.state === 'asking' ? preview.before : undefined;
  const since = desk.clock.now();
  show(desk, { ...dialog, preview: { state: 'asking', since, ...(before === undefined ? {} : { before }) } });
  const ask = () =>
    still(desk, id, (asked) => {
      const command = blockCommand({ ...asked, lockOut: undefined });
      if (command === undefined) return;
      const answer = (seen: BlockDialog['preview']) =>
        still(desk, id, (shown) => show(desk, { ...shown, preview: seen }));
      desk.client.preview(command).then(
        (seen) => answer({ state: 'shown', preview: seen }),
        (fault: unknown) =>
          answer({ state: 'failed', reason: fault instanceof Error ? fault.message : String(fault) }),
      );
    });
  if (afterMs === 0) ask();
  else desk.clock.after(afterMs, ask);
}

export function stepBlock(desk: Desk, by: 1 | -1): void {
  withBlock(desk, (dialog) => show(desk, { ...movedBlockFocus(dialog, by), leaving: false }));
}

export function turnBlock(desk: Desk, by: 1 | -1): void {
  withBlock(desk, (dialog) => changed(desk, dialog, turnedBlock(dialog, by)));
}

/** Enter: the button, or the next setting. */
export function chooseBlock(desk: Desk): void {
  withBlock(desk, (dialog) => {
    if (dialog.focus === 'cancel') desk.set({ overlay: undefined });
    else if (dialog.focus === 'confirm') confirmBlock(desk);
    else stepBlock(desk, 1);
  });
}

export function confirmBlock(desk: Desk): void {
  withBlock(desk, (dialog) => {
    const why = whyNotAct(desk.context().view) ?? whyNotBlock(dialog);
    const command = blockCommand(dialog);
    if (why !== undefined || command === undefined) {
      show(desk, { ...dialog, hint: why, focus: dialog.lockOut === undefined ? dialog.focus : 'force' });
      return;
    }
    desk.set({ overlay: undefined });
    send(desk, [command], `${dialog.act} ${addressIn(dialog)}`, [], (outcome) =>
      refused(desk, dialog, outcome),
    );
  });
}

/** Refused, since it would lock somebody out: the same question, with a field for the address once more. */
function refused(desk: Desk, dialog: BlockDialog, outcome: Outcome): boolean {
  if (outcome.result !== 'refused' || outcome.code !== 'lock-out') return false;
  // Whoever asks something else by now is not interrupted: the line above the keys says what was refused.
  if (desk.state.overlay !== undefined) return false;
  show(desk, { ...dialog, id: desk.nextId(), lockOut: outcome.text, focus: 'cancel', hint: undefined });
  return true;
}

export function leaveFromBlock(desk: Desk): void {
  withBlock(desk, (dialog) => {
    if (dialog.leaving) desk.leave();
    else show(desk, { ...dialog, leaving: true });
  });
}
