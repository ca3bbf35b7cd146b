// What the engine confirmed of a command, printed; a refusal becomes the failure that ends the verb.
import type { Outcome } from '../domain/command.ts';
import { safe } from '../domain/safe.ts';
import { CliFailure } from './failure.ts';
import { jsonLine } from './json.ts';
import type { VerbContext } from './program.ts';

/** @throws CliFailure where it was refused, or where nobody knows. */
export function reportOutcome({ terminal, options }: VerbContext, outcome: Outcome): void {
  switch (outcome.result) {
    case 'done':
      if (options.json === true) terminal.print(jsonLine(outcome));
      else {
        const undo = outcome.entry === undefined ? '' : `  (undo: sluice undo ${outcome.entry})`;
        terminal.print(`${safe(outcome.text)}${undo}`);
      }
      return;
    case 'refused':
      throw new CliFailure(
        outcome.code === 'not-permitted' ? 'not-permitted' : 'refused',
        safe(outcome.text),
        outcome.remedy === undefined ? undefined : safe(outcome.remedy),
      );
    case 'unknown':
      throw new CliFailure(
        'refused',
        `it is not known whether this was done: ${safe(outcome.text)}`,
        'look with `sluice show journal`, and `sluice show servers` or `sluice show routes`, before you try again',
      );
  }
}
