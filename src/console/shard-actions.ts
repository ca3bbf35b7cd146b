// What keys do on Shards, and what they ask of the runtime about shards from elsewhere.

import type { ShardCommandId } from './binding.ts';
import type { Desk } from './desk.ts';
import { atTop } from './list-cursor.ts';
import { closeOverlay } from './overlays.ts';
import { ask } from './questions.ts';
import { instanceKey, shardKey } from './screens/shard-rows.ts';
import { type Selected, selectedOf } from './selection.ts';
import type { RouteTrouble } from './shard-look.ts';
import { askTrace, chooseTrace, scrollTrace, stepTrace, traceAgain } from './trace-questions.ts';
import {
  askScale,
  askWhatIf,
  backFromWhatIf,
  chooseWhatIf,
  completeWhatIf,
  confirmWhatIf,
  leaveFromWhatIf,
  scroll,
  stepWhatIf,
  turnWhatIf,
  withWhatIf,
} from './what-if-questions.ts';
import { shapeDrifts, shardUnder } from './why-not-shard.ts';

export const shardActions: Readonly<Record<ShardCommandId, (desk: Desk) => void>> = {
  'what-if': (desk) => askWhatIf(desk),
  'scale-up': (desk) => askScale(desk, 1),
  'scale-down': (desk) => askScale(desk, -1),
  renew(desk) {
    const shard = shardUnder(desk.context());
    if (shard) ask(desk, { kind: 'renew', shard: shard.name });
  },
  'reset-shape': (desk) => askDrifts(desk, 'reset-shape'),
  'write-back-shape': (desk) => askDrifts(desk, 'write-back-shape'),
  'connections-of': showConnectionsOf,
  trace: askTrace,
  'trace-choose': chooseTrace,
  'trace-again': traceAgain,
  'trace-next': (desk) => stepTrace(desk, 1),
  'trace-previous': (desk) => stepTrace(desk, -1),
  'trace-page-down': (desk) => scrollTrace(desk, 'page', 1),
  'trace-page-up': (desk) => scrollTrace(desk, 'page', -1),
  'what-if-choose': chooseWhatIf,
  'what-if-confirm': (desk) => withWhatIf(desk, (dialog) => confirmWhatIf(desk, dialog)),
  'what-if-cancel': closeOverlay,
  'what-if-back': backFromWhatIf,
  'what-if-next': (desk) => stepWhatIf(desk, 1),
  'what-if-previous': (desk) => stepWhatIf(desk, -1),
  'what-if-left': (desk) => turnWhatIf(desk, -1),
  'what-if-right': (desk) => turnWhatIf(desk, 1),
  'what-if-tab': completeWhatIf,
  'what-if-page-down': (desk) => scroll(desk, 'page', 1),
  'what-if-page-up': (desk) => scroll(desk, 'page', -1),
  'what-if-leave': leaveFromWhatIf,
};

function askDrifts(desk: Desk, kind: 'reset-shape' | 'write-back-shape'): void {
  const context = desk.context();
  const shard = shardUnder(context);
  const drifts = shapeDrifts(context);
  if (shard !== undefined && drifts.length > 0) ask(desk, { kind, drifts, name: shard.name });
}

/** Who is on it: the Connections, filtered. */
function showConnectionsOf(desk: Desk): void {
  const context = desk.context();
  const selected = selectedOf(context);
  const shard = shardUnder(context);
  const filter =
    selected?.kind === 'instance'
      ? `instance=${selected.instance.name}`
      : shard === undefined
        ? undefined
        : `shard=${shard.name}`;
  if (filter === undefined) return;
  desk.set({
    screen: 'connections',
    connections: {
      ...desk.state.connections,
      open: undefined,
      filter,
      cursor: atTop,
      outOfSight: undefined,
      settledAt: 0,
    },
  });
}

const troubleFilters: Readonly<Record<RouteTrouble, string>> = {
  orphaned: 'orphaned',
  refused: 'refused',
  doubly: 'doubly-served',
};

/** Enter on Shards; a backend's row is opened as everywhere. */
export function openOnShards(desk: Desk, selected: Selected): void {
  const { shards, routes } = desk.state;
  switch (selected?.kind) {
    case 'shard':
      desk.set({ shards: { ...shards, open: { key: shardKey(selected.shard.name), top: 0 } } });
      break;
    case 'instance':
      desk.set({ shards: { ...shards, open: { key: instanceKey(selected.instance.id), top: 0 } } });
      break;
    case 'trouble':
      desk.set({
        screen: 'routes',
        routes: { ...routes, open: undefined, filter: troubleFilters[selected.trouble], cursor: atTop },
      });
      break;
    default:
      break;
  }
}
