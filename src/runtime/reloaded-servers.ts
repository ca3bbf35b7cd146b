// What a plan in force means for what operators began under the one before: drain jobs of servers that do not drain any
// more end, overrides of servers that are back hold again. Both are told; nothing starts by itself.

import type { DrainJob } from '../domain/drain.ts';
import { type Plan, type ServerKey, serverKey } from '../domain/plan.ts';
import type { Drains } from './drains.ts';
import type { Happening } from './journal.ts';
import { isEmpty } from './overrides.ts';
import type { ServerStates } from './server-states.ts';
import { stateText } from './wording.ts';

type States = Pick<ServerStates, 'state' | 'override'>;

/** Of those that run, or were to go on after a restart: what is told of a job that cannot; undefined where it can. */
export function drainEnd(
  { server, by }: DrainJob,
  states: States,
  event: 'reload' | 'restart',
): Happening | undefined {
  const state = states.state(server);
  if (state?.admin === 'drain') return undefined;
  const why = state
    ? `the configuration says ${state.admin}`
    : `${server} is not in the configuration any more`;
  const left =
    !state && !isEmpty(states.override(server)) ? '; its override is kept until somebody resets it' : '';
  return {
    subject: server,
    from: 'drain job',
    severity: 'warning',
    text: `drain by ${by} ended with the ${event}: ${why}${left}`,
  };
}

export function endDrains(
  drains: Pick<Drains, 'jobs' | 'end'>,
  states: States,
  happened: (happening: Happening) => void,
): void {
  for (const job of drains.jobs()) {
    const ended = drainEnd(job, states, 'reload');
    if (!ended) continue;
    drains.end(job.server);
    happened(ended);
  }
}

/** Of servers that `after` has and `before` had not: somebody changed them, and left before they were back. */
export function tellKeptOverrides(
  before: Plan,
  after: Plan,
  states: States,
  happened: (happening: Happening) => void,
): void {
  const known = new Set(keysOf(before));
  for (const key of keysOf(after)) {
    const { admin, weight } = states.override(key);
    if (known.has(key) || (!admin && !weight)) continue;
    const authors = [...new Set([admin, weight].flatMap((wished) => (wished ? [wished.by] : [])))];
    const noJob = admin?.value === 'drain' ? ', and no drain job runs on it' : '';
    happened({
      subject: key,
      from: 'reload',
      severity: admin ? 'warning' : 'note',
      text: `${key} is in the configuration again: the override by ${authors.join(' and ')} holds (${stateText(states.state(key)!)})${noJob}`,
    });
  }
}

function keysOf({ backends }: Plan): ServerKey[] {
  return backends.flatMap(({ name, servers }) => servers.map((server) => serverKey(name, server.name)));
}
