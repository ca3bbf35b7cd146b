// The question before an address is blocked, or unblocked: which, for how long, why; and what the runtime says it would do.
// Whoever might be locked out by it has to be named once more, by typing the address. Default is Cancel. Pure.
//
//   typing → asking → shown ─┬─ y / the button → sent ─┬─ done    → closed; unconfirmed until `y`
//     ↑               failed ┴─ Esc / Cancel           └─ lock-out → the same question, with the address to type
//     └──── something was typed

import type { Command, Preview } from '../../domain/command.ts';
import { type TypedText, typed } from '../typed-text.ts';

export type BlockFocus = 'address' | 'for' | 'why' | 'confirm-within' | 'force' | 'cancel' | 'confirm';

export type BlockPreview =
  /** No address yet, or none that could be one: why. */
  | { readonly state: 'none'; readonly why: string }
  | { readonly state: 'asking'; readonly since: number; readonly before?: Preview }
  | { readonly state: 'shown'; readonly preview: Preview }
  | { readonly state: 'failed'; readonly reason: string };

export interface BlockDialog {
  /** Tells its own previews from those of what was typed before. */
  readonly id: number;
  readonly act: 'block' | 'unblock';
  readonly address: TypedText;
  readonly forMs: number;
  readonly why: TypedText;
  readonly confirmMs: number;
  /** Why the runtime refused: somebody who operates this machine would be blocked. */
  readonly lockOut?: string | undefined;
  readonly force: TypedText;
  readonly focus: BlockFocus;
  readonly preview: BlockPreview;
  readonly hint?: string | undefined;
  /** `q` was pressed once: the next one leaves. */
  readonly leaving?: boolean;
}

const minute = 60_000;
/** As the protocol has it. */
const longestWhy = 100;
/** 0 is "until it is unblocked". */
export const blockTimes: readonly number[] = [
  0,
  10 * minute,
  60 * minute,
  24 * 60 * minute,
  168 * 60 * minute,
];
/** 0 is "it stands at once". */
export const confirmTimes: readonly number[] = [0, 30_000, 60_000, 5 * minute];

export function openBlock(id: number, act: BlockDialog['act'], address: string): BlockDialog {
  return {
    id,
    act,
    address: typed(address),
    forMs: 60 * minute,
    why: typed(''),
    confirmMs: 30_000,
    force: typed(''),
    // Of an address that is there already the default is to do nothing.
    focus: address === '' ? 'address' : 'cancel',
    preview: { state: 'none', why: notYet },
  };
}

export const notYet =
  'With an address, the runtime says here what it would do. Nothing is sent before you confirm.';
const noAddress = 'an address or a network: 192.0.2.7, 198.51.100.0/24, 2001:db8::/32';

/** What is wrong with an address at first sight; what it means is judged by the runtime. */
export function addressFault(text: string): string | undefined {
  const address = text.trim();
  if (address === '') return 'an address is missing';
  if (!/^[0-9a-fA-F:.]{2,45}(\/[0-9]{1,3})?$/.test(address)) return `"${address}" is not ${noAddress}`;
  return undefined;
}

export function addressIn({ address }: Pick<BlockDialog, 'address'>): string {
  return address.text.trim();
}

export function isBlockForced(dialog: BlockDialog): boolean {
  return dialog.lockOut !== undefined && dialog.force.text.trim() === addressIn(dialog);
}

export function blockFocusOrder({ act, lockOut }: BlockDialog): readonly BlockFocus[] {
  if (act === 'unblock') return ['address', 'cancel', 'confirm'];
  return [
    'address',
    'for',
    'why',
    'confirm-within',
    ...(lockOut === undefined ? [] : (['force'] as const)),
    'cancel',
    'confirm',
  ];
}

export function movedBlockFocus(dialog: BlockDialog, by: 1 | -1): BlockDialog {
  const order = blockFocusOrder(dialog);
  const at = order.indexOf(dialog.focus) + by;
  return { ...dialog, focus: order[(at + order.length) % order.length]!, hint: undefined };
}

/** Left and right: the value of a setting, or the other button. */
export function turnedBlock(dialog: BlockDialog, by: 1 | -1): BlockDialog {
  const step = (values: readonly number[], value: number) =>
    values[Math.min(values.length - 1, Math.max(0, values.indexOf(value) + by))]!;
  switch (dialog.focus) {
    case 'for':
      return { ...dialog, forMs: step(blockTimes, dialog.forMs) };
    case 'confirm-within':
      return { ...dialog, confirmMs: step(confirmTimes, dialog.confirmMs) };
    case 'cancel':
    case 'confirm':
      return { ...dialog, focus: by > 0 ? 'confirm' : 'cancel', hint: undefined };
    default:
      return dialog;
  }
}

/** The text that keys edit now. */
export function blockTextOf({ focus, address, why, force }: BlockDialog): TypedText | undefined {
  switch (focus) {
    case 'address':
      return address;
    case 'why':
      return why;
    case 'force':
      return force;
    default:
      return undefined;
  }
}

/** Another address is another question: what was said of the one before does not hold of it. */
export function retypedBlock(dialog: BlockDialog, text: TypedText): BlockDialog {
  switch (dialog.focus) {
    case 'address':
      return { ...dialog, address: text, lockOut: undefined, force: typed(''), hint: undefined };
    case 'why':
      return {
        ...dialog,
        why: { text: text.text.slice(0, longestWhy), at: Math.min(longestWhy, text.at) },
        hint: undefined,
      };
    case 'force':
      return { ...dialog, force: text, hint: undefined };
    default:
      return dialog;
  }
}

/** Asked for a preview of, and sent: undefined while there is no address to send. */
export function blockCommand(dialog: BlockDialog): Command | undefined {
  const address = addressIn(dialog);
  if (addressFault(address) !== undefined) return undefined;
  if (dialog.act === 'unblock') return { kind: 'unblock', address };
  const { forMs, why, confirmMs } = dialog;
  return {
    kind: 'block',
    address,
    forMs,
    why: why.text.trim(),
    confirmMs,
    ...(isBlockForced(dialog) ? { force: address } : {}),
  };
}

/** Why it cannot be sent as things stand; undefined where it can. */
export function whyNotBlock(dialog: BlockDialog): string | undefined {
  const fault = addressFault(addressIn(dialog));
  if (fault !== undefined) return fault;
  if (dialog.preview.state === 'asking') return 'the preview is still on its way';
  if (dialog.lockOut !== undefined && !isBlockForced(dialog))
    return `type ${addressIn(dialog)} once more to block it all the same`;
  return undefined;
}
