// `sluice nft block`, `confirm` and `unblock`. A block that locks its operator out takes itself back: on a terminal it stands
// once the question after it is answered, which only somebody who still gets through can do.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Command } from '../../domain/command.ts';
import type { Disposer } from '../../domain/event.ts';
import type { Milliseconds } from '../../domain/plan.ts';
import { formatDuration, spokenDuration } from '../../domain/units.ts';
import { act, askFirst } from '../act.ts';
import { attached } from '../attachment.ts';
import { CliFailure } from '../failure.ts';
import { reportOutcome } from '../outcome.ts';
import type { VerbContext } from '../program.ts';
import { systemClock } from '../system-clock.ts';

export interface BlockOptions {
  /** 0: until it is unblocked. */
  readonly for: Milliseconds;
  readonly why: string;
  readonly confirm?: Milliseconds;
  readonly keep?: boolean;
  /** The address once more. */
  readonly force?: string;
}

const askedWithinMs = 30_000;

export const unblock = (context: VerbContext, address: string): Promise<void> =>
  act(context, { kind: 'unblock', address });

/** Whoever confirms has made up his mind. */
export const confirmBlock = (context: VerbContext, address: string): Promise<void> =>
  attached(context, async (client) => {
    reportOutcome(context, await client.execute({ kind: 'confirm-block', address }));
  });

/** @throws CliFailure */
export async function block(context: VerbContext, address: string, options: BlockOptions): Promise<void> {
  const confirmMs = confirmTime(context, address, options);
  await attached(context, (client) => blockOn(context, client, address, options, confirmMs));
}

/** 0: it stands at once. @throws CliFailure where nobody could confirm it */
export function confirmTime(
  context: VerbContext,
  address: string,
  { confirm, keep, force }: BlockOptions,
): Milliseconds {
  if (keep === true && confirm !== undefined)
    throw new CliFailure('usage', '--keep and --confirm are two answers to one question', 'give one of them');
  if (force !== undefined && force !== address)
    throw new CliFailure(
      'usage',
      `--force names ${force}, but the address to block is ${address}`,
      `sluice nft block ${address} --force ${address}`,
    );
  if (keep === true) return 0;
  if (confirm === undefined && !canAsk(context))
    throw new CliFailure(
      'usage',
      'nobody can be asked here whether the block is to stay',
      `add --keep, and it stands at once; or --confirm ${formatDuration(askedWithinMs)}, and it takes itself back unless \`sluice nft confirm ${address}\` follows within that time`,
    );
  return confirm ?? askedWithinMs;
}

const canAsk = ({ terminal, options }: VerbContext): boolean =>
  terminal.canAsk && options.yes !== true && options.json !== true;

/** @throws CliFailure where it was refused, or is not to stay */
export async function blockOn(
  context: VerbContext,
  client: RuntimeClient,
  address: string,
  { for: forMs, why, force }: BlockOptions,
  confirmMs: Milliseconds,
): Promise<void> {
  const command: Command = {
    kind: 'block',
    address,
    forMs,
    why,
    confirmMs,
    ...(force !== undefined && { force }),
  };
  await askFirst(context, client, command);
  reportOutcome(context, await client.execute(command));
  // One that stood already, and stays.
  if (client.model.block.get(address)?.confirmBy === undefined) return;
  if (canAsk(context)) return askToKeep(context, client, address);
  if (context.options.json !== true)
    context.terminal.note(
      `it takes itself back in ${spokenDuration(confirmMs)}, unless \`sluice nft confirm ${address}\` comes before`,
    );
}

/** @throws CliFailure where it does not stay */
async function askToKeep(context: VerbContext, client: RuntimeClient, address: string): Promise<void> {
  const { terminal } = context;
  const asked = client.model.block.get(address);
  const leftMs = Math.max(0, (asked?.confirmBy ?? 0) - systemClock.now() - client.clockOffset);
  const settled = new AbortController();
  const stops: Disposer[] = [
    client.changes(() => {
      if (client.model.block.get(address)?.confirmBy !== asked?.confirmBy) settled.abort();
    }),
    client.attachChanges(({ state }) => {
      if (state === 'closed') settled.abort();
    }),
  ];
  const keeps = await terminal.confirm(
    `Keep it? It takes itself back in ${spokenDuration(Math.ceil(leftMs / 1_000) * 1_000)}.`,
    settled.signal,
  );
  for (const stop of stops) stop();
  if (!settled.signal.aborted) {
    if (keeps) return reportOutcome(context, await client.execute({ kind: 'confirm-block', address }));
    reportOutcome(context, await client.execute({ kind: 'unblock', address }));
    throw new CliFailure('refused', `${address} is not blocked: it was not to be kept`);
  }
  const now = client.model.block.get(address);
  if (client.attach.state === 'closed')
    throw new CliFailure(
      'no-runtime',
      `lost the runtime before the block of ${address} was confirmed: it takes itself back`,
    );
  if (now !== undefined && now.confirmBy === undefined)
    return terminal.print(`${address} stays blocked: somebody else confirmed it`);
  throw new CliFailure(
    'refused',
    `${address} is not blocked as asked: nobody confirmed it in time`,
    'the journal has the rest: sluice show journal',
  );
}
