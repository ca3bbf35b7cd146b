// What the keys of the nftables screen do: its panes, the order of rules, their explanations, and blocks.

import type { NftablesCommandId } from './binding.ts';
import {
  askBlock,
  askUnblock,
  chooseBlock,
  confirmBlock,
  keepBlock,
  leaveFromBlock,
  stepBlock,
  turnBlock,
} from './block-questions.ts';
import type { Desk } from './desk.ts';
import { layoutOf } from './layout.ts';
import { atTop } from './list-cursor.ts';
import { foldRuleset, rulesetPlace, rulesetRowAt, topFor } from './ruleset-table.ts';
import { nftablesPanes } from './screens/nftables.ts';

export const nftablesActions: Readonly<Record<NftablesCommandId, (desk: Desk) => void>> = {
  'next-pane'(desk) {
    const { nftables } = desk.state;
    const at = nftablesPanes.indexOf(nftables.pane) + 1;
    desk.set({ nftables: { ...nftables, open: undefined, pane: nftablesPanes[at % nftablesPanes.length]! } });
  },
  'order-rules'(desk) {
    const { nftables } = desk.state;
    const order = nftables.order === 'kernel' ? 'traffic' : 'kernel';
    const anew = { cursor: atTop, outOfSight: undefined, seeks: undefined, settledAt: 0 };
    desk.set({ nftables: { ...nftables, order, ...anew } });
  },
  'explain-all'(desk) {
    const next = { ...desk.state.nftables, explains: !desk.state.nftables.explains };
    const place = rulesetPlace(layoutOf(desk.context().size).body, next.explains);
    const top = topFor(next, next.cursor.top, next.cursor.index, place);
    desk.set({ nftables: { ...next, cursor: { ...next.cursor, top } } });
  },
  'fold-or-unfold': (desk) => foldRuleset(desk, 'toggle'),
  block: askBlock,
  unblock: askUnblock,
  'keep-block': keepBlock,
  'block-choose': chooseBlock,
  'block-confirm': confirmBlock,
  'block-back': (desk) => desk.set({ overlay: undefined }),
  'block-next': (desk) => stepBlock(desk, 1),
  'block-previous': (desk) => stepBlock(desk, -1),
  'block-left': (desk) => turnBlock(desk, -1),
  'block-right': (desk) => turnBlock(desk, 1),
  'block-leave': leaveFromBlock,
};

export function openRule(desk: Desk): void {
  const { nftables } = desk.state;
  if (nftables.pane !== 'rules' || nftables.open !== undefined) return;
  const row = nftables.outOfSight ?? rulesetRowAt(nftables, nftables.cursor.index);
  if (row === undefined) return;
  const open = { row, gone: nftables.outOfSight !== undefined, top: 0 };
  desk.set({ nftables: { ...nftables, open } });
}

/** Esc: out of the detail, then out of the filter, then back to the rules. */
export function backOnNftables(desk: Desk): void {
  const { nftables } = desk.state;
  if (nftables.open !== undefined) desk.set({ nftables: { ...nftables, open: undefined } });
  else if (nftables.pane !== 'rules') desk.set({ nftables: { ...nftables, pane: 'rules' } });
  else if (nftables.filter !== '') {
    const anew = { filter: '', cursor: atTop, outOfSight: undefined, seeks: undefined, settledAt: 0 };
    desk.set({ nftables: { ...nftables, ...anew } });
  }
}
