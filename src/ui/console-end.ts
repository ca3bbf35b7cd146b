// Every way a console can end, as a value: whoever started it says it and sets the exit code.

export type ConsoleEnd =
  | { readonly how: 'left'; readonly exitCode: 0 }
  /** There is no terminal to draw on; nothing was drawn. */
  | { readonly how: 'refused'; readonly exitCode: 2; readonly message: string; readonly remedy: string }
  | { readonly how: 'signal'; readonly signal: EndSignal; readonly exitCode: number }
  /** The terminal went away. */
  | { readonly how: 'hang-up'; readonly exitCode: 129 }
  | { readonly how: 'crashed'; readonly exitCode: 1; readonly message: string; readonly error: unknown };

export const endSignals = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;
export type EndSignal = keyof typeof endSignals;

export function refusal(
  stdin: { readonly isTTY?: boolean },
  stdout: { readonly isTTY?: boolean },
  term: string | undefined,
): Extract<ConsoleEnd, { how: 'refused' }> | undefined {
  const reason =
    stdout.isTTY !== true
      ? 'its output is not a terminal'
      : stdin.isTTY !== true
        ? 'its input is not a terminal'
        : term === 'dumb'
          ? 'this terminal (TERM=dumb) cannot place text on the screen'
          : undefined;
  if (reason === undefined) return undefined;
  return {
    how: 'refused',
    exitCode: 2,
    message: `the console cannot be shown: ${reason}`,
    remedy:
      'use `sluice show servers`, `sluice show connections` or `sluice tail`, with --json for scripts; over ssh, ask for a terminal with `ssh -t`',
  };
}

export function crash(error: unknown): Extract<ConsoleEnd, { how: 'crashed' }> {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { how: 'crashed', exitCode: 1, message: `the console failed: ${message}`, error };
}
