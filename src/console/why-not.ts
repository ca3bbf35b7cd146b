// Why a key cannot act just now, in words: the role, the engine, the attachment, or the object itself.

import type { Capability, DriftEntity, ServerDrift } from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
import { newestEntries } from './journal-line.ts';
import { whyNotUndoable } from './screens/journal.ts';
import { type KeyContext, selectedOf, targetConnections, targetServers } from './selection.ts';
import { drainOf, type View } from './view.ts';

export type WhyNot = (context: KeyContext) => string | undefined;

/** An endpoint of a service is drained and readied like a server; nothing else can be done to it. */
function onEndpoint(context: KeyContext, admin?: 'ready' | 'drain'): string | undefined | 'none' {
  const selected = selectedOf(context);
  if (selected?.kind !== 'endpoint' || context.state.backends.marks.size > 0) return 'none';
  const { address, admin: present } = selected.endpoint;
  if (admin === undefined)
    return `${address} is an endpoint of ${selected.server.key}: d drains it, r readies it`;
  if (present === admin) return `${address} is ${admin === 'drain' ? 'draining' : 'ready'} already`;
  return whyNotAct(context.view);
}

export function whyNotAct(view: View, capability?: Capability): string | undefined {
  const { attach } = view;
  if (attach.state !== 'live') return 'not attached to the runtime: nothing can be asked of it now';
  if (attach.role === 'viewer') return `${attach.actor} has the role viewer here; this takes an operator`;
  if (capability === undefined) return undefined;
  const capable = view.model.runtime.get('runtime')?.capabilities[capability];
  return typeof capable === 'object' ? capable.no : undefined;
}

function onServers(
  capability: Capability | undefined,
  /** Why none of these servers can be meant. */
  whyNone: (context: KeyContext) => string | undefined,
  /** What it makes of an endpoint, where it can be done to one. */
  ofEndpoint?: 'ready' | 'drain',
): WhyNot {
  return (context) => {
    const endpoint = onEndpoint(context, ofEndpoint);
    if (endpoint !== 'none') return endpoint;
    if (targetServers(context).length === 0) return 'choose a server: the cursor is on a backend';
    return whyNotAct(context.view, capability) ?? whyNone(context);
  };
}

function named(context: KeyContext): string {
  const servers = targetServers(context);
  return servers.length === 1 ? servers[0]!.key : `each of the ${servers.length} marked servers`;
}

export const whyNotDrain: WhyNot = onServers(
  'drain',
  (context) =>
    targetServers(context).every(({ key }) => drainOf(context.view, key))
      ? `${named(context)} is draining already; b rolls it back`
      : undefined,
  'drain',
);

export const whyNotMaint: WhyNot = onServers('maint', (context) =>
  targetServers(context).every(({ admin }) => admin === 'maint')
    ? `${named(context)} is in maint already`
    : undefined,
);

export const whyNotReady: WhyNot = onServers(
  undefined,
  (context) =>
    targetServers(context).every(({ admin, key }) => admin === 'ready' && !drainOf(context.view, key))
      ? `${named(context)} is ready already`
      : undefined,
  'ready',
);

export const whyNotWeight: WhyNot = onServers('weight', () => undefined);

export const whyNotRollback: WhyNot = onServers(undefined, (context) =>
  targetServers(context).some(({ key }) => drainOf(context.view, key))
    ? undefined
    : `${named(context)} has no drain job`,
);

export const whyNotReset: WhyNot = onServers(undefined, (context) => {
  const keys = new Set(targetServers(context).map(({ key }) => key));
  return [...context.view.model.drift.values()].some((drift) => isOfServer(drift) && keys.has(drift.server))
    ? undefined
    : `${named(context)} is as configured`;
});

/** What reset and write-back of a server are about; an endpoint's drain ends by readying it. */
function isOfServer(drift: DriftEntity): drift is ServerDrift {
  return drift.field === 'admin' || drift.field === 'weight';
}

/** A drain is on its way: what it comes to can be written back. */
export function isWritable(view: View, server: ServerKey): boolean {
  if (drainOf(view, server)) return false;
  return [...view.model.drift.values()].some((drift) => isOfServer(drift) && drift.server === server);
}

export const whyNotWriteBack: WhyNot = onServers('reload', (context) => {
  const { view } = context;
  if (view.model.runtime.get('runtime')?.plan.file === undefined)
    return 'the runtime was started without a configuration file: there is nothing to write to';
  if (targetServers(context).some(({ key }) => isWritable(view, key))) return undefined;
  return targetServers(context).some(({ key }) => drainOf(view, key))
    ? `${named(context)} is draining: finish it or roll it back first`
    : `${named(context)} is as configured`;
});

export const whyNotKill: WhyNot = (context) => {
  if (targetConnections(context).ids.length === 0) return 'choose a connection';
  const selected = selectedOf(context);
  if (
    context.state.connections.marks.size === 0 &&
    selected?.kind === 'connection' &&
    (selected.row.phase === 'ended' || context.state.connections.open?.gone)
  )
    return `${selected.row.client} has ended already`;
  return whyNotAct(context.view, 'kill');
};

/** What was frozen cannot be asked for in another order: the rows that come would be of another time. */
export const whyNotAskAnew: WhyNot = ({ view }) =>
  view.frozenAt === undefined ? undefined : 'the picture is frozen: f lets it go on first';

export const whyNotBack: WhyNot = (context) => {
  const { screen, connections } = context.state;
  const { open, marks, filter } = connections;
  const dropsFilter = screen === 'connections' && open === undefined && marks.size === 0 && filter !== '';
  return dropsFilter ? whyNotAskAnew(context) : undefined;
};

export const whyNotReload: WhyNot = ({ view }) => whyNotAct(view, 'reload');

/** The entry that `u` is about: the one under the cursor in the Journal, elsewhere the newest that can be undone. */
export function entryToUndo(context: KeyContext) {
  if (context.state.screen === 'journal') {
    const selected = selectedOf(context);
    return selected?.kind === 'entry' ? selected.entry : undefined;
  }
  return newestEntries(context.view).find((entry) => whyNotUndoable(entry) === undefined);
}

export const whyNotUndo: WhyNot = (context) => {
  const entry = entryToUndo(context);
  if (entry === undefined) return 'there is nothing to undo';
  return whyNotUndoable(entry) ?? whyNotAct(context.view);
};
