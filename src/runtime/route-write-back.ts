// A route's TLS mode written back: its `termination:` in the configuration's file becomes what is in force.

import type { Prepare, Refused } from './commands.ts';
import type { CommandRequest } from './control/services.ts';
import {
  type RouteCommandContext,
  type RouteFaultContext,
  type RouteWriteBack,
  routeCommandFault,
} from './route-commands.ts';
import { incapable, refuse } from './server-commands.ts';
import { type FileEdits, preparedEdit } from './write-back.ts';

/** Why it cannot be written back now; undefined where its file decides. */
export function routeWriteBackFault(
  command: RouteWriteBack,
  from: CommandRequest['from'],
  context: RouteFaultContext,
): Refused | undefined {
  const fault = routeCommandFault(command, from, context) ?? incapable(context.engine, 'reload');
  if (fault) return fault;
  const last = context.switches.of(command.route);
  // It may revert by itself yet, and nobody wants that in a file.
  return last?.phase === 'watching'
    ? refuse(
        'busy',
        `the switch of ${command.route} by ${last.by} is being watched`,
        'wait for its end, or revert it',
      )
    : undefined;
}

export async function prepareRouteWriteBack(
  command: RouteWriteBack,
  from: CommandRequest['from'],
  context: RouteCommandContext,
  edits: FileEdits,
): Promise<Awaited<ReturnType<Prepare>>> {
  const { route } = command;
  const { routes } = context;
  const fault = routeWriteBackFault(command, from, context);
  if (fault) return fault;
  const before = routes.override(route);
  const mode = routes.termination(route)!;
  if (!before || routes.configured(route) === mode)
    return { result: 'done', nothing: true, text: `${route} is ${mode}, as configured already` };
  const edit = await edits.ofRoute(route);
  if ('result' in edit) return edit;
  return preparedEdit(command, edit, edits, context, `${route}: ${mode}`, (written) => ({
    route,
    before,
    after: routes.override(route) ?? null,
    written,
  }));
}
