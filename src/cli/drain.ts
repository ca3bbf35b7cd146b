// `sluice drain`: starts the job; with --wait stays until it is drained, overdue, or ended by somebody else.
import type { RuntimeClient } from '../client/runtime-client.ts';
import type { DeadlineAction } from '../domain/command.ts';
import type { DrainJob } from '../domain/drain.ts';
import type { Disposer } from '../domain/event.ts';
import type { Milliseconds, ServerKey } from '../domain/plan.ts';
import { safe } from '../domain/safe.ts';
import { askFirst } from './act.ts';
import { attached } from './attachment.ts';
import { leftText, progressLine, type WaitEnd, waitEnd } from './drain-progress.ts';
import { CliFailure } from './failure.ts';
import { jsonLine } from './json.ts';
import { reportOutcome } from './outcome.ts';
import type { VerbContext } from './program.ts';
import { systemClock } from './system-clock.ts';

export interface DrainOptions {
  readonly deadline: Milliseconds;
  readonly then: DeadlineAction;
  readonly killRate: number;
  readonly wait?: boolean;
}

export function drain(context: VerbContext, server: ServerKey, options: DrainOptions): Promise<void> {
  const stay = options.wait === true;
  return attached(
    context,
    async (client) => {
      const command = {
        kind: 'drain' as const,
        server,
        deadlineMs: options.deadline,
        then: options.then,
        killRate: options.killRate,
      };
      const conditions = await askFirst(context, client, command);
      // From here on Ctrl-C must not leave anybody in doubt whether the drain was begun.
      const interrupted = new AbortController();
      const stopListening = stay ? context.terminal.onInterrupt(() => interrupted.abort()) : () => {};
      try {
        reportOutcome(context, await client.execute(command, conditions));
        if (stay) finish(context, await waitForDrain(context, client, server, interrupted.signal));
      } finally {
        stopListening();
      }
    },
    { stay },
  );
}

function finish({ terminal, options }: VerbContext, end: WaitEnd): void {
  if (end.ending !== 'done') throw new CliFailure(end.ending, end.text, end.hint);
  if (options.json !== true) terminal.print(end.text);
}

/** Resolves with how it ended; nothing here ends the job itself. */
export function waitForDrain(
  context: VerbContext,
  client: RuntimeClient,
  server: ServerKey,
  interrupted: AbortSignal,
): Promise<WaitEnd> {
  const { terminal } = context;
  const now = () => systemClock.now() + client.clockOffset;
  return new Promise((resolve) => {
    const disposers: Disposer[] = [];
    let last: DrainJob | undefined;
    let shown: DrainJob | undefined;
    const end = (result: WaitEnd) => {
      for (const dispose of disposers) dispose();
      terminal.progress('');
      resolve(result);
    };
    const leave = () =>
      end({
        ending: 'interrupted',
        text: `no longer waiting: the drain of ${safe(server)} goes on${last === undefined ? '' : `, ${leftText(last)}`}`,
        hint: `wait again with \`sluice drain ${safe(server)} --wait\`; give it back with \`sluice ready ${safe(server)}\``,
      });
    const look = () => {
      const job = client.model.drain.get(server);
      const result = waitEnd(job, last, client.model.server.get(server), now());
      last = job ?? last;
      if (job !== undefined && job !== shown) showProgress(context, job, shown, now());
      shown = job ?? shown;
      if (result !== undefined) end(result);
    };
    disposers.push(
      client.changes(look),
      client.attachChanges((attach) => {
        if (attach.state === 'waiting') {
          terminal.progress(
            `◌ the runtime is away: reconnecting (${safe(attach.reason)})`.slice(0, terminal.columns - 1),
          );
        } else if (attach.state === 'closed') {
          end({ ending: 'no-runtime', text: `lost the runtime: ${safe(attach.reason)}` });
        }
      }),
    );
    // A line in place is redrawn each second even when nothing changes, so that limit and estimate run down.
    if (terminal.isTty && context.options.json !== true) {
      const tick = setInterval(
        () => last !== undefined && terminal.progress(progressLine(last, now(), terminal.columns)),
        1_000,
      );
      disposers.push(() => clearInterval(tick));
    }
    interrupted.addEventListener('abort', leave);
    disposers.push(() => interrupted.removeEventListener('abort', leave));
    look();
    if (interrupted.aborted) leave();
  });
}

function showProgress(
  { terminal, options }: VerbContext,
  job: DrainJob,
  before: DrainJob | undefined,
  now: number,
): void {
  if (options.json === true) terminal.print(jsonLine({ drain: job }));
  else if (terminal.isTty) terminal.progress(progressLine(job, now, terminal.columns));
  // A log gets a line when something moved, not for every look.
  else if (before === undefined || before.phase !== job.phase || leftText(before) !== leftText(job)) {
    terminal.print(progressLine(job, now));
  }
}
