// drain and ready of one endpoint of a service, and their undo: proposed to the engine, held once its rules are in force.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../domain/clock.ts';
import type { Command } from '../../domain/command.ts';
import type { Actor, JournalEntry } from '../../domain/journal.ts';
import type { EndpointEntity } from '../../domain/kernel.ts';
import type { ServerKey } from '../../domain/plan.ts';
import { type Engine, EngineError } from '../../engine/engine.ts';
import type { Confirmed } from '../changes-of-state.ts';
import type { Prepare, Prepared, Refused } from '../commands.ts';
import type { EndpointUndo, Journal } from '../journal.ts';
import { refuse } from '../server-commands.ts';
import type { ServerStates } from '../server-states.ts';
import { commandText } from '../wording.ts';
import { undoText } from '../write-back-undo.ts';
import type { EndpointOverride, EndpointStates } from './endpoint-states.ts';

export type EndpointCommand = Extract<Command, { kind: 'endpoint' }>;

export interface EndpointContext {
  readonly engine: Pick<Engine, 'setServers'>;
  readonly states: Pick<ServerStates, 'has' | 'wish'>;
  readonly endpoints: EndpointStates;
  readonly clock: Pick<Clock, 'now'>;
  /** Into the model: the server, and the drift. */
  publish(server: ServerKey): void;
  /** Tells the engine what holds of a server. */
  assert(server: ServerKey): void;
  save(): Promise<void>;
}

/** Why it cannot be done now; undefined where it can. */
export function endpointFault(
  { server, endpoint, admin }: EndpointCommand,
  { states, endpoints }: Pick<EndpointContext, 'states' | 'endpoints'>,
): Refused | undefined {
  // A drain of what is gone can still be ended; nothing else makes sense there.
  if (admin === 'ready' && endpoints.override(server, endpoint)) return undefined;
  if (!states.has(server))
    return refuse('no-such-server', `there is no server ${server}`, 'see `sluice show servers`');
  const service = endpoints.entity(server);
  if (!service)
    return refuse(
      'no-such-endpoint',
      `${server} is no service, and has no endpoints`,
      `drain the server itself: \`sluice drain ${server}\``,
    );
  if (!service.endpoints.some(({ address }) => address === endpoint)) {
    const known = service.endpoints.slice(0, 5).map(({ address }) => address);
    const more = service.endpoints.length > known.length ? ' …' : '';
    return refuse(
      'no-such-endpoint',
      `${server} has no endpoint ${endpoint}`,
      `it has ${known.join(', ')}${more}; see \`sluice show endpoints\``,
    );
  }
  return undefined;
}

export function prepareEndpoint(
  command: EndpointCommand,
  actor: Actor,
  context: EndpointContext,
): ReturnType<Prepare> {
  const fault = endpointFault(command, context);
  if (fault) return fault;
  const { endpoints, clock } = context;
  const { server, endpoint, admin } = command;
  const before = endpoints.override(server, endpoint);
  const now = before?.value ?? 'ready';
  if (now === admin)
    return { result: 'done', nothing: true, text: `endpoint ${endpoint} of ${server} is ${now} already` };
  const next: EndpointOverride =
    admin === 'drain' ? { value: 'drain', by: actor.name, at: clock.now() } : undefined;
  return {
    result: 'prepared',
    text: commandText(command),
    before: now,
    async carryOut() {
      const confirmed = await changeEndpoint(server, endpoint, next, context);
      if (confirmed.result !== 'done') return confirmed;
      await context.save();
      return {
        result: 'done',
        after: admin,
        text:
          admin === 'drain'
            ? `endpoint ${endpoint} of ${server} gets no new connections; those it has finish`
            : `endpoint ${endpoint} of ${server} is ready`,
        undo: { endpoint, service: server, before: before ?? null, after: next ?? null },
      };
    },
  } satisfies Prepared;
}

/** An endpoint that the plan does not have has nobody to confirm it. */
async function changeEndpoint(
  server: ServerKey,
  endpoint: string,
  next: EndpointOverride,
  { engine, states, endpoints, assert, publish }: EndpointContext,
): Promise<Confirmed> {
  if (endpoints.entity(server)?.endpoints.some(({ address }) => address === endpoint)) {
    endpoints.propose(server, endpoint, next?.value ?? 'ready');
    try {
      await engine.setServers([states.wish(server)]);
    } catch (error) {
      // What was not confirmed does not hold; the rules may be in force all the same.
      endpoints.propose(server, endpoint, undefined);
      assert(server);
      const text = error instanceof Error ? error.message : String(error);
      return error instanceof EngineError && error.code !== 'unknown'
        ? { result: 'refused', code: 'busy', text }
        : { result: 'unknown', text: `not confirmed by the engine: ${text}` };
    }
  }
  endpoints.commit(server, endpoint, next);
  publish(server);
  return { result: 'done' };
}

export function endpointUndoFault(
  { service, endpoint, after }: EndpointUndo,
  endpoints: EndpointStates,
): Refused | undefined {
  const now = endpoints.override(service, endpoint) ?? null;
  if (isDeepStrictEqual(now, after)) return undefined;
  return refuse(
    'changed-since',
    `endpoint ${endpoint} of ${service} was changed since: now ${stateOf(now)}${now ? `, by ${now.by}` : ''}`,
    'set the state you want instead',
  );
}

const stateOf = (held: EndpointUndo['before']): EndpointEntity['admin'] => held?.value ?? 'ready';

export function prepareEndpointUndo(
  entry: JournalEntry,
  record: EndpointUndo,
  journal: Journal,
  context: EndpointContext,
): Prepared {
  const { service, endpoint, before, after } = record;
  return {
    result: 'prepared',
    subject: service,
    text: undoText(entry),
    before: stateOf(after),
    async carryOut(id) {
      const confirmed = await changeEndpoint(service, endpoint, before ?? undefined, context);
      if (confirmed.result !== 'done') return confirmed;
      journal.undone(entry.id, id);
      await context.save();
      const state = stateOf(before);
      return {
        result: 'done',
        after: state,
        text: `endpoint ${endpoint} of ${service} is ${state} again (undone: ${entry.text}, by ${entry.actor.name})`,
      };
    },
  };
}
