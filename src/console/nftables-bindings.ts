// The keys of the nftables screen, of blocks, and of the question before one.

import { type Binding, bind } from './binding.ts';
import { blockToKeep } from './block-questions.ts';
import { isBranch } from './ruleset-table.ts';
import { hasDetail, type KeyContext, selectedOf } from './selection.ts';
import { whyNotAskAnew } from './why-not.ts';
import { whyNotBlockHere, whyNotKeep, whyNotOnRules, whyNotUnblockHere } from './why-not-nftables.ts';

const isClosed = (context: KeyContext) => !hasDetail(context);
const isOnRules = ({ state }: KeyContext) => state.nftables.pane === 'rules';
const isList = (context: KeyContext) => isOnRules(context) && isClosed(context);
const isOnBranch = (context: KeyContext) => {
  const selected = selectedOf(context);
  return isList(context) && selected?.kind === 'rule' && isBranch(selected.row);
};
const isFolded = (context: KeyContext) => {
  const selected = selectedOf(context);
  return selected?.kind === 'rule' && context.state.nftables.folded.has(selected.row.key);
};
const blockDialogOf = ({ state: { overlay } }: KeyContext) =>
  overlay?.kind === 'block' ? overlay.dialog : undefined;
const isChoice = (context: KeyContext) => {
  const focus = blockDialogOf(context)?.focus;
  return focus === 'for' || focus === 'confirm-within';
};
const actTitle = (context: KeyContext) => blockDialogOf(context)?.act ?? 'block';

function enterTitle(context: KeyContext): string {
  const focus = blockDialogOf(context)?.focus;
  if (focus === 'cancel') return 'cancel';
  return focus === 'confirm' ? actTitle(context) : 'next';
}

const rulesFirst = (context: KeyContext) => whyNotOnRules(context) ?? whyNotAskAnew(context);

const nextPanes = { rules: 'blocked', blocked: 'proxy/kernel', compared: 'rules' } as const;

export const nftablesBindings: readonly Binding[] = [
  bind(
    'everywhere',
    'keep-block',
    ['y'],
    'keep block',
    'Keep the block that nobody confirmed yet: else it takes itself back when its time is up',
    { footer: (context) => blockToKeep(context) !== undefined, whyNot: whyNotKeep },
  ),

  bind(
    'nftables',
    'next-pane',
    ['v'],
    'view',
    'The rules; who is blocked; what proxy and kernel counted of the same',
    { footer: isClosed, footerTitle: ({ state }) => nextPanes[state.nftables.pane] },
  ),
  bind('nftables', 'block', ['b'], 'block', 'Drop all packets from an address or a network', {
    footer: isClosed,
    whyNot: whyNotBlockHere,
  }),
  bind('nftables', 'unblock', ['B'], 'unblock', 'Take a block back: the one under the cursor, or one typed', {
    footer: (context) => context.state.nftables.pane === 'blocked' && context.view.model.block.size > 0,
    whyNot: whyNotUnblockHere,
  }),
  bind(
    'nftables',
    'explain-all',
    ['e'],
    'explain all',
    'Each rule with its explanation below it; again, and not',
    {
      footer: isList,
      footerTitle: ({ state }) => (state.nftables.explains ? 'rules only' : 'explain'),
      whyNot: whyNotOnRules,
    },
  ),
  bind(
    'nftables',
    'order-rules',
    ['o'],
    'order',
    "By traffic within each chain; again, and in the kernel's order",
    {
      footer: isList,
      footerTitle: ({ state }) => (state.nftables.order === 'kernel' ? 'by traffic' : 'kernel order'),
      whyNot: rulesFirst,
    },
  ),
  bind(
    'nftables',
    'filter',
    ['/'],
    'filter',
    'Show only rules that have these words, or whose explanation has',
    {
      footer: isList,
      whyNot: rulesFirst,
    },
  ),
  bind(
    'nftables',
    'open',
    ['enter'],
    'open',
    'All about this rule: in plain English, as written, what it counted',
    {
      footer: isList,
      whyNot: whyNotOnRules,
    },
  ),
  bind('nftables', 'fold-or-unfold', ['space'], 'fold', 'Hide or show what is in this table or chain', {
    footer: isOnBranch,
    footerTitle: (context) => (isFolded(context) ? 'unfold' : 'fold'),
    whyNot: rulesFirst,
  }),
  bind('nftables', 'fold', ['left', 'h'], 'fold', 'Hide what is in this table or chain', {
    whyNot: rulesFirst,
  }),
  bind('nftables', 'unfold', ['right', 'l'], 'unfold', 'Show what is in this table or chain', {
    whyNot: rulesFirst,
  }),

  bind('connections', 'block', ['b'], 'block', "Drop all packets from this connection's client", {
    footer: isClosed,
    whyNot: whyNotBlockHere,
  }),

  bind('block', 'block-confirm', ['y'], 'block', 'Do what the question says', {
    footer: (context) => {
      const focus = blockDialogOf(context)?.focus;
      return focus !== 'address' && focus !== 'why' && focus !== 'force';
    },
    footerTitle: actTitle,
  }),
  bind('block', 'block-choose', ['enter'], 'choose', 'Press the button, or go on to the next setting', {
    footer: true,
    footerTitle: enterTitle,
  }),
  bind('block', 'block-back', ['escape'], 'back', 'Close the question; nothing is sent', { footer: true }),
  bind('block', 'block-next', ['tab', 'down', 'j'], 'next', 'Next setting or button', { footer: true }),
  bind('block', 'block-previous', ['shift+tab', 'up', 'k'], 'previous', 'The setting or button before'),
  bind('block', 'block-left', ['left', 'h'], 'less', 'Another value of the setting, or the button beside', {
    footer: isChoice,
  }),
  bind('block', 'block-right', ['right', 'l'], 'more', 'Another value of the setting, or the button beside', {
    footer: isChoice,
  }),
  bind('block', 'block-leave', ['q'], 'quit', 'Asks once more, then leaves the console; nothing is sent'),
];
