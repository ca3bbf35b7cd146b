// Moving the cursor, or scrolling where a detail or the help is shown.

import { moveTable } from './connection-table.ts';
import type { Desk } from './desk.ts';
import type { Line } from './frame.ts';
import { helpLines } from './help.ts';
import { type ListCursor, type ListShape, moveCursor, scrolledTo } from './list-cursor.ts';
import { paletteItems, paletteRows } from './palette.ts';
import { moveRuleset } from './ruleset-table.ts';
import { certificateDetail } from './screens/certificate-detail.ts';
import { connectionDetail } from './screens/connection-detail.ts';
import { entryDetail } from './screens/journal.ts';
import { routeDetail } from './screens/route-detail.ts';
import { ruleDetail } from './screens/rule-detail.ts';
import { serverDetail } from './screens/server-detail.ts';
import { detailOfRow } from './screens/shard-detail.ts';
import { bodyHeight, type KeyContext, listOf } from './selection.ts';
import type { State } from './state.ts';
import { isDemo } from './view.ts';

export type Movement = 'down' | 'up' | 'page-down' | 'page-up' | 'first' | 'last';

export function move(desk: Desk, how: Movement): void {
  const context = desk.context();
  const change = scrolledText(context, how) ?? movedCursor(context, how);
  if (change === 'table')
    moveTable(desk, rowsOf(how, bodyHeight(context.size) - 2, context.state.connections.table?.matched ?? 0));
  else if (change === 'ruleset')
    moveRuleset(desk, rowsOf(how, listOf(context).rows, context.state.nftables.window?.total ?? 0));
  else desk.set(change);
}

/** Text without a cursor: the help and details. */
function scrolledText({ state, view, size }: KeyContext, how: Movement): Partial<State> | undefined {
  const { overlay, connections, backends, routes, shards, nftables, certificates, journal } = state;
  const height = bodyHeight(size);
  const topIn = (top: number, lines: readonly Line[]) => scrolled(top, how, lines.length, height);
  if (overlay?.kind === 'help')
    return {
      overlay: {
        ...overlay,
        top: topIn(overlay.top, helpLines(state.screen, size.columns, '', isDemo(view))),
      },
    };
  if (overlay !== undefined) return undefined;
  if (state.screen === 'connections' && connections.open !== undefined) {
    const { open } = connections;
    const top = topIn(open.top, connectionDetail(view, open, size.columns));
    return { connections: { ...connections, open: { ...open, top } } };
  }
  if (state.screen === 'backends' && backends.open !== undefined) {
    const { open } = backends;
    const top = topIn(open.top, serverDetail(view, open.server, size.columns));
    return { backends: { ...backends, open: { ...open, top } } };
  }
  if (state.screen === 'routes' && routes.open !== undefined) {
    const { open } = routes;
    const top = topIn(open.top, routeDetail(view, open.route, size.columns));
    return { routes: { ...routes, open: { ...open, top } } };
  }
  if (state.screen === 'shards' && shards.open !== undefined) {
    const { open } = shards;
    const top = topIn(open.top, detailOfRow(view, open.key, size.columns));
    return { shards: { ...shards, open: { ...open, top } } };
  }
  if (state.screen === 'nftables' && nftables.pane === 'rules' && nftables.open !== undefined) {
    const { open } = nftables;
    const top = topIn(open.top, ruleDetail(view, nftables, open.row, open.gone, size.columns));
    return { nftables: { ...nftables, open: { ...open, top } } };
  }
  if (state.screen === 'certificates' && certificates.open !== undefined) {
    const { open } = certificates;
    const top = topIn(open.top, certificateDetail(view, open.certificate, size.columns));
    return { certificates: { ...certificates, open: { ...open, top } } };
  }
  if (state.screen === 'journal' && journal.open !== undefined) {
    const { open } = journal;
    const top = topIn(open.top, entryDetail(view, open.entry, size.columns));
    return { journal: { ...journal, open: { ...open, top } } };
  }
  return undefined;
}

function movedCursor(context: KeyContext, how: Movement): Partial<State> | 'table' | 'ruleset' {
  const { state, size } = context;
  const { overlay } = state;
  const moved = (cursor: ListCursor, list: ListShape) =>
    moveCursor(cursor, list, rowsOf(how, list.rows, list.keys.length));
  if (overlay?.kind === 'palette') {
    const keys = paletteItems(context, overlay.text.text).map(({ key }) => key);
    const rows = paletteRows(bodyHeight(size));
    return { overlay: { ...overlay, cursor: moved(overlay.cursor, { keys, rows }) } };
  }
  switch (state.screen) {
    case 'overview':
      return { overview: { ...state.overview, cursor: moved(state.overview.cursor, listOf(context)) } };
    case 'backends':
      return { backends: { ...state.backends, cursor: moved(state.backends.cursor, listOf(context)) } };
    case 'routes':
      return { routes: { ...state.routes, cursor: moved(state.routes.cursor, listOf(context)) } };
    case 'shards':
      return { shards: { ...state.shards, cursor: moved(state.shards.cursor, listOf(context)) } };
    case 'certificates':
      return {
        certificates: { ...state.certificates, cursor: moved(state.certificates.cursor, listOf(context)) },
      };
    case 'journal':
      return { journal: { ...state.journal, cursor: moved(state.journal.cursor, listOf(context)) } };
    case 'connections':
      return 'table';
    case 'nftables': {
      const { nftables } = state;
      if (nftables.pane === 'rules') return 'ruleset';
      const cursor = moved(nftables[nftables.pane], listOf(context));
      return { nftables: { ...nftables, [nftables.pane]: cursor } };
    }
  }
}

function rowsOf(how: Movement, page: number, all: number): number {
  const step = Math.max(1, page - 1);
  switch (how) {
    case 'down':
      return 1;
    case 'up':
      return -1;
    case 'page-down':
      return step;
    case 'page-up':
      return -step;
    case 'first':
      return -all;
    case 'last':
      return all;
  }
}

function scrolled(top: number, how: Movement, lines: number, height: number): number {
  const next = top + rowsOf(how, height, lines);
  return scrolledTo(next, next, next, lines, height);
}
