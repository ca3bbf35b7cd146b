// What the console itself knows: which screen, where the cursor stands, what is typed, asked and waited for.
// The world (model, traffic) is not here; see view.ts.

import type { ConnectionTable } from '../client/runtime-client.ts';
import type { Outcome } from '../domain/command.ts';
import type { ConnectionDetail, ConnectionOrder, ConnectionRow } from '../domain/connection.ts';
import type { RulesetQuery, RulesetRow, RulesetWindow } from '../domain/kernel.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { BlockDialog } from './dialogs/block-dialog.ts';
import type { Dialog } from './dialogs/dialog.ts';
import type { SwitchDialog } from './dialogs/switch-dialog.ts';
import type { TraceDialog } from './dialogs/trace.ts';
import type { WhatIfDialog } from './dialogs/what-if.ts';
import { atTop, type ListCursor } from './list-cursor.ts';
import type { TypedText } from './typed-text.ts';

export type ScreenId =
  | 'overview'
  | 'connections'
  | 'backends'
  | 'routes'
  | 'shards'
  | 'nftables'
  | 'certificates'
  | 'journal';

export interface ScreenTab {
  readonly id: ScreenId;
  readonly key: string;
  readonly title: string;
  /** Where there is no room for all the titles. */
  readonly short?: string;
}

/** A key stays that of its screen when others come. */
export const screens: readonly ScreenTab[] = [
  { id: 'overview', key: '1', title: 'Overview' },
  { id: 'connections', key: '2', title: 'Connections', short: 'Conns' },
  { id: 'backends', key: '3', title: 'Backends' },
  { id: 'routes', key: '4', title: 'Routes' },
  { id: 'shards', key: '5', title: 'Shards' },
  { id: 'nftables', key: '6', title: 'nftables', short: 'nft' },
  { id: 'journal', key: '7', title: 'Journal' },
  { id: 'certificates', key: '8', title: 'Certificates', short: 'Certs' },
];

export interface State {
  readonly screen: ScreenId;
  readonly overview: OverviewState;
  readonly connections: ConnectionsState;
  readonly backends: BackendsState;
  readonly routes: RoutesState;
  readonly shards: ShardsState;
  readonly nftables: NftablesState;
  readonly certificates: CertificatesState;
  readonly journal: JournalState;
  /** What lies over the screen and takes the keys. */
  readonly overlay?: Overlay | undefined;
  readonly waiting: readonly Waiting[];
  readonly notice?: Notice | undefined;
}

export interface OverviewState {
  readonly cursor: ListCursor;
  /** Charts instead of the tables, where there is no room for both. */
  readonly charts: boolean;
  /** Backends as listed: troubled ones first. Changes at most once a second. */
  readonly order: readonly string[];
  readonly orderedAt: number;
}

export interface ConnectionsState {
  readonly cursor: ListCursor;
  readonly filter: string;
  readonly order: ConnectionOrder;
  readonly table?: ConnectionTable | undefined;
  /** Index of the first row of `table`. */
  readonly offset: number;
  readonly settledAt: number;
  /** The cursor's connection as last seen, where it has left the rows shown. The cursor stays on it nevertheless. */
  readonly outOfSight?: ConnectionRow | undefined;
  readonly marks: ReadonlySet<string>;
  readonly open?: OpenConnection | undefined;
}

/** The connection whose detail is shown; what was last seen stays when it is gone. */
export interface OpenConnection {
  readonly id: string;
  readonly detail?: ConnectionDetail;
  readonly gone: boolean;
  readonly top: number;
}

export interface BackendsState {
  readonly cursor: ListCursor;
  readonly folded: ReadonlySet<string>;
  readonly problemsOnly: boolean;
  readonly marks: ReadonlySet<string>;
  readonly open?: { readonly server: ServerKey; readonly top: number } | undefined;
}

export interface RoutesState {
  readonly cursor: ListCursor;
  /** Words; each must be somewhere in what is known of a route. */
  readonly filter: string;
  readonly open?: { readonly route: string; readonly top: number } | undefined;
  /** Switches that reverted by themselves and were looked at: "shop 1719…", route and start. */
  readonly looked: ReadonlySet<string>;
}

export interface ShardsState {
  readonly cursor: ListCursor;
  /** Of a shard or an instance; the key of its row. */
  readonly open?: { readonly key: string; readonly top: number } | undefined;
}

/** What of the kernel is shown: its rules, who is blocked, or what it counted beside what the proxy counted. */
export type NftablesPane = 'rules' | 'blocked' | 'compared';

export interface NftablesState {
  readonly pane: NftablesPane;
  /** Of the rules: an index into all rows that match. */
  readonly cursor: ListCursor;
  readonly filter: string;
  readonly order: RulesetQuery['order'];
  /** Keys of tables and chains. */
  readonly folded: ReadonlySet<string>;
  /** Each rule with its explanation below it. */
  readonly explains: boolean;
  readonly window?: RulesetWindow | undefined;
  /** Rows last changed places. */
  readonly settledAt: number;
  /** The cursor's row as last seen, where it has left the rows shown. The cursor stays on it nevertheless. */
  readonly outOfSight?: RulesetRow | undefined;
  /** A row above the rows shown, which the cursor is to stand on: looked for upwards, a window after the other. */
  readonly seeks?: string | undefined;
  readonly blocked: ListCursor;
  readonly compared: ListCursor;
  /** The rule whose detail is shown; what was last seen of it stays when it is gone. */
  readonly open?: { readonly row: RulesetRow; readonly gone: boolean; readonly top: number } | undefined;
}

export interface CertificatesState {
  readonly cursor: ListCursor;
  readonly filter: string;
  readonly open?: { readonly certificate: string; readonly top: number } | undefined;
}

export interface JournalState {
  readonly cursor: ListCursor;
  readonly open?: { readonly entry: string; readonly top: number } | undefined;
}

export type Overlay =
  | { readonly kind: 'dialog'; readonly dialog: Dialog }
  | { readonly kind: 'switch'; readonly dialog: SwitchDialog }
  | { readonly kind: 'what-if'; readonly dialog: WhatIfDialog }
  | { readonly kind: 'trace'; readonly dialog: TraceDialog }
  | { readonly kind: 'block'; readonly dialog: BlockDialog }
  | { readonly kind: 'palette'; readonly text: TypedText; readonly cursor: ListCursor }
  | { readonly kind: 'help'; readonly top: number }
  | { readonly kind: 'filter'; readonly text: TypedText };

/** A command on its way. */
export interface Waiting {
  readonly id: number;
  readonly text: string;
  readonly since: number;
}

/** One line that tells what came of a key press. */
export interface Notice {
  readonly kind: Outcome['result'] | 'note';
  readonly text: string;
  readonly remedy?: string;
  readonly at: number;
}

export const firstState: State = {
  screen: 'overview',
  overview: { cursor: atTop, charts: false, order: [], orderedAt: 0 },
  connections: {
    cursor: atTop,
    filter: '',
    order: { by: 'age', descending: true },
    offset: 0,
    settledAt: 0,
    marks: new Set(),
  },
  backends: { cursor: atTop, folded: new Set(), problemsOnly: false, marks: new Set() },
  routes: { cursor: atTop, filter: '', looked: new Set() },
  shards: { cursor: atTop },
  nftables: {
    pane: 'rules',
    cursor: atTop,
    filter: '',
    order: 'kernel',
    folded: new Set(),
    explains: false,
    settledAt: 0,
    blocked: atTop,
    compared: atTop,
  },
  certificates: { cursor: atTop, filter: '' },
  journal: { cursor: atTop },
  waiting: [],
};
