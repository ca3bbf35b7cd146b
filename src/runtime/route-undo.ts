// Undo of what was done to a route: the exact former override of its TLS mode, while nobody changed it since.

import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry } from '../domain/journal.ts';
import { changeRoute } from './changes-of-route.ts';
import type { Prepared, Refused } from './commands.ts';
import type { Journal, RouteUndo } from './journal.ts';
import type { RouteCommandContext, RouteFaultContext } from './route-commands.ts';
import { refuse } from './server-commands.ts';
import type { FileEdits } from './write-back.ts';
import { prepareWriteBackUndo, undoText } from './write-back-undo.ts';

/** Why an act upon a route cannot be taken back now. */
export function routeUndoFault(
  { route, before, after, written }: RouteUndo,
  { routes }: RouteFaultContext,
): Refused | undefined {
  const configured = routes.configured(route);
  if (configured === undefined)
    return refuse('no-such-route', `${route} is not in the configuration any more, or has no TLS`);
  const now = routes.override(route) ?? null;
  if (!isDeepStrictEqual(now, after))
    return refuse(
      'changed-since',
      `${route} was changed since: now ${routes.termination(route)}${now ? `, by ${now.by}` : ''}`,
      'switch to the mode you want instead',
    );
  const to = before?.value ?? configured;
  const conflict = written || to === routes.termination(route) ? undefined : routes.conflict(route, to);
  return conflict && refuse('bad-value', `${route} cannot be ${to}: ${conflict.text}`, conflict.remedy);
}

export async function prepareRouteUndo(
  entry: JournalEntry,
  record: RouteUndo,
  journal: Journal,
  context: RouteCommandContext,
  edits: FileEdits,
): Promise<Prepared | Refused> {
  const { route, before, written } = record;
  const { routes, switches } = context;
  if (written)
    return prepareWriteBackUndo(entry, written, {
      subject: route,
      edits,
      journal,
      save: () => context.save(),
      held: () => ({ routes: new Map([[route, before ?? undefined]]) }),
      text: () => `${route} stays ${routes.termination(route)}, as an override`,
    });
  return {
    result: 'prepared',
    subject: route,
    text: undoText(entry),
    before: routes.termination(route)!,
    async carryOut(id) {
      const held = before ?? undefined;
      const confirmed = await changeRoute(route, held, routes, context.engine, context.assertRoute);
      if (confirmed.result !== 'done') return confirmed;
      switches.end(route);
      context.terminationChanged();
      journal.undone(entry.id, id);
      await context.save();
      const after = routes.termination(route)!;
      return {
        result: 'done',
        after,
        text: `${route} is ${after} again (undone: ${entry.text}, by ${entry.actor.name})`,
      };
    },
  };
}
