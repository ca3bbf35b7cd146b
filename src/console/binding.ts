// What a key binding is: where it holds, what it does, and the words that footer, help and palette show of it.

import type { KeyContext } from './selection.ts';
import type { ScreenId } from './state.ts';
import type { WhyNot } from './why-not.ts';

export type Scope =
  | ScreenId
  | 'everywhere'
  | 'list'
  | 'dialog'
  | 'switch'
  | 'what-if'
  | 'trace'
  | 'block'
  | 'palette'
  | 'help'
  | 'filter';

export const scopeTitles: Readonly<Record<Scope, string>> = {
  everywhere: 'Everywhere',
  list: 'In a list',
  overview: 'Overview',
  connections: 'Connections',
  backends: 'Backends',
  routes: 'Routes',
  shards: 'Shards',
  nftables: 'nftables',
  certificates: 'Certificates',
  journal: 'Journal',
  dialog: 'In a question',
  switch: 'While switching a TLS mode',
  'what-if': 'While asking what if',
  trace: 'In a trace',
  block: 'While blocking an address',
  palette: 'While finding',
  help: 'In this help',
  filter: 'While filtering',
};

/** Of shard-actions.ts. */
export type ShardCommandId =
  | 'what-if'
  | 'scale-up'
  | 'scale-down'
  | 'renew'
  | 'reset-shape'
  | 'write-back-shape'
  | 'connections-of'
  | 'trace'
  | `trace-${'choose' | 'again' | 'next' | 'previous' | 'page-down' | 'page-up'}`
  | `what-if-${'choose' | 'confirm' | 'cancel' | 'back' | 'next' | 'previous' | 'left' | 'right' | 'tab' | 'page-down' | 'page-up' | 'leave'}`;

/** Of nftables-actions.ts. */
export type NftablesCommandId =
  | 'next-pane'
  | 'order-rules'
  | 'explain-all'
  | 'fold-or-unfold'
  | 'block'
  | 'unblock'
  | 'keep-block'
  | `block-${'choose' | 'confirm' | 'back' | 'next' | 'previous' | 'left' | 'right' | 'leave'}`;

export type CommandId =
  | ShardCommandId
  | NftablesCommandId
  | `show-${ScreenId}`
  | 'next-screen'
  | 'previous-screen'
  | 'palette'
  | 'help'
  | 'freeze'
  | 'undo'
  | 'reload'
  | 'back'
  | 'leave'
  | 'leave-at-once'
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'first'
  | 'last'
  | 'open'
  | 'charts'
  | 'problems'
  | 'filter'
  | 'sort'
  | 'reverse'
  | 'mark'
  | 'kill'
  | 'fold'
  | 'unfold'
  | 'drain'
  | 'maint'
  | 'ready'
  | 'weight'
  | 'rollback'
  | 'reset'
  | 'write-back'
  | 'tls-switch'
  | 'tls-revert'
  | 'reset-route'
  | 'write-back-route'
  | 'certificate'
  | 'switch-choose'
  | 'switch-confirm'
  | 'switch-cancel'
  | 'switch-back'
  | 'switch-next'
  | 'switch-previous'
  | 'switch-page-down'
  | 'switch-page-up'
  | 'switch-left'
  | 'switch-right'
  | 'switch-leave'
  | 'dialog-confirm'
  | 'dialog-choose'
  | 'dialog-cancel'
  | 'dialog-next'
  | 'dialog-previous'
  | 'dialog-left'
  | 'dialog-right'
  | 'dialog-leave'
  | 'overlay-close'
  | 'palette-run'
  | 'filter-apply';

export interface Binding {
  readonly command: CommandId;
  readonly scope: Scope;
  /** As `keyName` gives them; the first is the one that footer and help show first. */
  readonly keys: readonly string[];
  /** One or two words for the footer. */
  readonly title: string;
  /** Where a key does now this, now that: what it does as things stand. */
  readonly footerTitle?: (context: KeyContext) => string;
  /** One sentence for help and palette. */
  readonly description: string;
  /** What is to be said instead where the runtime is a demo's. */
  readonly inDemo?: string;
  /** Stands in the footer, always or while this holds. */
  readonly footer?: true | ((context: KeyContext) => boolean);
  readonly whyNot?: WhyNot;
}

export function descriptionOf({ description, inDemo }: Binding, demo: boolean): string {
  return (demo ? inDemo : undefined) ?? description;
}

export function bind(
  scope: Scope,
  command: CommandId,
  keys: readonly string[],
  title: string,
  description: string,
  more: Pick<Binding, 'footer' | 'footerTitle' | 'whyNot' | 'inDemo'> = {},
): Binding {
  return { scope, command, keys, title, description, ...more };
}
