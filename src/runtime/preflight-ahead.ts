// The preflight of a switch that is asked for: made before its turn comes, so that no other command waits for servers
// that do not answer.

import type { Clock } from '../domain/clock.ts';
import type { Command } from '../domain/command.ts';
import type { Disposer } from '../domain/event.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { Termination } from '../domain/tls.ts';

export type RunPreflight = (
  route: string,
  termination: Termination,
  listener: (preflight: Preflight) => void,
) => Disposer | { readonly fault: string };

type SwitchCommand = Extract<Command, { kind: 'tls-switch' }>;

export interface PreflightsAhead {
  /** Resolves once there is a verdict; undefined: this command needs none. */
  ahead(command: Command): Promise<void> | undefined;
  of(command: Command): Preflight | undefined;
}

/** Every probe has a limit of its own; this is for what went wrong with that. */
const longestMs = 30_000;

export function createPreflightsAhead(
  run: RunPreflight,
  clock: Clock,
  needed: (command: SwitchCommand) => boolean,
): PreflightsAhead {
  const made = new WeakMap<Command, Preflight>();

  async function verdict(command: Command, route: string, termination: Termination): Promise<void> {
    let stop: Disposer = () => {};
    await new Promise<void>((resolve) => {
      const cancel = clock.after(longestMs, resolve);
      const end = (): void => {
        cancel();
        resolve();
      };
      const begun = run(route, termination, (preflight) => {
        made.set(command, preflight);
        if (preflight.verdict !== 'running') end();
      });
      if (typeof begun === 'function') stop = begun;
      else end();
    });
    stop();
  }

  return {
    of: (command) => made.get(command),
    ahead(command) {
      if (command.kind !== 'tls-switch' || command.force !== undefined || !needed(command)) return undefined;
      return verdict(command, command.route, command.termination);
    },
  };
}
