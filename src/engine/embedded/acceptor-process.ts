// Starts the acceptor: a child in a session of its own, so that neither ^C at the runtime's terminal nor the runtime's
// end reaches it.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { siblingProgram } from './sibling-program.ts';

export interface AcceptorStart {
  readonly directory: string;
  readonly exitWithRuntime: boolean;
  /** Where it and its instances print: with the runtime, or nowhere while a console owns the terminal. */
  readonly output: 'inherit' | 'ignore';
}

/** `ended` is called when it could not be started, or is over. */
export function startAcceptor(
  { directory, exitWithRuntime, output }: AcceptorStart,
  ended: (reason: string) => void,
): void {
  const program = fileURLToPath(siblingProgram(import.meta.url, 'acceptor'));
  const child = spawn(
    process.execPath,
    [program, '--directory', directory, ...(exitWithRuntime ? ['--exit-with-runtime'] : [])],
    { detached: true, stdio: ['ignore', output, output] },
  );
  child.once('error', (error) => ended(`the acceptor cannot be started: ${error.message}`));
  child.once('exit', (code, signal) =>
    ended(
      signal === null ? `the acceptor ended with exit code ${code}` : `the acceptor was ended by ${signal}`,
    ),
  );
  child.unref();
}
