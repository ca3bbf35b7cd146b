// What lies over a screen and is typed into: the filter line and the palette.

import { parseFilter } from '../domain/filter.ts';
import type { CommandId } from './binding.ts';
import type { Desk } from './desk.ts';
import { atTop, settleCursor } from './list-cursor.ts';
import { type PaletteItem, paletteItems, paletteRows } from './palette.ts';
import { shardKey } from './screens/shard-rows.ts';
import { bodyHeight } from './selection.ts';
import { typed } from './typed-text.ts';

export function closeOverlay(desk: Desk): void {
  desk.set({ overlay: undefined });
}

export function openFilter(desk: Desk): void {
  const { screen } = desk.state;
  if (screen !== 'connections' && screen !== 'routes' && screen !== 'certificates' && screen !== 'nftables')
    return;
  const { filter, open } = desk.state[screen];
  if (open === undefined)
    desk.set({ overlay: { kind: 'filter', text: typed(filter === '' ? '' : `${filter} `) } });
}

/** A filter with a mistake stays open: what is wrong stands beside it. */
export function applyFilter(desk: Desk): void {
  const { overlay, connections, routes, nftables, certificates, screen } = desk.state;
  if (overlay?.kind !== 'filter') return;
  const filter = overlay.text.text.trim();
  if (screen === 'routes') {
    desk.set({ overlay: undefined, routes: { ...routes, filter, cursor: atTop } });
    return;
  }
  if (screen === 'certificates') {
    desk.set({ overlay: undefined, certificates: { ...certificates, filter, cursor: atTop } });
    return;
  }
  if (screen === 'nftables') {
    const found = { filter, cursor: atTop, outOfSight: undefined, seeks: undefined, settledAt: 0 };
    desk.set({ overlay: undefined, nftables: { ...nftables, ...found } });
    return;
  }
  if (!parseFilter(filter).ok) return;
  desk.set({
    overlay: undefined,
    connections: { ...connections, filter, cursor: atTop, outOfSight: undefined, settledAt: 0 },
  });
}

export function runPaletteItem(desk: Desk, act: (command: CommandId) => void): void {
  const { overlay } = desk.state;
  if (overlay?.kind !== 'palette') return;
  const context = desk.context();
  const items = paletteItems(context, overlay.text.text);
  const rows = paletteRows(bodyHeight(context.size));
  const item = items[settleCursor(overlay.cursor, { keys: items.map(({ key }) => key), rows }).index];
  closeOverlay(desk);
  if (item) run(desk, item, act);
}

function run(desk: Desk, item: PaletteItem, act: (command: CommandId) => void): void {
  const { backends, routes, certificates } = desk.state;
  switch (item.kind) {
    case 'command':
      if (item.whyNot === undefined) act(item.binding.command);
      else desk.say('note', `${item.binding.title}: ${item.whyNot}`);
      return;
    case 'route':
      desk.set({
        screen: 'routes',
        routes: { ...routes, open: undefined, filter: '', cursor: { ...atTop, key: item.route } },
      });
      return;
    case 'shard':
      desk.set({
        screen: 'shards',
        shards: { open: undefined, cursor: { ...atTop, key: shardKey(item.shard) } },
      });
      return;
    case 'certificate':
      desk.set({
        screen: 'certificates',
        certificates: {
          ...certificates,
          open: undefined,
          filter: '',
          cursor: { ...atTop, key: item.certificate },
        },
      });
      return;
    case 'backend':
    case 'server': {
      const key = item.kind === 'backend' ? item.backend : item.server;
      const folded = new Set(backends.folded);
      folded.delete(key.split('/')[0]!);
      desk.set({
        screen: 'backends',
        backends: { ...backends, open: undefined, problemsOnly: false, folded, cursor: { ...atTop, key } },
      });
      return;
    }
  }
}
