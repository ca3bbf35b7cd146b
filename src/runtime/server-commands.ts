// drain, ready, maint, weight, rollback, reset: what each does to a server's override and drain job.

import type { Clock } from '../domain/clock.ts';
import type { Command } from '../domain/command.ts';
import type { DrainJob } from '../domain/drain.ts';
import type { Actor } from '../domain/journal.ts';
import type { Capability } from '../domain/model.ts';
import type { ServerKey } from '../domain/plan.ts';
import type { Engine } from '../engine/engine.ts';
import { changeState } from './changes-of-state.ts';
import type { Prepare, Prepared, Refused } from './commands.ts';
import type { CommandRequest } from './control/services.ts';
import type { Drains } from './drains.ts';
import { isEmpty, noOverride, type Override, override, type Wish } from './overrides.ts';
import type { ServerStates } from './server-states.ts';
import { commandText, deadlineText, stateText } from './wording.ts';

export type WriteBackCommand = Extract<Command, { kind: 'write-back' }>;
export type ServerCommand = Exclude<
  Extract<Command, { server: ServerKey }>,
  WriteBackCommand | { kind: 'endpoint' }
>;

export interface ServerCommandContext {
  readonly engine: Engine;
  readonly states: ServerStates;
  readonly drains: Drains;
  readonly clock: Clock;
  /** Tells the engine (again) what holds of a server. */
  assert(key: ServerKey): void;
  /** Checks follow the admin state. */
  adminChanged(key: ServerKey): void;
  /** Saves overrides and jobs; resolves once they are safe. */
  save(): Promise<void>;
}

const capabilityOf: Readonly<Record<(ServerCommand | WriteBackCommand)['kind'], Capability | undefined>> = {
  drain: 'drain',
  ready: undefined,
  maint: 'maint',
  weight: 'weight',
  rollback: undefined,
  reset: undefined,
  'write-back': 'reload',
};

export function refuse(code: Refused['code'], text: string, remedy?: string): Refused {
  return { result: 'refused', code, text, ...(remedy !== undefined && { remedy }) };
}

export function incapable(engine: Engine, capability: Capability): Refused | undefined {
  const can = engine.capabilities[capability];
  return can === true ? undefined : refuse('not-capable', can.no);
}

/** Why this command cannot be carried out now; undefined where it can. */
export function serverCommandFault(
  command: ServerCommand | WriteBackCommand,
  from: CommandRequest['from'],
  { engine, states, drains }: Pick<ServerCommandContext, 'engine' | 'states' | 'drains'>,
): Refused | undefined {
  const { server, kind } = command;
  const state = states.state(server);
  // An override of a server that is gone can still be dropped; nothing else makes sense there.
  if (!state && !(kind === 'reset' && !isEmpty(states.override(server))))
    return refuse('no-such-server', `there is no server ${server}`, 'see `sluice show servers`');
  if (state && from && 'admin' in from && (from.admin !== state.admin || from.weight !== state.weight))
    return refuse(
      'changed-since',
      `${server} is not ${stateText(from)} any more: now ${stateText(state)}${authorOf(states.override(server))}`,
      'look again, and decide anew',
    );
  if (kind === 'rollback' && !drains.job(server))
    return refuse('no-drain-job', `${server} has no drain job to roll back`);
  const needed = capabilityOf[kind];
  const unable = needed && incapable(engine, needed);
  if (unable) return unable;
  if (kind === 'drain' && command.then === 'kill') return incapable(engine, 'kill-server');
  return undefined;
}

function authorOf({ admin, weight }: Override): string {
  const newest = [admin, weight].filter((wished) => wished !== undefined).sort((a, b) => b.at - a.at)[0];
  return newest ? ` (by ${newest.by})` : '';
}

export function prepareServerCommand(
  command: ServerCommand,
  actor: Actor,
  from: CommandRequest['from'],
  context: ServerCommandContext,
): ReturnType<Prepare> {
  const fault = serverCommandFault(command, from, context);
  if (fault) return fault;
  const { states, drains } = context;
  const { server } = command;
  const state = states.state(server);
  const before = states.override(server);
  const job = drains.job(server);
  const wish = wishOf(command, job);
  const next =
    command.kind === 'reset' || wish === 'none'
      ? noOverride
      : override(before, wish, states.configured(server), actor.name, context.clock.now());
  const changesAdmin = before.admin?.value !== next.admin?.value;
  const changesWeight = before.weight?.value !== next.weight?.value;
  const endsJob = job !== undefined && command.kind !== 'drain' && command.kind !== 'weight';
  if (!changesAdmin && !changesWeight && !endsJob && command.kind !== 'drain')
    return {
      result: 'done',
      nothing: true,
      text: `${server} is ${state ? stateText(state) : 'gone'} already`,
    };

  return {
    result: 'prepared',
    ...(state && { before: stateText(state) }),
    text:
      job && command.kind === 'drain'
        ? `drain again: ${deadlineText(command.deadlineMs, command.then, command.killRate)}`
        : commandText(command),
    async carryOut() {
      // What stays as it is keeps its author and date.
      const held = {
        ...next,
        ...(!changesAdmin && before.admin && next.admin ? { admin: before.admin } : {}),
        ...(!changesWeight && before.weight && next.weight ? { weight: before.weight } : {}),
      };
      if (changesAdmin || changesWeight) {
        const confirmed = await changeState(server, held, states, context.engine, context.assert);
        if (confirmed.result !== 'done') return confirmed;
      }
      if (changesAdmin) context.adminChanged(server);
      if (endsJob) drains.end(server);
      if (command.kind === 'drain') beginDrain(command, actor, before, state!, context);
      await context.save();
      const now = states.state(server);
      const after = now ? stateText(now) : 'dropped';
      return {
        result: 'done',
        after,
        text: now
          ? `${server} is ${command.kind === 'drain' ? 'draining' : after}`
          : `override of ${server} dropped`,
        undo: {
          server,
          before,
          after: states.override(server),
          ...((endsJob || command.kind === 'drain') && { job: job ?? null }),
        },
      };
    },
  } satisfies Prepared;
}

function wishOf(command: ServerCommand, job: DrainJob | undefined): Wish | 'none' {
  switch (command.kind) {
    case 'drain':
    case 'maint':
    case 'ready':
      return { admin: command.kind };
    case 'weight':
      return { weight: command.weight };
    case 'rollback':
      // Not overridden before: the configuration holds again, also where a reload changed it meanwhile.
      return job!.before.overridden ? { admin: job!.before.admin, weight: job!.before.weight } : 'none';
    case 'reset':
      return 'none';
  }
}

function beginDrain(
  command: Extract<Command, { kind: 'drain' }>,
  actor: Actor,
  before: Override,
  state: { readonly admin: DrainJob['before']['admin']; readonly weight: number },
  { drains }: Pick<ServerCommandContext, 'drains'>,
): void {
  const { server, deadlineMs, then, killRate } = command;
  if (drains.job(server)) drains.change(server, { deadlineMs, then, killRate });
  else
    drains.start({
      server,
      deadlineMs,
      then,
      killRate,
      before: { ...state, overridden: !isEmpty(before) },
      by: actor.name,
    });
}
