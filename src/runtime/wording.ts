// Commands and states in one line each, as the journal, outcomes and previews say them.

import type { Command, DeadlineAction } from '../domain/command.ts';
import type { AdminState } from '../domain/server-state.ts';
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
    case 'reload':
      return 'reload the configuration';
  }
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
  }
}

export function stateText({ admin, weight }: { admin: AdminState; weight: number }): string {
  return `${admin}, weight ${weight}`;
}

export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
