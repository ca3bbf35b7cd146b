// What a drain job's deadline brings, as a command of the runtime's own: in the same line as those of operators.

import type { DrainJob } from '../domain/drain.ts';
import type { Commands } from './commands.ts';
import type { Attempt, Drains } from './drains.ts';

/** Answers the attempt where nobody confirmed it, and it is to be made again. */
export async function actAtDeadline(
  { server, startedAt, deadlineAt, then }: DrainJob,
  act: 'maint' | 'rollback',
  earlier: Attempt | undefined,
  drains: Pick<Drains, 'job'>,
  commands: Pick<Commands, 'attempt'>,
): Promise<Attempt | undefined> {
  const stillMeant = (): boolean => {
    const now = drains.job(server);
    return now?.startedAt === startedAt && now.deadlineAt === deadlineAt && now.then === then;
  };
  const actor = { name: 'runtime', from: 'drain job' };
  const { outcome, entry } = await commands.attempt({ kind: act, server }, actor, stillMeant, earlier?.entry);
  const confirmed = outcome.result === 'done' || (outcome.result === 'refused' && outcome.code !== 'busy');
  return confirmed ? undefined : { entry };
}
