// `sluice console`, and `sluice` alone: the screen on an attached runtime.
import type { RuntimeClient } from '../client/runtime-client.ts';
import type { Console } from '../console/console.ts';
import { openAttachment } from './attachment.ts';
import { CliFailure } from './failure.ts';
import type { VerbContext } from './program.ts';
import { systemClock } from './system-clock.ts';

export async function console(context: VerbContext): Promise<void> {
  // Told before anything is dialled, so that a script learns at once what to use instead.
  if (process.stdout.isTTY !== true || process.stdin.isTTY !== true) throw noTerminal();
  const look = await chooseLook(context);
  // While the screen's code loads, the attachment is under way.
  const [client, screen] = await Promise.all([openAttachment(context, true), loadScreen()]);
  await showConsole(context, client, screen, look);
}

export type Look = Awaited<ReturnType<typeof chooseLook>>;

/** Before anything is dialled or started: a theme that is not right is told while nothing has to be undone. @throws CliFailure */
export async function chooseLook({ options, env }: Pick<VerbContext, 'options' | 'env'>) {
  const [{ chooseTheme }, { colorDepth }] = await Promise.all([
    import('../ui/paint/theme-file.ts'),
    import('../ui/paint/color-depth.ts'),
  ]);
  const depth = colorDepth(env);
  try {
    return { depth, theme: await chooseTheme(options.theme ?? env.SLUICE_THEME, depth, env) };
  } catch (error) {
    throw new CliFailure('usage', (error as Error).message, undefined, { cause: error });
  }
}

type ScreenModules = Awaited<ReturnType<typeof loadScreen>>;

export async function loadScreen() {
  const [{ createConsole }, { runConsole }] = await Promise.all([
    import('../console/create-console.ts'),
    import('../ui/run-console.tsx'),
  ]);
  return { createConsole, runConsole };
}

/** Until the operator leaves, or `seconds` have passed; closes the client. Sets the exit code where something else ended it. */
export async function showConsole(
  { options, env, version }: VerbContext,
  client: RuntimeClient,
  { createConsole, runConsole }: ScreenModules,
  { depth, theme }: Look,
  seconds?: number,
): Promise<void> {
  const screen = createConsole({ client, clock: systemClock, version });
  const cancelEnd =
    seconds === undefined ? () => {} : systemClock.after(seconds * 1_000, () => leave(screen));
  try {
    const end = await runConsole({
      console: screen,
      stdin: process.stdin,
      stdout: process.stdout,
      theme,
      depth,
      slow: options.slow === true,
      term: env.TERM,
    });
    if (end.how === 'refused') throw new CliFailure('usage', end.message, end.remedy);
    if (end.how === 'crashed') throw new CliFailure('refused', end.message, undefined, { cause: end.error });
    process.exitCode = end.exitCode;
  } finally {
    cancelEnd();
    screen.dispose();
    client.close();
  }
}

/** As an operator would: out of whatever is open, then quit. */
function leave(screen: Console): void {
  screen.press({ key: 'escape' });
  screen.press({ key: 'escape' });
  screen.press({ key: 'q' });
}

export function noTerminal(): CliFailure {
  return new CliFailure(
    'usage',
    'the console needs a terminal, and this is none',
    'use `sluice show servers`, `sluice show connections` or `sluice tail`, with --json for scripts; over ssh, ask for a terminal with `ssh -t`',
  );
}
