// The keys, as data: footer, help and palette are made from this table, and a key does nothing that is not in it.

import { type Binding, bind } from './binding.ts';
import { wordsOf } from './dialogs/dialog.ts';
import { sidePaneFrom } from './layout.ts';
import { nftablesBindings } from './nftables-bindings.ts';
import { routeBindings } from './route-bindings.ts';
import { hasDetail, type KeyContext, selectedOf } from './selection.ts';
import { shardBindings } from './shard-bindings.ts';
import {
  type WhyNot,
  whyNotAskAnew,
  whyNotBack,
  whyNotDrain,
  whyNotKill,
  whyNotMaint,
  whyNotReady,
  whyNotReload,
  whyNotReset,
  whyNotRollback,
  whyNotUndo,
  whyNotWeight,
  whyNotWriteBack,
} from './why-not.ts';

const isBackend = (context: KeyContext) => selectedOf(context)?.kind === 'backend';
const isFolded = (context: KeyContext) => {
  const selected = selectedOf(context);
  return selected?.kind === 'backend' && context.state.backends.folded.has(selected.name);
};
const isOpenBackend = (context: KeyContext) => isBackend(context) && !isFolded(context);
const isServer = (context: KeyContext) =>
  selectedOf(context)?.kind === 'server' || context.state.backends.marks.size > 0;
/** A server, or an endpoint of one. */
const isDrainable = (context: KeyContext) => isServer(context) || selectedOf(context)?.kind === 'endpoint';
const isClosed = (context: KeyContext) => !hasDetail(context);

const dialogOf = ({ state: { overlay } }: KeyContext) =>
  overlay?.kind === 'dialog' ? overlay.dialog : undefined;
const isOnSetting = (context: KeyContext) => {
  const focus = dialogOf(context)?.focus;
  return focus === 'deadline' || focus === 'action';
};

/** What the button beside says. */
function actTitle(context: KeyContext): string {
  const dialog = dialogOf(context);
  return dialog === undefined ? 'do it' : wordsOf(dialog.question).act.toLowerCase();
}

function enterTitle(context: KeyContext): string {
  const focus = dialogOf(context)?.focus;
  if (focus === 'cancel') return 'cancel';
  return focus === 'confirm' ? actTitle(context) : 'next';
}

const whyNoCharts: WhyNot = ({ size }) =>
  size.columns >= sidePaneFrom ? 'there is room for both: the charts stand beside the tables' : undefined;

export const bindings: readonly Binding[] = [
  bind(
    'everywhere',
    'palette',
    [':'],
    'find',
    'Find a command, a screen, a shard, a backend, a server, a route or a certificate by a few letters',
    { footer: true },
  ),
  bind('everywhere', 'help', ['?'], 'help', 'All keys of this screen and what they do', { footer: true }),
  bind('everywhere', 'leave', ['q'], 'quit', 'Leave the console; the runtime and its drain jobs go on', {
    footer: true,
    inDemo: 'Leave the console; the demo ends with the console that started it',
  }),
  bind('everywhere', 'show-overview', ['1'], 'Overview', 'Is it well, what changed, how much traffic'),
  bind('everywhere', 'show-connections', ['2'], 'Connections', 'Who is here, doing what'),
  bind('everywhere', 'show-backends', ['3'], 'Backends', 'Who is healthy, and the keys that change it'),
  bind('everywhere', 'show-routes', ['4'], 'Routes', 'What goes where, in which TLS mode'),
  bind(
    'everywhere',
    'show-shards',
    ['5'],
    'Shards',
    'Which shard serves which routes, which instance which clients',
  ),
  bind(
    'everywhere',
    'show-nftables',
    ['6'],
    'nftables',
    "What the kernel's rules count, in words; who is blocked; and what proxy and kernel counted",
  ),
  bind('everywhere', 'show-journal', ['7'], 'Journal', 'Who did what, and what came of it'),
  bind(
    'everywhere',
    'show-certificates',
    ['8'],
    'Certificates',
    'What clients are shown, how long it holds, and what is on disk',
  ),
  bind('everywhere', 'next-screen', ['tab'], 'next', 'The next screen'),
  bind('everywhere', 'previous-screen', ['shift+tab'], 'previous', 'The screen before'),
  bind(
    'everywhere',
    'undo',
    ['u'],
    'undo',
    'Undo the newest act that can be undone; in the Journal, the one under the cursor',
    { footer: ({ state }) => state.screen === 'journal', whyNot: whyNotUndo },
  ),
  bind('everywhere', 'freeze', ['f'], 'freeze', 'Hold the picture still; again, and it is live', {
    footer: (context) => context.state.screen !== 'backends' && isClosed(context),
  }),
  bind('everywhere', 'reload', ['ctrl+r'], 'reload', 'Read the configuration again; overrides stay', {
    whyNot: whyNotReload,
  }),
  bind('everywhere', 'back', ['escape'], 'back', 'Out of a detail; then drops marks, then the filter', {
    whyNot: whyNotBack,
  }),
  bind('everywhere', 'leave-at-once', ['ctrl+c'], 'leave', 'Leave at once, whatever is open'),

  bind('list', 'down', ['j', 'down'], 'down', 'Next row, or a line further in a detail'),
  bind('list', 'up', ['k', 'up'], 'up', 'The row above'),
  bind('list', 'page-down', ['pagedown', 'ctrl+f'], 'page down', 'A screenful down'),
  bind('list', 'page-up', ['pageup', 'ctrl+b'], 'page up', 'A screenful up'),
  bind('list', 'first', ['g', 'home'], 'first', 'The first row'),
  bind('list', 'last', ['G', 'end'], 'last', 'The last row'),

  bind('overview', 'open', ['enter'], 'open', 'The servers of this backend', { footer: true }),
  bind('overview', 'problems', ['!'], 'problems only', 'Only servers in trouble, on the screen Backends', {
    footer: true,
  }),
  bind('overview', 'charts', ['c'], 'charts', 'Charts instead of the tables; a wide terminal shows both', {
    footer: (context) => whyNoCharts(context) === undefined,
    whyNot: whyNoCharts,
  }),

  bind(
    'connections',
    'open',
    ['enter'],
    'open',
    'The ladder of this connection: what passed, when, and how it ended',
    { footer: isClosed },
  ),
  bind(
    'connections',
    'filter',
    ['/'],
    'filter',
    'Show only connections that match, such as: backend=web age>10s',
    { footer: isClosed, whyNot: whyNotAskAnew },
  ),
  bind('connections', 'kill', ['x'], 'end', 'End the connection, or all that are marked', {
    footer: true,
    whyNot: whyNotKill,
  }),
  bind('connections', 'sort', ['s'], 'sort', 'Sort by the next column', {
    footer: isClosed,
    whyNot: whyNotAskAnew,
  }),
  bind('connections', 'reverse', ['S'], 'reverse', 'Sort the other way round', { whyNot: whyNotAskAnew }),
  bind('connections', 'mark', ['space'], 'mark', 'Mark, so that a key acts on all that are marked', {
    footer: isClosed,
  }),

  bind('backends', 'open', ['enter'], 'open', 'All about this server; on a backend, fold it', {
    footer: (context) => isClosed(context) && isServer(context),
  }),
  bind(
    'backends',
    'rollback',
    ['b'],
    'roll back',
    'End the drain and restore the exact former state and weight',
    {
      footer: (context) => isServer(context) && whyNotRollback(context) === undefined,
      whyNot: whyNotRollback,
    },
  ),
  bind(
    'backends',
    'drain',
    ['d'],
    'drain',
    'Let a server run empty: no new clients, with progress, a deadline and a way back',
    { footer: isDrainable, whyNot: whyNotDrain },
  ),
  bind('backends', 'maint', ['m'], 'maint', 'Take a server out at once: no clients, no checks', {
    footer: isServer,
    whyNot: whyNotMaint,
  }),
  bind('backends', 'ready', ['r'], 'ready', 'Let a server take clients again', {
    footer: isDrainable,
    whyNot: whyNotReady,
  }),
  bind('backends', 'weight', ['w'], 'weight', 'Set the share of clients a server gets', {
    footer: isServer,
    whyNot: whyNotWeight,
  }),
  bind(
    'backends',
    'reset',
    ['D'],
    'as configured',
    'Drop what was overridden: the configuration holds again',
    { footer: (context) => isServer(context) && whyNotReset(context) === undefined, whyNot: whyNotReset },
  ),
  bind(
    'backends',
    'write-back',
    ['W'],
    'write back',
    "Write what was overridden into the configuration's file; what runs stays as it is",
    {
      footer: (context) => isServer(context) && whyNotWriteBack(context) === undefined,
      whyNot: whyNotWriteBack,
    },
  ),
  bind('backends', 'mark', ['space'], 'mark', 'Mark, so that a key acts on all that are marked'),
  bind(
    'backends',
    'problems',
    ['!'],
    'problems only',
    'Only servers that are not ready and up; again, and all',
    { footer: (context) => isBackend(context) || selectedOf(context) === undefined },
  ),
  bind('backends', 'fold', ['left', 'h'], 'fold', 'Hide the servers of this backend', {
    footer: isOpenBackend,
  }),
  bind('backends', 'unfold', ['right', 'l'], 'unfold', 'Show the servers of this backend', {
    footer: isFolded,
  }),

  ...routeBindings,

  ...shardBindings,

  ...nftablesBindings,

  bind('journal', 'open', ['enter'], 'open', 'What was before and after, and what the engine confirmed', {
    footer: isClosed,
  }),

  bind('dialog', 'dialog-confirm', ['y'], 'do it', 'Do what the question says', {
    footer: true,
    footerTitle: actTitle,
  }),
  bind('dialog', 'dialog-choose', ['enter'], 'choose', 'Press the button, or go on to the next setting', {
    footer: true,
    footerTitle: enterTitle,
  }),
  bind('dialog', 'dialog-cancel', ['escape', 'n'], 'back', 'Close the question; nothing is sent', {
    footer: true,
  }),
  bind('dialog', 'dialog-next', ['tab', 'down', 'j'], 'next', 'Next setting or button', {
    footer: true,
  }),
  bind('dialog', 'dialog-previous', ['shift+tab', 'up', 'k'], 'previous', 'The setting or button before'),
  bind('dialog', 'dialog-left', ['left', 'h'], 'less', 'Another value of the setting, or the button beside', {
    footer: isOnSetting,
  }),
  bind(
    'dialog',
    'dialog-right',
    ['right', 'l'],
    'more',
    'Another value of the setting, or the button beside',
    { footer: isOnSetting },
  ),
  bind('dialog', 'dialog-leave', ['q'], 'quit', 'Asks once more, then leaves the console; nothing is sent'),

  bind('palette', 'palette-run', ['enter'], 'go', 'Do it, or go there', { footer: true }),
  bind('palette', 'overlay-close', ['escape'], 'back', 'Close it', { footer: true }),
  bind('palette', 'down', ['down', 'ctrl+n', 'tab'], 'next', 'The next one', { footer: true }),
  bind('palette', 'up', ['up', 'ctrl+p', 'shift+tab'], 'previous', 'The one before'),

  bind('help', 'overlay-close', ['escape', '?', 'q', 'enter'], 'back', 'Close the help', { footer: true }),
  bind('help', 'down', ['j', 'down'], 'down', 'A line further', { footer: true }),
  bind('help', 'up', ['k', 'up'], 'up', 'A line back'),
  bind('help', 'page-down', ['pagedown', 'ctrl+f', 'space'], 'page down', 'A screenful further', {
    footer: true,
  }),
  bind('help', 'page-up', ['pageup', 'ctrl+b'], 'page up', 'A screenful back'),
  bind('help', 'first', ['g', 'home'], 'first', 'To the beginning'),
  bind('help', 'last', ['G', 'end'], 'last', 'To the end'),

  bind('filter', 'filter-apply', ['enter'], 'filter', 'Show what matches', { footer: true }),
  bind('filter', 'overlay-close', ['escape'], 'back', 'Leave the filter as it was', { footer: true }),
];
