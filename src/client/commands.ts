// Commands under way: each is sent once. When the attachment breaks before the answer, the runtime is asked by id
// what became of it; where it cannot tell, the outcome is `unknown`.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { Command, Outcome, Preview } from '../domain/command.ts';
import type { Disposer, Event } from '../domain/event.ts';
import type { Change } from '../domain/model.ts';
import { rpcErrors } from '../protocol/rpc.ts';
import type { Mirror } from './mirror.ts';
import { RpcError, type Session } from './session.ts';

export interface Commands {
  execute(session: Session, command: Command, from?: Preview['from']): Promise<Outcome>;
  /** Live again: asks after those that were cut off. */
  attached(session: Session): void;
  closed(reason: string): void;
}

/** How long a cut-off command's outcome is waited for. */
const patienceMs = 30_000;

export function createCommands(clock: Clock, mirror: Mirror, changes: Event<readonly Change[]>): Commands {
  const cutOff = new Set<(session: Session | undefined, reason: string) => void>();

  /** The outcome's effect is in the mirror before the caller reads on. */
  function visible(outcome: Outcome): Promise<Outcome> {
    if (outcome.result !== 'done' || (mirror.position?.seq ?? 0) >= outcome.seq)
      return Promise.resolve(outcome);
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        cancel();
        resolve(outcome);
      };
      const stop = changes(() => (mirror.position?.seq ?? 0) >= outcome.seq && done());
      const cancel = clock.after(patienceMs, done);
    });
  }

  function nextSession(): Promise<Session | string> {
    return new Promise((resolve) => {
      let cancel: Disposer = () => {};
      const settle = (session: Session | undefined, reason: string): void => {
        cutOff.delete(settle);
        cancel();
        resolve(session ?? reason);
      };
      cutOff.add(settle);
      cancel = clock.after(patienceMs, () => settle(undefined, 'no new attachment in time'));
    });
  }

  async function askAfter(id: string, epoch: string | undefined): Promise<Outcome> {
    const session = await nextSession();
    if (typeof session === 'string')
      return { result: 'unknown', text: `the attachment broke before the answer: ${session}` };
    try {
      const answer = await session.request('command.outcome', { id });
      if (answer.known) return await visible(answer.outcome);
    } catch (error) {
      if (!(error instanceof RpcError)) return askAfter(id, epoch);
      return { result: 'unknown', text: `the runtime would not tell the outcome: ${error.message}` };
    }
    return mirror.position?.epoch === epoch
      ? {
          result: 'refused',
          code: 'busy',
          text: 'nothing was done: the command never reached the runtime',
          remedy: 'ask again',
        }
      : {
          result: 'unknown',
          text: 'the runtime was restarted meanwhile and does not remember the command: look at the present state',
        };
  }

  return {
    async execute(session, command, from) {
      const id = randomUUID();
      const epoch = mirror.position?.epoch;
      try {
        return await visible(
          await session.request('command.execute', { id, command, ...(from && { from }) }),
        );
      } catch (error) {
        if (!(error instanceof RpcError)) return askAfter(id, epoch);
        if (error.code === rpcErrors.notPermitted) return notPermitted(command.kind);
        const code = error.code === rpcErrors.limit ? 'busy' : 'bad-value';
        return { result: 'refused', code, text: error.message };
      }
    },
    attached(session) {
      for (const settle of [...cutOff]) settle(session, '');
    },
    closed(reason) {
      for (const settle of [...cutOff]) settle(undefined, reason);
    },
  };
}

const doing: Readonly<Record<Command['kind'], string>> = {
  drain: 'draining',
  ready: 'making a server ready',
  maint: 'maintenance',
  weight: 'changing a weight',
  rollback: 'rolling back a drain',
  kill: 'ending a connection',
  undo: 'undoing',
  reset: 'dropping an override',
  'write-back': 'writing to the configuration',
  'tls-switch': 'switching a TLS mode',
  'tls-revert': 'reverting a TLS mode',
  'reset-route': 'dropping an override',
  'write-back-route': 'writing to the configuration',
  reshape: 'changing labels, selectors or numbers of instances',
  'reset-shape': 'dropping an override',
  'write-back-shape': 'writing to the configuration',
  renew: 'replacing instances',
  block: 'blocking addresses',
  'confirm-block': 'confirming a block',
  unblock: 'unblocking addresses',
  endpoint: 'changing an endpoint',
  reload: 'reloading',
};

/** Only a token makes somebody a viewer. */
function notPermitted(kind: Command['kind']): Outcome {
  return {
    result: 'refused',
    code: 'not-permitted',
    text: `your token has the role viewer; ${doing[kind]} needs operator`,
    remedy:
      'attach with an operator’s token (--token-file FILE), or from the runtime’s own machine or over ssh, where no token is needed',
  };
}
