// The edge of the process: parses, runs one verb, and is the only place that prints a failure and sets the exit code.
import { safeLines } from '../domain/safe.ts';
import { exitCodes, explain } from './failure.ts';
import { jsonLine } from './json.ts';
import { createProgram, explainUsage, type ProgramContext, withDefaultVerb } from './program.ts';
import { processTerminal } from './terminal.ts';
import { packageVersion } from './version.ts';

const context: ProgramContext = { terminal: processTerminal(), env: process.env, version: packageVersion() };

try {
  const args = withDefaultVerb(context, process.argv.slice(2));
  await createProgram(context).parseAsync([...args], { from: 'user' });
} catch (error) {
  const wrongUsage = explainUsage(error);
  const { ending, message, hint } = wrongUsage ?? explain(error);
  process.exitCode = exitCodes[ending];
  if (ending !== 'done' && process.argv.includes('--json')) {
    context.terminal.print(jsonLine({ error: { ending, message, hint } }));
  } else if (wrongUsage === undefined) {
    // It may hold what somebody typed, or what a runtime elsewhere said.
    context.terminal.note(safeLines(`sluice: ${message}${hint === undefined ? '' : `\n  ${hint}`}`));
  }
  if (process.env.SLUICE_DEBUG !== undefined && error instanceof Error) {
    context.terminal.note(safeLines(error.stack ?? error.message));
  }
}
