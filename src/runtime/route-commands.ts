// tls-switch, tls-revert, reset-route: what each does to a route's TLS mode, and when it may not.

import type { Clock } from '../domain/clock.ts';
import type { Command } from '../domain/command.ts';
import type { Actor } from '../domain/journal.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { Termination } from '../domain/tls.ts';
import type { Engine } from '../engine/engine.ts';
import { changeRoute, routeOverride } from './changes-of-route.ts';
import type { Prepare, Prepared, Refused } from './commands.ts';
import type { CommandRequest } from './control/services.ts';
import type { RouteOverride, RouteStates } from './route-states.ts';
import { incapable, refuse } from './server-commands.ts';
import type { TlsSwitches } from './tls-switches.ts';
import { commandText, switchTermsText } from './wording.ts';

export type RouteCommand = Extract<Command, { kind: 'tls-switch' | 'tls-revert' | 'reset-route' }>;
export type RouteWriteBack = Extract<Command, { kind: 'write-back-route' }>;
type TlsSwitchCommand = Extract<Command, { kind: 'tls-switch' }>;

export interface RouteCommandContext {
  readonly engine: Engine;
  readonly routes: RouteStates;
  readonly switches: TlsSwitches;
  readonly clock: Clock;
  /** What was found before the command's turn came; undefined where it was not asked for. */
  preflightOf(command: Command): Preflight | undefined;
  /** Tells the engine (again) what holds of a route. */
  assertRoute(route: string): void;
  /** Checks follow the TLS mode. */
  terminationChanged(): void;
  save(): Promise<void>;
}

/** Who reverts by itself. */
export const switchWatch: Actor = { name: 'runtime', from: 'TLS switch' };

export type RouteFaultContext = Pick<RouteCommandContext, 'engine' | 'routes' | 'switches'>;

/** Why this command cannot be carried out now, the preflight apart; undefined where it can. */
export function routeCommandFault(
  command: RouteCommand | RouteWriteBack,
  from: CommandRequest['from'],
  context: RouteFaultContext,
): Refused | undefined {
  const { routes, engine } = context;
  const { route: name } = command;
  const unable = incapable(engine, 'tls');
  if (unable) return unable;
  const route = routes.route(name);
  const held = routes.override(name);
  // An override of a route that is gone, or has no TLS any more, can still be dropped.
  if (!route?.tls && command.kind === 'reset-route' && held) return undefined;
  if (!route) return refuse('no-such-route', `there is no route ${name}`, 'see `sluice show routes`');
  if (!route.tls)
    return refuse(
      'bad-value',
      `route ${name} has no tls: it is plain HTTP`,
      'give it tls: in its configuration',
    );
  const now = routes.termination(name)!;
  if (from && 'termination' in from && from.termination !== now)
    return refuse(
      'changed-since',
      `${name} is not ${from.termination} any more: now ${now}${held ? ` (by ${held.by})` : ''}`,
      'look again, and decide anew',
    );
  if (command.kind === 'tls-switch' && command.force !== undefined && command.force !== name)
    return refuse('bad-value', `force names ${command.force}, and the route is ${name}`);
  if (command.kind === 'write-back-route') return undefined;
  const to = targetOf(command, context);
  const conflict = to === now ? undefined : routes.conflict(name, to);
  return conflict && refuse('bad-value', `${name} cannot be ${to}: ${conflict.text}`, conflict.remedy);
}

/** The mode that a command leads to, of a route that has TLS. */
export function targetOf(command: RouteCommand, { routes, switches }: RouteFaultContext): Termination {
  const configured = routes.configured(command.route)!;
  switch (command.kind) {
    case 'tls-switch':
      return command.termination;
    case 'tls-revert': {
      const last = switches.of(command.route);
      // Once it was reverted by itself, what was before is in force already.
      return last && last.to === routes.termination(command.route) ? last.from : configured;
    }
    case 'reset-route':
      return configured;
  }
}

export function prepareRouteCommand(
  command: RouteCommand,
  actor: Actor,
  from: CommandRequest['from'],
  context: RouteCommandContext,
): Awaited<ReturnType<Prepare>> {
  const fault = routeCommandFault(command, from, context);
  if (fault) return fault;
  const { routes, switches, clock } = context;
  const { route, kind } = command;
  const before = routes.override(route);
  const now = routes.termination(route);
  if (now === undefined) return dropOverride(route, context);
  const to = targetOf(command, context);
  const next = kind === 'reset-route' ? undefined : routeOverride(routes, route, to, actor.name, clock.now());
  const byItself = actor === switchWatch;
  if (to === now && before?.value === next?.value && !(kind !== 'tls-switch' && watching(route, context)))
    return { result: 'done', nothing: true, text: `${route} is ${now} already` };
  if (kind === 'tls-switch') {
    const unsafe = unsafeFault(command, context);
    if (unsafe) return unsafe;
  }
  const reason = byItself ? switches.reason(route) : undefined;
  return {
    result: 'prepared',
    before: now,
    text:
      reason !== undefined
        ? `reverted by itself to ${to}: ${reason}`
        : to === now
          ? commandText(command)
          : `TLS ${now} → ${to}${howText(command)}`,
    async carryOut() {
      const confirmed = await changeRoute(route, next, routes, context.engine, context.assertRoute);
      if (confirmed.result !== 'done') return confirmed;
      if (byItself) switches.reverted(route);
      else if (kind === 'tls-switch') {
        const { watchMs, threshold, closeMs } = command;
        switches.start({ route, from: now, to, by: actor.name, watchMs, threshold, closeMs });
      } else switches.end(route);
      context.terminationChanged();
      await context.save();
      return {
        result: 'done',
        after: to,
        ...(byItself && { severity: 'warning' as const }),
        text: to === now ? `${route} stays ${to}` : `${route} is ${to}`,
        // What the runtime took back is not to be put in force again by the newest undo.
        ...(!byItself && { undo: { route, before: before ?? null, after: routes.override(route) ?? null } }),
      };
    },
  } satisfies Prepared;
}

/** The modes come first: a journal on a narrow terminal shows no more. */
function howText(command: RouteCommand): string {
  switch (command.kind) {
    case 'tls-switch':
      return switchTermsText(command);
    case 'tls-revert':
      return ', reverted';
    case 'reset-route':
      return ', as configured';
  }
}

function watching(route: string, { switches }: RouteFaultContext): boolean {
  return switches.of(route)?.phase === 'watching';
}

/** Nobody has to confirm what concerns nothing that runs. */
function dropOverride(route: string, { routes, save }: RouteCommandContext): Prepared {
  const before: RouteOverride = routes.override(route);
  return {
    result: 'prepared',
    ...(before && { before: before.value }),
    async carryOut() {
      routes.commit(route, undefined);
      await save();
      return { result: 'done', after: 'dropped', text: `override of ${route} dropped` };
    },
  };
}

/** The findings that refuse a switch; undefined where there are none, or it is forced. */
function unsafeFault(command: TlsSwitchCommand, context: RouteCommandContext): Refused | undefined {
  if (command.force !== undefined) return undefined;
  const preflight = context.preflightOf(command);
  if (preflight?.verdict === 'safe') return undefined;
  const findings = preflight?.findings.filter(({ severity }) => severity === 'unsafe') ?? [];
  const told = findings.map(({ subject, text }) => `${subject}: ${text}`).join('; ');
  const [first] = findings.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
  const force = `or force it by the route's name, ${command.route}`;
  return refuse(
    'unsafe',
    told === '' ? 'the preflight did not come to an end' : `clients would fail: ${told}`,
    first === undefined ? `put it right, ${force}` : `${first}, ${force}`,
  );
}
