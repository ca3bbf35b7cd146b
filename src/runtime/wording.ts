// Commands and states in one line each, as the journal, outcomes and previews say them.

import type { Command, DeadlineAction } from '../domain/command.ts';
import type { AdminState } from '../domain/server-state.ts';
import { type ShapeChange, shapeChangeText } from '../domain/shape.ts';
import type { Fares } from '../domain/tls-switch.ts';
import { allRejected, failedShare } from '../domain/tls-switch-rules.ts';
import { spokenDuration } from '../domain/units.ts';

const actions: Readonly<Record<DeadlineAction, string>> = {
  wait: 'wait on',
  kill: 'kill what is left',
  maint: 'maint',
  ready: 'back to ready',
};

export function deadlineText(deadlineMs: number, then: DeadlineAction, killRate: number): string {
  if (deadlineMs === 0) return 'no deadline';
  const action = then === 'kill' ? `${actions.kill}, ${killRate}/s` : actions[then];
  return `deadline ${spokenDuration(deadlineMs)} then ${action}`;
}

export function commandText(command: Command): string {
  switch (command.kind) {
    case 'drain':
      return `drain, ${deadlineText(command.deadlineMs, command.then, command.killRate)}`;
    case 'ready':
      return 'ready';
    case 'maint':
      return 'maint';
    case 'weight':
      return `weight ${command.weight}`;
    case 'rollback':
      return 'roll back the drain';
    case 'kill':
      return 'kill the connection';
    case 'undo':
      return command.entry === undefined ? 'undo' : `undo of entry ${command.entry}`;
    case 'reset':
      return "back to the configuration's values";
    case 'write-back':
      return 'write back to the configuration';
    case 'tls-switch':
      return `switch to ${command.termination}${switchTermsText(command)}`;
    case 'tls-revert':
      return 'revert the TLS mode';
    case 'reset-route':
      return "back to the configuration's TLS mode";
    case 'write-back-route':
      return 'write the TLS mode back to the configuration';
    case 'reshape':
      return command.changes.map(shapeChangeText).join(', ');
    case 'reset-shape':
      return "back to the configuration's value";
    case 'write-back-shape':
      return 'write back to the configuration';
    case 'renew':
      return 'renew the instances';
    case 'block':
      return `block${blockTermsText(command)}`;
    case 'confirm-block':
      return 'confirm the block';
    case 'unblock':
      return 'unblock';
    case 'endpoint':
      return `${command.admin} of endpoint ${command.endpoint}`;
    case 'reload':
      return 'reload the configuration';
  }
}

function blockTermsText({
  forMs,
  confirmMs,
  force,
  why,
}: Pick<Extract<Command, { kind: 'block' }>, 'forMs' | 'confirmMs' | 'force' | 'why'>): string {
  const time = forMs === 0 ? '' : ` for ${spokenDuration(forMs)}`;
  const confirm = confirmMs === 0 ? '' : `, to be confirmed within ${spokenDuration(confirmMs)}`;
  return `${time}${confirm}${force === undefined ? '' : ', forced'}${why === '' ? '' : `: ${why}`}`;
}

export function switchTermsText({
  watchMs,
  threshold,
  closeMs,
  force,
}: Pick<Extract<Command, { kind: 'tls-switch' }>, 'watchMs' | 'threshold' | 'closeMs' | 'force'>): string {
  const watch =
    watchMs === 0
      ? ', not watched'
      : `, watched ${spokenDuration(watchMs)}, reverts at ${shareText(threshold)} more failures`;
  const close = closeMs === 0 ? '' : `, open connections end within ${spokenDuration(closeMs)}`;
  return `${watch}${close}${force === undefined ? '' : ', forced'}`;
}

/** "34 of 80 failed (43 %), before 0.2 %": how clients fared since, against the minute before. */
export function faresText(after: Fares | null, before: Fares | null): string {
  const since =
    after === null
      ? 'nothing came by'
      : `${after.failures.toLocaleString('en-US')} of ${after.attempts.toLocaleString('en-US')} failed (${shareText(failedShare(after))})`;
  if (after !== null && allRejected(after, before))
    return `${after.clientErrors.toLocaleString('en-US')} of ${after.attempts.toLocaleString('en-US')} were answered 4xx, as if the servers were spoken to in the wrong way`;
  const then = before === null ? 'nothing came by before' : `before ${shareText(failedShare(before))}`;
  return `${since}, ${then}`;
}

/** "43 %", "0.2 %". */
export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || Number.isInteger(percent) ? Math.round(percent) : percent.toFixed(1)} %`;
}

export function subjectOf(command: Command): string {
  switch (command.kind) {
    case 'kill':
      return command.connection;
    case 'undo':
      return 'journal';
    case 'reload':
      return 'configuration';
    case 'drain':
    case 'ready':
    case 'maint':
    case 'weight':
    case 'rollback':
    case 'reset':
    case 'write-back':
      return command.server;
    case 'tls-switch':
    case 'tls-revert':
    case 'reset-route':
    case 'write-back-route':
      return command.route;
    case 'reshape':
      return [...new Set(command.changes.map(subjectOfShape))].join(', ');
    case 'reset-shape':
    case 'write-back-shape':
      return command.drift;
    case 'renew':
      return command.shard;
    case 'block':
    case 'confirm-block':
    case 'unblock':
      return command.address;
    case 'endpoint':
      return command.server;
  }
}

/** The shard or the route that it is about. */
export function subjectOfShape(change: ShapeChange): string {
  return change.kind === 'relabel' ? change.route : change.shard;
}

export function stateText({ admin, weight }: { admin: AdminState; weight: number }): string {
  return `${admin}, weight ${weight}`;
}

/** "2 servers, 1 route and 3 of shape": whose overrides. */
export function overriddenText(servers: number, routes: number, shape: number): string {
  const parts = [
    servers > 0 && countText(servers, 'server'),
    routes > 0 && countText(routes, 'route'),
    shape > 0 && `${shape} of shape`,
  ].filter((part) => part !== false);
  return parts.length < 3 ? parts.join(' and ') : `${parts[0]}, ${parts[1]} and ${parts[2]}`;
}

/** As the last part of a sentence; "" where nothing is overridden. */
export function heldText(servers: number, routes: number, shape: number): string {
  return servers + routes + shape === 0
    ? ''
    : `, overrides of ${overriddenText(servers, routes, shape)} in force`;
}

export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
