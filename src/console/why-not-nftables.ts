// Why a key cannot act on the kernel just now, in words: the role, the attachment, the privilege, or the object itself.

import { blockToKeep } from './block-questions.ts';
import { addressOf } from './client-address.ts';
import { whyNotUsable } from './ruleset-look.ts';
import { selectedOf } from './selection.ts';
import { kernelOf, type View } from './view.ts';
import { type WhyNot, whyNotAct } from './why-not.ts';

/** Somebody who may act, and a kernel that lets us change our table. */
export function whyNotChangeKernel(view: View): string | undefined {
  const why = whyNotAct(view);
  if (why !== undefined) return why;
  const kernel = kernelOf(view);
  return kernel === undefined ? 'this runtime tells nothing of the kernel' : whyNotUsable(kernel.change);
}

export const whyNotBlockHere: WhyNot = (context) => {
  const selected = selectedOf(context);
  if (context.state.screen === 'connections') {
    if (selected?.kind !== 'connection') return 'choose a connection';
    if (addressOf(selected.row.client) === undefined)
      return `${selected.row.client} has no address that could be blocked`;
  }
  return whyNotChangeKernel(context.view);
};

export const whyNotUnblockHere: WhyNot = ({ view }) =>
  whyNotAct(view) ?? (view.model.block.size === 0 ? 'nobody is blocked' : undefined);

export const whyNotKeep: WhyNot = (context) =>
  blockToKeep(context) === undefined
    ? 'there is no block that waits to be confirmed'
    : whyNotAct(context.view);

export const whyNotOnRules: WhyNot = ({ state }) =>
  state.nftables.pane === 'rules' ? undefined : 'on the rules only: v, or Esc, leads there';
