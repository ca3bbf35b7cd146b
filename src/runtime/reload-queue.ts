// Reloads that nobody sits and waits for (signals, a watched folder): one that waits for its turn stands for all that are
// asked for meanwhile, since it reads the files when it begins.

import type { Outcome } from '../domain/command.ts';
import type { Actor } from '../domain/journal.ts';
import type { Commands } from './commands.ts';

export function createReloadQueue(
  commands: Pick<Commands, 'internally'>,
): (actor: Actor) => Promise<Outcome> {
  const waiting = new Map<string, Promise<Outcome>>();
  return (actor) => {
    const key = `${actor.name} ${actor.from}`;
    const earlier = waiting.get(key);
    if (earlier) return earlier;
    const begins = (): true => {
      waiting.delete(key);
      return true;
    };
    const outcome = commands.internally({ kind: 'reload' }, actor, begins);
    waiting.set(key, outcome);
    return outcome;
  };
}
