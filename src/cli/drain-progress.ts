// A drain job under way, in a line; and how waiting for it ends. Pure.
import stringWidth from 'string-width';
import type { DrainJob } from '../domain/drain.ts';
import type { ServerEntity } from '../domain/model.ts';
import { safe } from '../domain/safe.ts';
import type { Ending } from './failure.ts';
import { age, count } from './wording.ts';

export interface WaitEnd {
  readonly ending: Ending;
  readonly text: string;
  readonly hint?: string;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** "38 of 41 gone ██████████▌  93 % · 3 left: 2 tunnels, 1 request · ~20 s · limit 4:02", made to fit `columns`. */
export function progressLine(job: DrainJob, now: number, columns = Number.POSITIVE_INFINITY): string {
  const { streamsAtStart, streams, arrivals, estimateMs } = job.progress;
  const gone = Math.max(0, streamsAtStart - streams);
  const share = streamsAtStart === 0 ? (streams === 0 ? 1 : 0) : gone / streamsAtStart;
  const head = `${safe(job.server)} ${job.phase}  `;
  const counted = `${gone} of ${streamsAtStart} gone`;
  const limit =
    job.deadlineAt > now
      ? `limit ${age(job.deadlineAt - now)}`
      : job.deadlineAt > 0
        ? `deadline passed ${age(now - job.deadlineAt)} ago`
        : '';
  const time = [estimateMs === undefined ? '' : `~${age(estimateMs)}`, limit];
  const coming = arrivals > 0 ? `${count(arrivals, 'arrival')} just now` : '';
  const line = (parts: readonly string[]) => head + parts.filter((part) => part !== '').join(' · ');
  // What is left and until when outlive bar, arrivals and the single kinds of what is left.
  const fits = [
    line([`${counted} ${bar(share, 20)} ${Math.round(share * 100)} %`, leftText(job), coming, ...time]),
    line([`${counted} ${bar(share, 10)}`, leftText(job), coming, ...time]),
    line([counted, leftText(job), ...time]),
    line([`${leftCount(job)} left`, ...time]),
  ];
  return fits.find((text) => stringWidth(text) < columns) ?? fits.at(-1)!.slice(0, Math.max(0, columns - 1));
}

function bar(share: number, width: number): string {
  const cells = Math.max(0, Math.min(1, share)) * width;
  const whole = Math.floor(cells);
  return `${'█'.repeat(whole)}${eighths[Math.floor((cells - whole) * 8)]!}`.padEnd(width);
}

function leftCount({ progress: { streams, sticky, queued } }: DrainJob): number {
  return streams + sticky + queued;
}

/** "3 left: 1 request, 2 tunnels" */
export function leftText(job: DrainJob): string {
  const { streams, tunnels, sticky, queued } = job.progress;
  const left = [
    streams - tunnels > 0 ? count(streams - tunnels, 'request') : '',
    tunnels > 0 ? count(tunnels, 'tunnel') : '',
    sticky > 0 ? count(sticky, 'idle cookie client') : '',
    queued > 0 ? `${queued} queued` : '',
  ].filter((part) => part !== '');
  return left.length === 0 ? 'nothing left' : `${leftCount(job)} left: ${left.join(', ')}`;
}

/**
 * Whether the wait is over. `last` is the job as it was seen before; `job` is undefined once there is none.
 * A job that kills at its deadline is waited for until nothing is left; the other actions end the wait.
 */
export function waitEnd(
  job: DrainJob | undefined,
  last: DrainJob | undefined,
  server: ServerEntity | undefined,
  now: number,
): WaitEnd | undefined {
  if (job === undefined) return last === undefined ? undefined : goneEnd(last, server, now);
  const name = safe(job.server);
  switch (job.phase) {
    case 'drained': {
      const killed = job.progress.killed > 0 ? `, ${job.progress.killed} of its connections killed` : '';
      return {
        ending: 'done',
        text: `${name} is drained after ${age(Math.round(((job.drainedAt ?? now) - job.startedAt) / 1_000) * 1_000)}${killed}`,
      };
    }
    case 'overdue':
      // Nothing is left: only the quiet time is still to pass.
      if (leftCount(job) === 0) return undefined;
      return {
        ending: 'deadline-passed',
        text: `deadline passed for ${name}: ${leftText(job)}; the drain goes on`,
        hint: `give it back with \`sluice ready ${name}\`, or take it out with \`sluice maint ${name}\``,
      };
    case 'draining':
    case 'killing':
      return undefined;
  }
}

/** The job ended: at its deadline by its own action, or because somebody decided otherwise. */
function goneEnd(last: DrainJob, server: ServerEntity | undefined, now: number): WaitEnd {
  const name = safe(last.server);
  if (server === undefined) return { ending: 'refused', text: `${name} is no longer in the configuration` };
  // The runtime acts within a tick of the deadline; its clock and ours were brought together by the caller.
  if (
    last.deadlineAt > 0 &&
    now >= last.deadlineAt - 1_000 &&
    (last.then === 'maint' || last.then === 'ready')
  ) {
    const action = last.then === 'maint' ? 'it is in maint now' : 'it was given back as it was';
    return { ending: 'deadline-passed', text: `deadline passed for ${name}: ${leftText(last)}; ${action}` };
  }
  const by = server.adminBy === undefined ? '' : ` by ${safe(server.adminBy)}`;
  return { ending: 'refused', text: `the drain of ${name} was ended${by}: it is ${server.admin} now` };
}
