// Instances that leave after a change: which, and with how many connections; with --wait until they are gone.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Disposer } from '../../domain/event.ts';
import type { InstanceEntity } from '../../domain/model.ts';
import { safe } from '../../domain/safe.ts';
import type { InstanceRates } from '../../domain/sample.ts';
import { CliFailure } from '../failure.ts';
import { jsonLine } from '../json.ts';
import type { VerbContext } from '../program.ts';
import { oneSample } from '../show/sample.ts';
import { systemClock } from '../system-clock.ts';
import { leavingLine, leavingOf } from './leaving-lines.ts';

export interface WaitOptions {
  readonly wait?: boolean;
}

/** @throws CliFailure `interrupted`, or where the runtime went away for good */
export async function tellLeaving(
  context: VerbContext,
  client: RuntimeClient,
  shard: string,
  { wait }: WaitOptions,
  interrupted: AbortSignal,
): Promise<void> {
  const { terminal, options } = context;
  if (leavingOf(client.model, shard).length === 0) return;
  if (wait === true) {
    await untilGone(context, client, shard, interrupted);
    if (options.json !== true) terminal.print(`those that left ${safe(shard)} are gone`);
    return;
  }
  if (options.json === true) return;
  const sample = await oneSample(client, 'instances');
  const line = leavingLine(leavingOf(client.model, shard), sample?.instances, now(client));
  if (line !== undefined) terminal.note(`◐ ${line}`);
}

const now = (client: RuntimeClient) => systemClock.now() + client.clockOffset;

function untilGone(
  { terminal, options }: VerbContext,
  client: RuntimeClient,
  shard: string,
  interrupted: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const disposers: Disposer[] = [];
    let rates: readonly InstanceRates[] | undefined;
    let told = '';
    const end = (failure?: CliFailure): void => {
      for (const dispose of disposers) dispose();
      terminal.progress('');
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const leave = (): void =>
      end(
        new CliFailure(
          'interrupted',
          `no longer waiting: ${leavingLine(leavingOf(client.model, shard), rates, now(client)) ?? 'they are gone'}`,
          '`sluice show instances` tells how far they are',
        ),
      );
    const look = (): void => {
      const leaving = leavingOf(client.model, shard);
      const line = leavingLine(leaving, rates, now(client));
      if (line === undefined) end();
      else if (options.json === true) tellOnce(jsonLine({ leaving: withTraffic(leaving, rates) }));
      else if (terminal.isTty) terminal.progress(`◐ ${line}`.slice(0, terminal.columns - 1));
      else tellOnce(line);
    };
    // A log gets a line when something moved, not for every look.
    const tellOnce = (text: string): void => {
      const sense = text.replace(/, ended in .*?(?=;|$)/g, '');
      if (sense !== told) terminal.print(text);
      told = sense;
    };
    disposers.push(
      client.changes(look),
      client.samples(['instances'], 1_000, (sample) => {
        rates = sample.instances;
        look();
      }),
      client.attachChanges((attach) => {
        if (attach.state === 'waiting')
          terminal.progress(
            `◌ the runtime is away: reconnecting (${safe(attach.reason)})`.slice(0, terminal.columns - 1),
          );
        else if (attach.state === 'closed')
          end(new CliFailure('no-runtime', `lost the runtime: ${safe(attach.reason)}`));
      }),
    );
    interrupted.addEventListener('abort', leave);
    disposers.push(() => interrupted.removeEventListener('abort', leave));
    look();
    if (interrupted.aborted) leave();
  });
}

function withTraffic(leaving: readonly InstanceEntity[], rates: readonly InstanceRates[] | undefined) {
  return leaving.map((instance) => ({
    ...instance,
    traffic: rates?.find(({ id }) => id === instance.id) ?? null,
  }));
}
