// Undo: the exact former override (and drain job) of what a journalled act
// changed (a server, a route, the shape), while nobody changed it since.

import { isDeepStrictEqual } from 'node:util';
import type { Actor, JournalEntry } from '../domain/journal.ts';
import { changeState } from './changes-of-state.ts';
import type { Prepared, Refused } from './commands.ts';
import {
  type EndpointContext,
  endpointUndoFault,
  prepareEndpointUndo,
} from './endpoints/endpoint-commands.ts';
import type { EndpointStates } from './endpoints/endpoint-states.ts';
import type { Journal, UndoRecord } from './journal.ts';
import { type BlockContext, blockUndoFault, prepareBlockUndo } from './kernel/block-commands.ts';
import type { Blocks } from './kernel/blocks.ts';
import type { RouteCommandContext, RouteFaultContext } from './route-commands.ts';
import { prepareRouteUndo, routeUndoFault } from './route-undo.ts';
import { refuse, type ServerCommandContext } from './server-commands.ts';
import type { ShapeContext } from './shape/shape-commands.ts';
import { prepareShapeUndo, shapeUndoFault } from './shape/shape-undo.ts';
import { stateText } from './wording.ts';
import type { FileEdits } from './write-back.ts';
import { prepareWriteBackUndo, undoText } from './write-back-undo.ts';

export type Undoable = { readonly entry: JournalEntry; readonly record: UndoRecord };

/** The act that an undo would take back, or why there is none. */
export function findUndo(
  asked: number | undefined,
  journal: Journal,
  { states }: Pick<ServerCommandContext, 'states'>,
  routes: RouteFaultContext,
  shape: Pick<ShapeContext, 'engine' | 'plans'>,
  endpoints: EndpointStates,
  blocks: Blocks,
): Undoable | Refused {
  const id = asked ?? journal.newestUndoable();
  if (id === undefined) return refuse('nothing-to-undo', 'nothing was done that could be undone');
  const entry = journal.entry(id);
  const record = journal.undoOf(id);
  if (!entry) return refuse('nothing-to-undo', `the journal has no entry ${id} any more`);
  if (entry.undoneBy !== undefined)
    return refuse('not-undoable', `entry ${id} was undone already (entry ${entry.undoneBy})`);
  if (!record) return refuse('not-undoable', `"${entry.text}" cannot be undone`);
  if ('route' in record) return routeUndoFault(record, routes) ?? { entry, record };
  if ('shape' in record) return shapeUndoFault(record, shape) ?? { entry, record };
  if ('endpoint' in record) return endpointUndoFault(record, endpoints) ?? { entry, record };
  if ('block' in record) return blockUndoFault(record, blocks) ?? { entry, record };
  if (!states.has(record.server))
    return refuse('no-such-server', `${record.server} is not in the configuration any more`);
  const now = states.override(record.server);
  if (!isDeepStrictEqual(now, record.after)) {
    const state = states.state(record.server)!;
    const author = [now.admin, now.weight]
      .filter((wished) => wished !== undefined)
      .sort((a, b) => b.at - a.at)[0];
    return refuse(
      'changed-since',
      `${record.server} was changed since: now ${stateText(state)}${author ? `, by ${author.by}` : ''}`,
      'set the state you want instead',
    );
  }
  return { entry, record };
}

export async function prepareUndo(
  asked: number | undefined,
  journal: Journal,
  context: ServerCommandContext,
  routes: RouteCommandContext,
  shape: ShapeContext,
  edits: FileEdits,
  endpoints: EndpointContext,
  blocks: BlockContext,
  actor: Actor,
): Promise<Prepared | Refused> {
  const found = findUndo(asked, journal, context, routes, shape, endpoints.endpoints, blocks.blocks);
  if (!('record' in found)) return found;
  const { entry, record } = found;
  if ('route' in record) return prepareRouteUndo(entry, record, journal, routes, edits);
  if ('shape' in record) return prepareShapeUndo(entry, record, journal, shape, edits);
  if ('endpoint' in record) return prepareEndpointUndo(entry, record, journal, endpoints);
  if ('block' in record) return prepareBlockUndo(entry, record, journal, actor, blocks);
  const { states, drains } = context;
  const { server } = record;
  if (record.written)
    return prepareWriteBackUndo(entry, record.written, {
      subject: server,
      edits,
      journal,
      save: () => context.save(),
      held: () => ({ servers: new Map([[server, record.before]]) }),
      text: () => `${server} stays ${stateText(states.state(server)!)}, as an override`,
    });
  return {
    result: 'prepared',
    subject: server,
    text: undoText(entry),
    before: stateText(states.state(server)!),
    async carryOut(id) {
      if (!isDeepStrictEqual(record.before, record.after)) {
        const confirmed = await changeState(server, record.before, states, context.engine, context.assert);
        if (confirmed.result !== 'done') return confirmed;
        if (record.before.admin?.value !== record.after.admin?.value) context.adminChanged(server);
      }
      if (record.job !== undefined) drains.end(server);
      if (record.job) {
        const overdue = record.job.deadlineAt !== 0 && record.job.deadlineAt <= context.clock.now();
        // A deadline that passed meanwhile must not act the moment the job is back.
        drains.resume(overdue ? { ...record.job, deadlineAt: 0, then: 'wait' } : record.job);
      }
      journal.undone(entry.id, id);
      await context.save();
      const after = stateText(states.state(server)!);
      return {
        result: 'done',
        after,
        text: `${server} is ${after} again (undone: ${entry.text}, by ${entry.actor.name})`,
      };
    },
  };
}
