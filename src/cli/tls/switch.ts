// `sluice tls switch`: preflight, question, switch, and with --wait the watch after it. `sluice tls revert` takes it back.
import type { RuntimeClient } from '../../client/runtime-client.ts';
import type { Command } from '../../domain/command.ts';
import type { Milliseconds } from '../../domain/plan.ts';
import type { Preflight } from '../../domain/preflight.ts';
import { safe } from '../../domain/safe.ts';
import type { Termination } from '../../domain/tls.ts';
import { formatDuration } from '../../domain/units.ts';
import { act, askFirst } from '../act.ts';
import { attached } from '../attachment.ts';
import { CliFailure } from '../failure.ts';
import { knownRoute } from '../known-route.ts';
import { reportOutcome } from '../outcome.ts';
import type { VerbContext } from '../program.ts';
import { runPreflight } from './preflight.ts';
import { forceText } from './preflight-lines.ts';
import type { WatchEnd } from './switch-lines.ts';
import { waitForSwitch } from './switch-watch.ts';

export interface SwitchOptions {
  readonly preflight?: boolean;
  readonly watch: Milliseconds;
  /** 0 to 1. */
  readonly threshold: number;
  /** 0: open connections stay as long as they like. */
  readonly closeAfter: Milliseconds;
  /** The route's name once more. */
  readonly force?: string;
  readonly wait?: boolean;
}

export const revert = (context: VerbContext, route: string) => act(context, { kind: 'tls-revert', route });

export async function switchTls(
  context: VerbContext,
  name: string,
  termination: Termination,
  options: SwitchOptions,
): Promise<void> {
  const { force } = options;
  // Whoever forces means this one route, and not what a shell's history made of it.
  if (force !== undefined && force !== name)
    throw new CliFailure(
      'usage',
      `--force names ${safe(force)}, but the route to switch is ${safe(name)}`,
      forceText(name, termination),
    );
  const stay = options.wait === true && options.preflight !== true;
  await attached(context, (client) => switchOn(context, client, name, termination, options), { stay });
}

/** @throws CliFailure where it is not safe, refused, not known, or reverted while it was waited for */
export async function switchOn(
  context: VerbContext,
  client: RuntimeClient,
  name: string,
  termination: Termination,
  options: SwitchOptions,
): Promise<void> {
  const { force } = options;
  const route = knownRoute(client.model, name);
  // Where it is in that mode already nothing changes for clients, whatever a probe would say.
  if (options.preflight === true || route.tls?.termination !== termination) {
    const preflight = await runPreflight(context, client, route, termination);
    if (options.preflight === true) {
      if (preflight.verdict === 'unsafe') throw new CliFailure('refused', 'a switch would be refused');
      return;
    }
    refuseUnsafe(preflight, force);
  }
  const command: Command = {
    kind: 'tls-switch',
    route: name,
    termination,
    watchMs: options.watch,
    threshold: options.threshold,
    closeMs: options.closeAfter,
    ...(force === undefined ? {} : { force }),
  };
  const conditions = await askFirst(context, client, command);
  // From here on Ctrl-C must not leave anybody in doubt whether it was switched.
  const interrupted = new AbortController();
  const stopListening =
    options.wait === true ? context.terminal.onInterrupt(() => interrupted.abort()) : () => {};
  const earlier = client.model.switch.get(name);
  try {
    reportOutcome(context, await client.execute(command, conditions));
    const begun = client.model.switch.get(name);
    // Where it was in that mode already there is nothing new to be watched.
    if (begun === undefined || begun.startedAt === earlier?.startedAt) return;
    if (options.wait === true)
      finish(context, await waitForSwitch(context, client, begun, interrupted.signal));
    else if (begun.phase === 'watching' && context.terminal.isTty && context.options.json !== true)
      context.terminal.note(
        `◌ watched for ${formatDuration(options.watch)}: it reverts by itself where more clients fail; by hand with \`sluice tls revert ${safe(name)}\``,
      );
  } finally {
    stopListening();
  }
}

/** @throws CliFailure */
function refuseUnsafe({ route, to, findings, verdict }: Preflight, force: string | undefined): void {
  if (verdict !== 'unsafe') return;
  const conflict = findings.find((finding) => finding.conflict);
  if (conflict !== undefined)
    throw new CliFailure(
      'refused',
      `nothing was switched: ${safe(route)} cannot be ${to}: ${safe(conflict.text)}`,
      conflict.remedy === undefined ? undefined : safe(conflict.remedy),
    );
  if (force === undefined)
    throw new CliFailure(
      'refused',
      `nothing was switched: clients of ${safe(route)} would fail`,
      `all the same: ${forceText(route, to)}`,
    );
}

function finish({ terminal, options }: VerbContext, end: WatchEnd): void {
  if (end.ending !== 'done') throw new CliFailure(end.ending, end.text, end.hint);
  if (options.json !== true) terminal.print(end.text);
}
