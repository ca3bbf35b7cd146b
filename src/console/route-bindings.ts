// The keys of Routes and Certificates, and of the question before a switch.

import { type Binding, bind } from './binding.ts';
import { type SwitchDialog, whyNotSwitch } from './dialogs/switch-dialog.ts';
import { hasDetail, type KeyContext, selectedOf } from './selection.ts';
import {
  whyNoCertificate,
  whyNotResetRoute,
  whyNotRevert,
  whyNotSwitchMode,
  whyNotWriteBackRoute,
} from './why-not-route.ts';
import { whyNotPlan } from './why-not-shard.ts';

const isClosed = (context: KeyContext) => !hasDetail(context);
const switchOf = ({ state: { overlay } }: KeyContext) =>
  overlay?.kind === 'switch' ? overlay.dialog : undefined;
const isChecked = (context: KeyContext) => {
  const dialog = switchOf(context);
  return dialog?.stage === 'check' && dialog.focus !== 'force';
};
const isSetting = (context: KeyContext) => {
  const focus = switchOf(context)?.focus;
  return isChecked(context) && (focus === 'watch' || focus === 'threshold' || focus === 'close');
};

function enterTitle(dialog: SwitchDialog | undefined): string {
  if (dialog?.stage === 'mode') return 'check';
  if (dialog?.focus === 'cancel') return 'cancel';
  return dialog?.focus === 'confirm' ? 'switch' : 'next';
}

const isSharded = (context: KeyContext) => isRoute(context) && context.view.model.shard.size > 1;
const isRoute = (context: KeyContext) => selectedOf(context)?.kind === 'route';
const isTls = (context: KeyContext) => {
  const selected = selectedOf(context);
  return selected?.kind === 'route' && selected.route.tls !== undefined;
};

export const routeBindings: readonly Binding[] = [
  bind(
    'routes',
    'open',
    ['enter'],
    'open',
    'All about this route: TLS, certificate, servers, its newest switch',
    {
      footer: isClosed,
    },
  ),
  bind(
    'routes',
    'tls-switch',
    ['t'],
    'TLS mode',
    'Switch how a route carries HTTPS: checked first, then watched, with a way back',
    { footer: isTls, whyNot: whyNotSwitchMode },
  ),
  bind('routes', 'tls-revert', ['r'], 'revert', 'Back to the TLS mode before the newest switch', {
    footer: (context) => isTls(context) && whyNotRevert(context) === undefined,
    whyNot: whyNotRevert,
  }),
  bind(
    'routes',
    'reset-route',
    ['D'],
    'as configured',
    "Drop what was overridden: the configuration's TLS mode and labels hold again",
    {
      footer: (context) => isRoute(context) && whyNotResetRoute(context) === undefined,
      whyNot: whyNotResetRoute,
    },
  ),
  bind(
    'routes',
    'write-back-route',
    ['W'],
    'write back',
    "Write the TLS mode and labels in force into the configuration's file; what runs stays as it is",
    {
      footer: (context) => isRoute(context) && whyNotWriteBackRoute(context) === undefined,
      whyNot: whyNotWriteBackRoute,
    },
  ),
  bind('routes', 'certificate', ['c'], 'certificate', "The certificate that this route's clients are shown", {
    footer: (context) => isTls(context) && whyNoCertificate(context) === undefined,
    whyNot: whyNoCertificate,
  }),
  bind(
    'routes',
    'what-if',
    ['w'],
    'relabel',
    'What would other labels, or another change, do to routes and clients',
    { footer: isSharded, whyNot: whyNotPlan },
  ),
  bind('routes', 'filter', ['/'], 'filter', 'Show only routes with these words, such as: passthrough shop', {
    footer: isClosed,
  }),

  bind(
    'certificates',
    'open',
    ['enter'],
    'open',
    'All about this certificate: names, dates, chain, what is on disk',
    {
      footer: isClosed,
    },
  ),
  bind(
    'certificates',
    'filter',
    ['/'],
    'filter',
    'Show only certificates with these words, such as: refused',
    {
      footer: isClosed,
    },
  ),

  bind('switch', 'switch-confirm', ['y'], 'switch', 'Switch, once the preflight found it safe', {
    footer: (context) => isChecked(context) && whyNotSwitch(switchOf(context)!) === undefined,
  }),
  bind('switch', 'switch-choose', ['enter'], 'choose', 'Check this mode; then press the button, or go on', {
    footer: true,
    footerTitle: (context) => enterTitle(switchOf(context)),
  }),
  bind('switch', 'switch-back', ['escape'], 'back', 'To the modes again; from there, close the question', {
    footer: true,
    footerTitle: (context) => (switchOf(context)?.stage === 'check' ? 'other mode' : 'close'),
  }),
  bind('switch', 'switch-cancel', ['n'], 'cancel', 'Close the question; nothing is sent'),
  bind('switch', 'switch-next', ['down', 'tab', 'j'], 'next', 'Next mode, setting or button', {
    footer: true,
  }),
  bind('switch', 'switch-previous', ['up', 'shift+tab', 'k'], 'previous', 'The one before', { footer: true }),
  bind('switch', 'switch-left', ['left', 'h'], 'less', 'Another value of the setting, or the button beside', {
    footer: isSetting,
  }),
  bind(
    'switch',
    'switch-right',
    ['right', 'l'],
    'more',
    'Another value of the setting, or the button beside',
    {
      footer: isSetting,
    },
  ),
  bind(
    'switch',
    'switch-page-down',
    ['pagedown', 'ctrl+f'],
    'findings',
    'Findings that have no room, further down',
  ),
  bind('switch', 'switch-page-up', ['pageup', 'ctrl+b'], 'findings', 'Back to the findings above'),
  bind('switch', 'switch-leave', ['q'], 'quit', 'Asks once more, then leaves the console; nothing is sent'),
];
