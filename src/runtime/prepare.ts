// Which part carries out which command.

import type { Outcome } from '../domain/command.ts';
import { safe } from '../domain/safe.ts';
import { EngineError } from '../engine/engine.ts';
import type { Done, Prepare, Prepared, Refused } from './commands.ts';
import { type EndpointContext, prepareEndpoint } from './endpoints/endpoint-commands.ts';
import type { Journal } from './journal.ts';
import { type BlockContext, prepareBlock } from './kernel/block-commands.ts';
import { nothingToReload, type Reload, type ReloadTerms } from './reload.ts';
import { prepareRouteCommand, type RouteCommandContext } from './route-commands.ts';
import { prepareRouteWriteBack } from './route-write-back.ts';
import { incapable, prepareServerCommand, refuse, type ServerCommandContext } from './server-commands.ts';
import { prepareRenew } from './shape/renew.ts';
import { prepareShapeCommand, type ShapeContext } from './shape/shape-commands.ts';
import { prepareShapeWriteBack } from './shape/shape-write-back.ts';
import { prepareUndo } from './undo.ts';
import { type FileEdits, prepareWriteBack } from './write-back.ts';

export function createPrepare(options: {
  readonly journal: Journal;
  readonly servers: ServerCommandContext;
  readonly routes: RouteCommandContext;
  readonly shape: ShapeContext;
  readonly reload: Reload;
  readonly edits: FileEdits;
  readonly endpoints: EndpointContext;
  readonly blocks: BlockContext;
}): Prepare {
  const { journal, servers, routes, shape, reload, edits, endpoints, blocks } = options;
  const { engine } = servers;

  return (command, actor, from) => {
    switch (command.kind) {
      case 'drain':
      case 'ready':
      case 'maint':
      case 'weight':
      case 'rollback':
      case 'reset':
        return prepareServerCommand(command, actor, from, servers);
      case 'write-back':
        return prepareWriteBack(command, from, servers, edits);
      case 'tls-switch':
      case 'tls-revert':
      case 'reset-route':
        return prepareRouteCommand(command, actor, from, routes);
      case 'write-back-route':
        return prepareRouteWriteBack(command, from, routes, edits);
      case 'undo':
        return prepareUndo(command.entry, journal, servers, routes, shape, edits, endpoints, blocks, actor);
      case 'reload':
        return prepareReload(command);
      case 'kill':
        return prepareKill(command.connection);
      case 'reshape':
      case 'reset-shape':
        return prepareShapeCommand(command, actor, shape);
      case 'write-back-shape':
        return prepareShapeWriteBack(command, shape, edits);
      case 'renew':
        return prepareRenew(command, shape);
      case 'endpoint':
        return prepareEndpoint(command, actor, endpoints);
      case 'block':
      case 'confirm-block':
      case 'unblock':
        return prepareBlock(command, actor, blocks);
    }
  };

  function prepareReload(terms: ReloadTerms): Prepared | Refused {
    const unable = incapable(engine, 'reload');
    if (unable) return unable;
    if (!reload.possible) return nothingToReload;
    return { result: 'prepared', carryOut: () => reload.run(terms) };
  }

  async function prepareKill(connection: string): Promise<Prepared | Refused> {
    const unable = incapable(engine, 'kill');
    if (unable) return unable;
    const none = refuse('no-such-connection', `there is no connection ${connection} any more`);
    // Asked before it is gone: an operator knows the client, not our id. An engine that cannot tell is asked to end it all the same.
    const client = await engine.connection(connection).then(
      (detail) => detail?.client ?? none,
      () => undefined,
    );
    // Nothing was tried, so there is nothing to journal.
    if (client === none) return none;
    const who = typeof client === 'string' ? safe(client) : `connection ${connection}`;
    return {
      result: 'prepared',
      async carryOut(): Promise<Done> {
        try {
          return (await engine.kill(connection)) ? { result: 'done', text: `${who} ended` } : none;
        } catch (error) {
          const { message } = error as Error;
          return error instanceof EngineError && error.code !== 'unknown'
            ? refuse('busy', message)
            : ({ result: 'unknown', text: message } satisfies Outcome);
        }
      },
    };
  }
}
