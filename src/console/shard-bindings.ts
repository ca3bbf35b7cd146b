// The keys of Shards, of what-if, and of a trace.

import { type Binding, bind } from './binding.ts';
import { whyNotApply } from './dialogs/what-if.ts';
import { hasDetail, type KeyContext, selectedOf } from './selection.ts';
import {
  shardUnder,
  whyNotAskRuntime,
  whyNotConfirm,
  whyNotConnectionsOf,
  whyNotPlan,
  whyNotRenew,
  whyNotResetShape,
  whyNotScaleDown,
  whyNotScaleUp,
  whyNotWriteBackShape,
} from './why-not-shard.ts';

const isClosed = (context: KeyContext) => !hasDetail(context);
const isOnShard = (context: KeyContext) => shardUnder(context) !== undefined;
const whatIfOf = ({ state: { overlay } }: KeyContext) =>
  overlay?.kind === 'what-if' ? overlay.dialog : undefined;
const isPlan = (context: KeyContext) => whatIfOf(context)?.stage === 'plan';
const isAnswered = ({ state: { overlay } }: KeyContext) =>
  overlay?.kind === 'trace' && overlay.dialog.stage === 'answer';

function enterTitle(context: KeyContext): string {
  const dialog = whatIfOf(context);
  if (dialog?.stage === 'choose') return 'ask';
  return dialog?.focus === 'confirm' ? 'apply' : 'cancel';
}

export const shardBindings: readonly Binding[] = [
  bind(
    'shards',
    'open',
    ['enter'],
    'open',
    'All about this shard or instance: selectors, binds, slots, routes and why; the servers of a backend',
    { footer: (context) => isClosed(context) && selectedOf(context) !== undefined },
  ),
  bind(
    'shards',
    'what-if',
    ['w'],
    'what if',
    'What would a change do to routes and clients; nothing is changed before it is applied',
    { footer: true, whyNot: whyNotPlan },
  ),
  bind(
    'shards',
    'reset-shape',
    ['D'],
    'as configured',
    'Drop what was overridden of this shard: the configuration holds again',
    {
      footer: (context) => isOnShard(context) && whyNotResetShape(context) === undefined,
      whyNot: whyNotResetShape,
    },
  ),
  bind(
    'shards',
    'write-back-shape',
    ['W'],
    'write back',
    "Write the shape in force of this shard into the configuration's file; what runs stays as it is",
    {
      footer: (context) => isOnShard(context) && whyNotWriteBackShape(context) === undefined,
      whyNot: whyNotWriteBackShape,
    },
  ),
  bind('shards', 'scale-up', ['+', '='], 'add', 'One instance more: shown first, then asked', {
    footer: isOnShard,
    whyNot: whyNotScaleUp,
  }),
  bind('shards', 'scale-down', ['-'], 'remove', 'One instance less: shown first, then asked', {
    footer: isOnShard,
    whyNot: whyNotScaleDown,
  }),
  bind(
    'shards',
    'renew',
    ['n'],
    'renew',
    'Replace the instances of this shard by new processes, one after another',
    { footer: isOnShard, whyNot: whyNotRenew },
  ),
  bind('shards', 'connections-of', ['c'], 'connections', 'Who is on this instance, or this shard', {
    footer: isOnShard,
    whyNot: whyNotConnectionsOf,
  }),

  bind(
    'everywhere',
    'trace',
    ['T'],
    'trace',
    'Where a request would go, and why not elsewhere; of a connection or a route, that one',
    {
      footer: ({ state }) => state.screen === 'connections' || state.screen === 'routes',
      whyNot: whyNotAskRuntime,
    },
  ),

  bind('what-if', 'what-if-confirm', ['y'], 'apply', 'Apply exactly what is shown', {
    footer: (context) => isPlan(context) && whyNotApply(whatIfOf(context)!) === undefined,
    // Who may only look may ask; the key is greyed before it is pressed.
    whyNot: (context) => (isPlan(context) ? whyNotConfirm(context, whatIfOf(context)!) : undefined),
  }),
  bind('what-if', 'what-if-choose', ['enter'], 'choose', 'Ask the runtime; then press the button', {
    footer: true,
    footerTitle: enterTitle,
  }),
  bind('what-if', 'what-if-back', ['escape'], 'back', 'To the changes again; from there, close it', {
    footer: true,
    footerTitle: (context) => (isPlan(context) && whatIfOf(context)?.direct === false ? 'another' : 'close'),
  }),
  bind('what-if', 'what-if-cancel', ['n'], 'cancel', 'Close it; nothing is sent'),
  bind('what-if', 'what-if-next', ['down', 'j'], 'next', 'The next change; or a line further', {
    footer: true,
    footerTitle: (context) => (isPlan(context) ? 'down' : 'next'),
  }),
  bind('what-if', 'what-if-previous', ['up', 'k'], 'previous', 'The change before; or a line back'),
  bind('what-if', 'what-if-tab', ['tab', 'shift+tab'], 'complete', 'Complete the name; or the other button', {
    footer: true,
    footerTitle: (context) => (isPlan(context) ? 'button' : 'complete'),
  }),
  bind('what-if', 'what-if-left', ['left', 'h'], 'cancel', 'The button to the left'),
  bind('what-if', 'what-if-right', ['right', 'l'], 'apply', 'The button to the right'),
  bind('what-if', 'what-if-page-down', ['pagedown', 'ctrl+f'], 'page down', 'Further down in a long plan'),
  bind('what-if', 'what-if-page-up', ['pageup', 'ctrl+b'], 'page up', 'Back up in a long plan'),
  bind('what-if', 'what-if-leave', ['q'], 'quit', 'Asks once more, then leaves the console; nothing is sent'),

  bind('trace', 'trace-choose', ['enter'], 'trace', 'Ask where it would go; then close it', {
    footer: true,
    footerTitle: (context) => (isAnswered(context) ? 'close' : 'trace'),
  }),
  bind('trace', 'trace-again', ['e'], 'another', 'Another question, with what was typed', {
    footer: isAnswered,
  }),
  bind('trace', 'overlay-close', ['escape'], 'back', 'Close it', { footer: true }),
  bind('trace', 'trace-next', ['down', 'tab', 'j'], 'next', 'The next field; or a line further', {
    footer: true,
    footerTitle: (context) => (isAnswered(context) ? 'down' : 'next'),
  }),
  bind('trace', 'trace-previous', ['up', 'shift+tab', 'k'], 'previous', 'The field before; or a line back'),
  bind('trace', 'trace-page-down', ['pagedown', 'ctrl+f', 'space'], 'page down', 'A screenful further'),
  bind('trace', 'trace-page-up', ['pageup', 'ctrl+b'], 'page up', 'A screenful back'),
];
