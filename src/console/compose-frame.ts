// The whole frame: chrome, the screen's body, and what lies over it; exactly as many lines as rows, none too wide. Pure.

import type { Binding } from './binding.ts';
import { bindings } from './bindings.ts';
import { type Block, scrolledPart, toHeight } from './block.ts';
import { chartsBeside, overlaid } from './box.ts';
import { type FooterKey, footerLine, headerLine, problemLine, tabsLine } from './chrome.ts';
import { blockDialogView } from './dialogs/block-dialog-view.ts';
import { dialogView } from './dialogs/dialog-view.ts';
import { switchDialogView, switchDialogWidth } from './dialogs/switch-dialog-view.ts';
import { traceView, traceWidth } from './dialogs/trace-view.ts';
import { whatIfView, whatIfWidth } from './dialogs/what-if-view.ts';
import { plural } from './format.ts';
import type { ChartSlot, Frame, Line } from './frame.ts';
import { helpLines } from './help.ts';
import { activeScopes, shownKey } from './keys.ts';
import { type Area, isLargeEnough, layoutOf, leastSize } from './layout.ts';
import { messageLine, rule } from './message-line.ts';
import { paletteItems, paletteRows, paletteView } from './palette.ts';
import { backendsScreen } from './screens/backends.ts';
import { certificatesScreen } from './screens/certificates.ts';
import { connectionsScreen } from './screens/connections.ts';
import { journalScreen } from './screens/journal.ts';
import { nftablesScreen } from './screens/nftables.ts';
import { overviewScreen } from './screens/overview.ts';
import { routesScreen } from './screens/routes.ts';
import { shardsBelow, shardsScreen } from './screens/shards.ts';
import { hasDetail, type KeyContext } from './selection.ts';
import { line, span, staled, staledChart, within } from './spans.ts';
import type { Overlay, State } from './state.ts';
import { isDemo } from './view.ts';

/** Wider than this, a dialog is harder to read, not easier. */
const dialogWidth = 80;

export function composeFrame(context: KeyContext, version: string, now: number): Frame {
  const { view, state, size } = context;
  const { columns, rows } = size;
  if (!isLargeEnough(size)) return { lines: tooSmall(columns, rows), charts: [] };
  const layout = layoutOf(size);
  const { body } = layout;
  const shown = overlays(context, screenBlock(context, body), body, version, now);
  const lines: Line[] = [
    headerLine(view, columns),
    tabsLine(state.screen, columns),
    problemLine(view, columns),
    { spans: rule('', columns) },
    ...toHeight(shown.lines, body.height),
    messageLine(state, now, asideOf(context), columns),
    footer(context, columns),
  ];
  return {
    lines: lines.map((item) => ({ ...item, spans: within(item.spans, columns) })),
    charts: (shown.charts ?? []).map((slot) => ({ ...slot, top: slot.top + body.top })),
    ...(shown.cursor === undefined
      ? {}
      : { cursor: { column: Math.min(columns - 1, shown.cursor.column), row: shown.cursor.row + body.top } }),
  };
}

function screenBlock({ view, state }: KeyContext, body: Area): Block {
  const typing = state.overlay?.kind === 'filter' ? state.overlay.text : undefined;
  const area = { ...body, top: 0 };
  const block = ((): Block => {
    switch (state.screen) {
      case 'overview':
        return overviewScreen(view, state.overview, area);
      case 'connections':
        return connectionsScreen(view, state.connections, area, typing);
      case 'backends':
        return backendsScreen(view, state.backends, area);
      case 'routes':
        return routesScreen(view, state.routes, area, typing);
      case 'shards':
        return shardsScreen(view, state.shards, area);
      case 'nftables':
        return nftablesScreen(view, state.nftables, area, typing);
      case 'certificates':
        return certificatesScreen(view, state.certificates, area, typing);
      case 'journal':
        return journalScreen(view, state.journal, area);
    }
  })();
  const lines = toHeight(block.lines, body.height).map((item) => ({
    ...item,
    spans: within(item.spans, body.width),
  }));
  if (!view.stale) return { ...block, lines };
  return {
    ...block,
    lines: lines.map(staled),
    ...(block.charts === undefined ? {} : { charts: block.charts.map(staledChart) }),
  };
}

function overlays(context: KeyContext, under: Block, body: Area, version: string, now: number): Block {
  const { state } = context;
  const { overlay } = state;
  if (overlay === undefined || overlay.kind === 'filter') return under;
  if (overlay.kind === 'help')
    return {
      lines: scrolledPart(
        helpLines(state.screen, body.width, version, isDemo(context.view)),
        overlay.top,
        body.height,
      ),
    };
  const width = Math.min(body.width, widthOver(overlay));
  const over = overBlock(context, overlay, width, body.height, now);
  // At the bottom, a dialog grows upwards as its preview comes: buttons and settings stay where they are.
  const top = overlay.kind === 'palette' ? 0 : Math.max(0, body.height - over.lines.length);
  const place: Area = { left: 0, top, width, height: over.lines.length };
  return {
    lines: overlaid(under.lines, over.lines, place),
    charts: chartsBeside(under.charts ?? ([] as ChartSlot[]), place),
    ...(over.cursor === undefined ? {} : { cursor: { ...over.cursor, row: over.cursor.row + top } }),
  };
}

function widthOver({ kind }: Overlay): number {
  switch (kind) {
    case 'switch':
      return switchDialogWidth;
    case 'what-if':
      return whatIfWidth;
    case 'trace':
      return traceWidth;
    default:
      return dialogWidth;
  }
}

function overBlock(
  context: KeyContext,
  overlay: Extract<Overlay, { kind: 'dialog' | 'switch' | 'what-if' | 'trace' | 'block' | 'palette' }>,
  width: number,
  height: number,
  now: number,
): Block {
  switch (overlay.kind) {
    case 'dialog':
      return dialogView(overlay.dialog, width, height, now);
    case 'switch': {
      const route = context.view.model.route.get(overlay.dialog.route);
      return switchDialogView(overlay.dialog, { route, now }, width, height);
    }
    case 'what-if':
      return whatIfView(overlay.dialog, { ...context.view, now }, width, height);
    case 'trace':
      return traceView(overlay.dialog, now, width, height);
    case 'block':
      return blockDialogView(overlay.dialog, width, height, now);
    case 'palette': {
      const items = paletteItems(context, overlay.text.text);
      return paletteView(items, overlay.text, overlay.cursor, width, paletteRows(height));
    }
  }
}

/** From here on the Routes have a column for each mode. */
const openModesFrom = 110;

/** From here on the Connections have a column for each direction. */
const bytesFrom = 96;

/** From here on there is room for what bars mean beside what is out of sight. */
const bothFrom = 78;

/** Where the numbers on the screen come from. */
function asideOf({ view, state, size }: KeyContext): string {
  if (state.screen === 'journal' || state.screen === 'certificates' || state.overlay !== undefined) return '';
  if (state.screen === 'nftables') return asideOfNftables(state.nftables);
  if (state.screen === 'connections')
    return state.connections.open === undefined && size.columns < bytesFrom
      ? '/s both ways over the last sample'
      : '↓ from clients, ↑ to clients, /s both over the last sample';
  if (state.screen === 'routes' && state.routes.open === undefined)
    return size.columns < openModesFrom
      ? 'rates over 1 s, r reverts a switch at any time'
      : 'pass, edge, reenc: open connections by the mode they came in, rates over 1 s';
  if (state.screen === 'shards') {
    if (state.shards.open !== undefined)
      return 'clients: different addresses with a connection, rates over 1 s';
    const below = shardsBelow(view, state.shards, layoutOf(size).body.height);
    const bars = '█ to the mean, ▓ beyond, ░ short of it';
    if (below === 0) return `${bars}, rates over 1 s`;
    // A spread that is out of sight altogether is told of.
    return `▾ ${plural(below, 'more line')} · ${size.columns < bothFrom ? '' : `${bars}, `}rates over 1 s`;
  }
  const shape = state.screen === 'overview' ? 'shapes: the last minute, ' : '';
  return `${shape}rates over ${Math.max(1, Math.round(view.traffic.windowMs / 1000))} s, latencies over 10 s`;
}

function asideOfNftables({ pane, open }: State['nftables']): string {
  if (pane === 'rules')
    return open === undefined ? 'since each counter was made, /s over the last reading' : '';
  return pane === 'blocked' ? 'packets since it is blocked, /s over the last sample' : 'totals, not rates';
}

function footer(context: KeyContext, columns: number): Line {
  const scopes = activeScopes(context);
  const shownIn = (binding: Binding) =>
    binding.footer === true || (typeof binding.footer === 'function' && binding.footer(context));
  const asKey = (binding: Binding): FooterKey => ({
    key: shownKey(binding.keys[0]!),
    title: binding.footerTitle?.(context) ?? binding.title,
    disabled: binding.whyNot?.(context) !== undefined,
  });
  const shown = scopes.flatMap((scope) =>
    bindings.filter((binding) => binding.scope === scope && shownIn(binding)),
  );
  const always = (binding: Binding) => binding.scope === 'everywhere' && binding.footer === true;
  const back =
    hasDetail(context) && context.state.overlay === undefined
      ? [{ key: 'Esc', title: 'back', disabled: false }]
      : [];
  return footerLine(
    [...back, ...urgentFirst(shown.filter((binding) => !always(binding))).map(asKey)],
    shown.filter(always).map(asKey),
    columns,
  );
}

/** What is over in seconds is not what a narrow footer leaves out. */
function urgentFirst(shown: readonly Binding[]): readonly Binding[] {
  const isUrgent = ({ command }: Binding) => command === 'keep-block';
  return [...shown.filter(isUrgent), ...shown.filter((binding) => !isUrgent(binding))];
}

function tooSmall(columns: number, rows: number): Line[] {
  const words = [
    `Sluice needs ${leastSize.columns} × ${leastSize.rows}`,
    `this is ${columns} × ${rows}`,
    'make it larger, or q',
  ];
  return toHeight(
    words.map((text) => line(...within([span(text, 'warning')], columns))),
    rows,
  );
}
