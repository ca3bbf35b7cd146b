// What each command does. Exhaustive by type: a binding cannot name a command that does nothing.

import type { ConnectionOrder } from '../domain/connection.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { CommandId } from './binding.ts';
import { moveTable, openConnection } from './connection-table.ts';
import type { Desk } from './desk.ts';
import { movedFocus, turned } from './dialogs/dialog.ts';
import { askDrainEndpoint, readyEndpoint } from './endpoint-actions.ts';
import { atTop } from './list-cursor.ts';
import { move } from './movement.ts';
import { backOnNftables, nftablesActions, openRule } from './nftables-actions.ts';
import { applyFilter, closeOverlay, openFilter, runPaletteItem } from './overlays.ts';
import { ask, changeDialog, confirm, send, setDialog } from './questions.ts';
import { askRoute, backFromRows, openCertificate, openRoute, showCertificate } from './route-actions.ts';
import { foldRuleset } from './ruleset-table.ts';
import { backendRows } from './screens/backend-rows.ts';
import { selectedOf, targetConnections, targetServers } from './selection.ts';
import { openOnShards, shardActions } from './shard-actions.ts';
import { type ScreenId, type State, screens } from './state.ts';
import {
  askSwitch,
  backFromSwitch,
  chooseSwitch,
  confirmSwitch,
  leaveFromSwitch,
  pageSwitch,
  revertSwitch,
  stepSwitch,
  turnSwitch,
  withSwitch,
} from './switch-questions.ts';
import { typed } from './typed-text.ts';
import { entryToUndo, isWritable } from './why-not.ts';

export const actions: Readonly<Record<CommandId, (desk: Desk) => void>> = {
  'show-overview': (desk) => show(desk, 'overview'),
  'show-connections': (desk) => show(desk, 'connections'),
  'show-backends': (desk) => show(desk, 'backends'),
  'show-routes': (desk) => show(desk, 'routes'),
  'show-shards': (desk) => show(desk, 'shards'),
  'show-nftables': (desk) => show(desk, 'nftables'),
  'show-certificates': (desk) => show(desk, 'certificates'),
  'show-journal': (desk) => show(desk, 'journal'),
  'next-screen': (desk) => showBeside(desk, 1),
  'previous-screen': (desk) => showBeside(desk, -1),
  palette: (desk) => desk.set({ overlay: { kind: 'palette', text: typed(''), cursor: atTop } }),
  help: (desk) => desk.set({ overlay: { kind: 'help', top: 0 } }),
  freeze: (desk) => desk.toggleFreeze(),
  leave: (desk) => desk.leave(),
  'leave-at-once': (desk) => desk.leave(),
  back,
  undo(desk) {
    const entry = entryToUndo(desk.context());
    if (entry) ask(desk, { kind: 'undo', entry: entry.id, name: `${entry.subject}, ${entry.text}` });
  },
  reload: (desk) => ask(desk, { kind: 'reload' }),

  down: (desk) => move(desk, 'down'),
  up: (desk) => move(desk, 'up'),
  'page-down': (desk) => move(desk, 'page-down'),
  'page-up': (desk) => move(desk, 'page-up'),
  first: (desk) => move(desk, 'first'),
  last: (desk) => move(desk, 'last'),

  open,
  charts: (desk) => desk.set({ overview: { ...desk.state.overview, charts: !desk.state.overview.charts } }),
  problems(desk) {
    const { backends, screen } = desk.state;
    const problemsOnly = screen !== 'backends' || !backends.problemsOnly;
    const shown = { ...backends, problemsOnly, open: undefined };
    // On the first of them at once: Enter then says why.
    const first = problemsOnly
      ? backendRows(desk.context().view, shown).find(({ kind }) => kind === 'server')
      : undefined;
    const cursor = first === undefined ? backends.cursor : { ...atTop, key: first.key };
    desk.set({ screen: 'backends', backends: { ...shown, cursor } });
  },
  fold: (desk) => fold(desk, true),
  unfold: (desk) => fold(desk, false),
  mark,

  filter: openFilter,
  'filter-apply': applyFilter,
  sort(desk) {
    const by = desk.state.connections.order.by;
    const next = sortings[(sortings.findIndex(([name]) => name === by) + 1) % sortings.length]!;
    reorder(desk, { by: next[0], descending: next[1] });
  },
  reverse(desk) {
    const { order } = desk.state.connections;
    reorder(desk, { ...order, descending: !order.descending });
  },
  kill(desk) {
    const { ids, name } = targetConnections(desk.context());
    if (ids.length > 0) ask(desk, { kind: 'kill', connections: ids, name });
  },

  drain(desk) {
    if (!askDrainEndpoint(desk)) askServers(desk, 'drain');
  },
  maint: (desk) => askServers(desk, 'maint'),
  rollback: (desk) => askServers(desk, 'rollback'),
  reset: (desk) => askServers(desk, 'reset'),
  'write-back': (desk) => askServers(desk, 'write-back'),
  weight(desk) {
    const servers = targetServers(desk.context());
    ask(desk, { kind: 'weight', servers: servers.map(({ key }) => key) }, servers[0]?.weight);
  },
  ready(desk) {
    if (readyEndpoint(desk)) return;
    const servers = targetServers(desk.context());
    const name = servers.length === 1 ? servers[0]!.key : `${servers.length} servers`;
    send(
      desk,
      servers.map(({ key }) => ({ kind: 'ready', server: key })),
      `ready ${name}`,
    );
  },

  'tls-switch': askSwitch,
  'tls-revert': revertSwitch,
  'reset-route': (desk) => askRoute(desk, 'reset-route'),
  'write-back-route': (desk) => askRoute(desk, 'write-back-route'),
  certificate: showCertificate,
  'switch-choose': chooseSwitch,
  'switch-confirm': (desk) => withSwitch(desk, (dialog) => confirmSwitch(desk, dialog)),
  'switch-cancel': closeOverlay,
  'switch-back': backFromSwitch,
  'switch-next': (desk) => stepSwitch(desk, 1),
  'switch-previous': (desk) => stepSwitch(desk, -1),
  'switch-page-down': (desk) => pageSwitch(desk, 1),
  'switch-page-up': (desk) => pageSwitch(desk, -1),
  'switch-left': (desk) => turnSwitch(desk, -1),
  'switch-right': (desk) => turnSwitch(desk, 1),
  'switch-leave': leaveFromSwitch,

  'dialog-confirm': (desk) => withDialog(desk, (dialog) => confirm(desk, dialog)),
  'dialog-choose': (desk) =>
    withDialog(desk, (dialog) => {
      if (dialog.focus === 'cancel') closeOverlay(desk);
      else if (dialog.focus === 'confirm') confirm(desk, dialog);
      else setDialog(desk, movedFocus(dialog, 1));
    }),
  'dialog-cancel': closeOverlay,
  'dialog-next': (desk) => withDialog(desk, (dialog) => setDialog(desk, movedFocus(dialog, 1))),
  'dialog-previous': (desk) => withDialog(desk, (dialog) => setDialog(desk, movedFocus(dialog, -1))),
  'dialog-left': (desk) => turn(desk, -1),
  'dialog-right': (desk) => turn(desk, 1),
  'dialog-leave': (desk) =>
    withDialog(desk, (dialog) => {
      if (dialog.leaving) desk.leave();
      else setDialog(desk, { ...dialog, leaving: true });
    }),

  ...shardActions,
  ...nftablesActions,

  'overlay-close': closeOverlay,
  'palette-run': (desk) => runPaletteItem(desk, (command) => actions[command](desk)),
};

const sortings: readonly (readonly [by: ConnectionOrder['by'], descending: boolean])[] = [
  ['age', true],
  ['rate', true],
  ['bytesOut', true],
  ['bytesIn', true],
  ['requests', true],
  ['idle', true],
  ['client', false],
  ['server', false],
  ['phase', false],
];

export function show(desk: Desk, screen: ScreenId): void {
  const { state } = desk;
  // The key of the screen one is on leads out of its detail.
  const closed: Partial<State> =
    state.screen === screen
      ? {
          connections: { ...state.connections, open: undefined },
          backends: { ...state.backends, open: undefined },
          routes: { ...state.routes, open: undefined },
          shards: { ...state.shards, open: undefined },
          nftables: { ...state.nftables, open: undefined },
          certificates: { ...state.certificates, open: undefined },
          journal: { ...state.journal, open: undefined },
        }
      : {};
  desk.set({ ...closed, screen });
}

function showBeside(desk: Desk, by: 1 | -1): void {
  const at = screens.findIndex(({ id }) => id === desk.state.screen) + by;
  show(desk, screens[(at + screens.length) % screens.length]!.id);
}

function back(desk: Desk): void {
  const { connections, backends, journal, overview, screen, shards } = desk.state;
  switch (screen) {
    case 'overview':
      if (overview.charts) desk.set({ overview: { ...overview, charts: false } });
      return;
    case 'connections':
      if (connections.open) desk.set({ connections: { ...connections, open: undefined } });
      else if (connections.marks.size > 0) desk.set({ connections: { ...connections, marks: new Set() } });
      else if (connections.filter !== '')
        desk.set({
          connections: { ...connections, filter: '', cursor: atTop, outOfSight: undefined, settledAt: 0 },
        });
      return;
    case 'backends':
      if (backends.open) desk.set({ backends: { ...backends, open: undefined } });
      else if (backends.marks.size > 0) desk.set({ backends: { ...backends, marks: new Set() } });
      else if (backends.problemsOnly) desk.set({ backends: { ...backends, problemsOnly: false } });
      return;
    case 'routes':
    case 'certificates':
      backFromRows(desk, screen);
      return;
    case 'shards':
      if (shards.open) desk.set({ shards: { ...shards, open: undefined } });
      return;
    case 'nftables':
      backOnNftables(desk);
      return;
    case 'journal':
      if (journal.open) desk.set({ journal: { ...journal, open: undefined } });
      return;
  }
}

function open(desk: Desk): void {
  const selected = selectedOf(desk.context());
  const { screen, backends, journal, connections } = desk.state;
  if (selected === undefined) return;
  switch (selected.kind) {
    case 'backend':
      if (screen === 'backends') fold(desk, !backends.folded.has(selected.name));
      else
        desk.set({
          screen: 'backends',
          backends: {
            ...backends,
            open: undefined,
            problemsOnly: false,
            cursor: { ...atTop, key: selected.name },
          },
        });
      break;
    case 'server':
      desk.set({ backends: { ...backends, open: { server: selected.server.key, top: 0 } } });
      break;
    case 'connection':
      if (connections.open === undefined) openConnection(desk, selected.row.id);
      break;
    case 'route':
      openRoute(desk, selected.route.name);
      break;
    case 'shard':
    case 'instance':
    case 'trouble':
      openOnShards(desk, selected);
      break;
    case 'rule':
    case 'blocked':
      openRule(desk);
      break;
    case 'endpoint':
      desk.set({ backends: { ...backends, open: { server: selected.server.key, top: 0 } } });
      break;
    case 'certificate':
      openCertificate(desk, selected.certificate.key);
      break;
    case 'entry':
      desk.set({ journal: { ...journal, open: { entry: String(selected.entry.id), top: 0 } } });
      break;
  }
}

function fold(desk: Desk, hide: boolean): void {
  if (desk.state.screen === 'nftables') {
    foldRuleset(desk, hide ? 'fold' : 'unfold');
    return;
  }
  const selected = selectedOf(desk.context());
  const { backends } = desk.state;
  const name =
    selected?.kind === 'backend'
      ? selected.name
      : selected?.kind === 'server' || selected?.kind === 'endpoint'
        ? selected.server.backend
        : undefined;
  if (name === undefined || backends.open !== undefined) return;
  const folded = new Set(backends.folded);
  if (hide) folded.add(name);
  else folded.delete(name);
  const cursor = hide ? { ...backends.cursor, key: name } : backends.cursor;
  desk.set({ backends: { ...backends, folded, cursor } });
}

function mark(desk: Desk): void {
  const context = desk.context();
  const selected = selectedOf(context);
  const { connections, backends } = desk.state;
  if (selected?.kind === 'connection' && connections.open === undefined) {
    desk.set({ connections: { ...connections, marks: toggled(connections.marks, [selected.row.id]) } });
    moveTable(desk, 1);
  } else if (selected?.kind === 'server' && backends.open === undefined) {
    desk.set({ backends: { ...backends, marks: toggled(backends.marks, [selected.server.key]) } });
    move(desk, 'down');
  } else if (selected?.kind === 'backend' && context.state.screen === 'backends') {
    const servers = backendRows(context.view, backends).flatMap((row) =>
      row.kind === 'server' && row.server.backend === selected.name ? [row.key] : [],
    );
    desk.set({ backends: { ...backends, marks: toggled(backends.marks, servers) } });
  }
}

/** All of them marked: unmarks them; else marks them all. */
function toggled(marks: ReadonlySet<string>, keys: readonly string[]): Set<string> {
  const next = new Set(marks);
  const remove = keys.every((key) => marks.has(key));
  for (const key of keys) {
    if (remove) next.delete(key);
    else next.add(key);
  }
  return next;
}

function reorder(desk: Desk, order: ConnectionOrder): void {
  const { connections } = desk.state;
  desk.set({ connections: { ...connections, order, cursor: atTop, outOfSight: undefined, settledAt: 0 } });
}

function askServers(desk: Desk, kind: 'drain' | 'maint' | 'rollback' | 'reset' | 'write-back'): void {
  const context = desk.context();
  const { view } = context;
  const meant = (key: ServerKey): boolean => {
    if (kind === 'rollback') return view.model.drain.has(key);
    if (kind === 'drain') return !view.model.drain.has(key);
    return kind !== 'write-back' || isWritable(view, key);
  };
  const servers = targetServers(context).filter(({ key }) => meant(key));
  if (servers.length > 0) ask(desk, { kind, servers: servers.map(({ key }) => key) });
}

function withDialog(desk: Desk, act: (dialog: Parameters<typeof confirm>[1]) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind === 'dialog') act(overlay.dialog);
}

function turn(desk: Desk, by: 1 | -1): void {
  withDialog(desk, (dialog) => {
    const next = turned(dialog, by);
    const changed = next.deadlineMs !== dialog.deadlineMs || next.then !== dialog.then;
    if (changed) changeDialog(desk, next);
    else setDialog(desk, next);
  });
}
